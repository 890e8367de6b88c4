import type { Scores, TaskEpisodes } from '../task/task.js';
import type { CallSite } from './call-site.js';
import type { StageDeclaration } from './definition.js';
import type { Judge } from './judge.js';
import type { Observer } from './observer.js';
import type { MutableRun, ToolMachine } from './tool-machine.js';
import type { ToolBatch } from './tool-task.js';

/** What {@link ToolEpisodes} are made of. */
export interface EpisodeParts<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly site: CallSite;
  readonly machine: ToolMachine<Problem, State, Tool, Stage, Milestone>;
  readonly judge: Judge<Problem, State, Tool, Stage, Milestone>;
  readonly observer: Observer<Problem, State, Tool, Stage, Milestone>;
  readonly horizon: number;
  readonly vocabSize: number;
  /** Whether what may be emitted differs from step to step. */
  readonly masked: boolean;
}

/** The programs of a batch under way, all on one machine. */
export class ToolEpisodes<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>
  implements TaskEpisodes
{
  readonly heard: Int32Array;
  readonly allowed: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly ended: Uint8Array;
  readonly truncated: Uint8Array;
  readonly #parts: EpisodeParts<Problem, State, Tool, Stage, Milestone>;
  readonly #runs: readonly MutableRun<Problem, State>[];

  /**
   * @param batch - The problems.
   * @param parts - What they are stepped by.
   */
  constructor({ problems, stages }: ToolBatch<Problem>, parts: EpisodeParts<Problem, State, Tool, Stage, Milestone>) {
    const { site, machine, observer, vocabSize, masked } = parts;
    const size = problems.length;
    this.#parts = parts;
    this.heard = new Int32Array(size * observer.length).fill(vocabSize);
    this.allowed = masked ? new Uint8Array(size * vocabSize) : undefined;
    this.rewards = new Float32Array(size);
    this.ended = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.#runs = site.guard(() =>
      problems.map((problem, row) => {
        site.problemIndex = row;
        const run = machine.begin(problem, stages[row] ?? -1);
        this.#hear(run, row);
        if (this.allowed !== undefined) {
          machine.allowedTokens.write(run, this.allowed, row * vocabSize);
        }
        return run;
      }),
    );
  }

  step(actions: Int32Array): void {
    const { site } = this.#parts;
    site.guard(() => {
      this.#runs.forEach((run, row) => {
        this.rewards[row] = 0;
        if (this.ended[row] === 0) {
          site.problemIndex = row;
          this.#step(run, row, actions[row] ?? -1);
        }
      });
    });
  }

  score({ returns, successes, lengths }: Scores): void {
    const { site, judge } = this.#parts;
    site.guard(() => {
      this.#runs.forEach((run, row) => {
        site.problemIndex = row;
        const success = judge.succeeded(run);
        returns[row] = judge.episodeReturn(run, success);
        successes[row] = success ? 1 : 0;
        if (lengths !== undefined && this.ended[row] === 1) {
          lengths[row] = run.steps;
        }
      });
    });
  }

  #step(run: MutableRun<Problem, State>, row: number, action: number): void {
    const { machine, judge, horizon, vocabSize } = this.#parts;
    const before = run.milestones;
    machine.advance(run, action);
    if (this.allowed === undefined) {
      machine.settle(run);
    } else if (!machine.allowedTokens.write(run, this.allowed, row * vocabSize) && run.pending === undefined) {
      run.truncated = true;
    }
    const over = !machine.goesOn(run) || run.steps === horizon;
    this.rewards[row] = judge.stepReward(run, before, over);
    if (over) {
      this.ended[row] = 1;
      this.truncated[row] = run.ended || (run.truncated !== true && judge.horizonEnds) ? 0 : 1;
      this.allowed?.fill(1, row * vocabSize, (row + 1) * vocabSize);
    }
    this.#hear(run, row);
  }

  #hear(run: MutableRun<Problem, State>, row: number): void {
    const { observer, vocabSize } = this.#parts;
    const { length } = observer;
    if (length > 0) {
      const ids = this.ended[row] === 1 ? [] : observer.hear(run);
      this.heard.fill(vocabSize, row * length, (row + 1) * length);
      this.heard.set(ids, row * length);
    }
  }
}
