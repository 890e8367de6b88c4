import type { UpdateStats } from '../../algorithm/objective.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { GroupMetrics, RolloutMetrics } from '../../metrics/events.js';
import { groupingOf } from '../../task/groups.js';
import type { Measured } from '../../task/measured.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import type { FullScores } from '../collect/scores.js';
import { GroupTally, type GroupTallyState } from './group-tally.js';
import { type Plateau, type PlateauState, PlateauWatch, TASK_PLATEAU } from './plateau.js';

/** Share of groups of equal returns from which on a batch has hardly anything to learn from. */
const FLAT = 0.98;

/** Told of each batch of programs that is learned from. */
export interface BatchWatch {
  /**
   * @param batch - The problems.
   * @param scores - What their programs earned.
   * @param fresh - How many, the first ones, were drawn afresh for the current stage.
   */
  saw(batch: ProblemBatch, scores: FullScores, fresh: number): void;
}

/** What {@link StageWatch} has seen. Plain data. */
export interface StageWatchState {
  /** Place of the stage in the run; undefined before the first. */
  readonly entry: number | undefined;
  readonly mixed: boolean;
  readonly varied: boolean;
  readonly entropy: number;
  readonly groups: GroupTallyState | undefined;
  readonly plateau: PlateauState | undefined;
}

/** Watches a run on a task, stage by stage: success by group, and whether it stands still. */
export class StageWatch implements BatchWatch {
  readonly #tally: GroupTally | undefined;
  readonly #choices: number;
  #plateau: PlateauWatch | undefined;
  #entry: PlannedStage | undefined;
  #mixed = false;
  #varied = true;
  #entropy = Number.NaN;

  /** @param task - What is trained on. */
  constructor(task: Task) {
    const grouping = groupingOf(task);
    this.#tally = grouping === undefined ? undefined : new GroupTally(grouping, TASK_PLATEAU.block);
    this.#choices = task.actionMask?.reduce((sum, bit) => sum + bit, 0) ?? task.vocabulary.length;
  }

  /** Success by group over the last iterations of the stage; undefined where nothing names groups. */
  get groups(): readonly GroupMetrics[] | undefined {
    return this.#tally?.lately();
  }

  /** What stands, if anything does. */
  get standing(): Plateau | undefined {
    return this.#plateau?.standing;
  }

  /** The stage that is trained, or was trained last, the first of a mixture; undefined before the first. */
  get entry(): PlannedStage | undefined {
    return this.#entry;
  }

  /** Entropy of the policy in the last iteration, and the highest of the run, nats a step. */
  get entropy(): { readonly last: number; readonly highest: number } {
    return { last: this.#entropy, highest: this.#plateau?.highestEntropy ?? 0 };
  }

  /**
   * @param entry - The stage that begins.
   * @param done - Iterations of it that were done before.
   * @param mixed - Whether all stages are trained at once: it stands for all of them then.
   */
  begin(entry: PlannedStage, done: number, mixed: boolean): void {
    this.#tally?.restart();
    this.#entry = entry;
    this.#plateau = new PlateauWatch(TASK_PLATEAU, entry.target, this.#choices, this.#plateau?.highestEntropy ?? 0, done);
    this.#mixed = mixed;
  }

  /** @returns A copy of what was seen. */
  getState(): StageWatchState {
    return {
      entry: this.#entry?.index,
      mixed: this.#mixed,
      varied: this.#varied,
      entropy: this.#entropy,
      groups: this.#tally?.getState(),
      plateau: this.#plateau?.getState(),
    };
  }

  /**
   * @param state - What {@link StageWatch.getState} returned.
   * @param plan - The stages of the run, the same ones.
   */
  setState({ entry: index, mixed, varied, entropy, groups, plateau }: StageWatchState, plan: readonly PlannedStage[]): void {
    const entry = index === undefined ? undefined : plan[index];
    if (entry !== undefined && plateau !== undefined) {
      this.begin(entry, plateau.begun, mixed);
      this.#plateau?.setState(plateau);
    }
    this.#tally?.setState(groups ?? []);
    this.#varied = varied;
    this.#entropy = entropy;
  }

  /** Evaluations of the stage so far, which {@link StageWatch.forget} goes back to. */
  get evaluations(): number {
    return this.#plateau?.evaluations ?? 0;
  }

  /** @param evaluations - What {@link StageWatch.evaluations} was: later ones are forgotten. */
  forget(evaluations: number): void {
    this.#plateau?.forget(evaluations);
  }

  saw(batch: ProblemBatch, { returns, successes }: FullScores, fresh: number): void {
    this.#tally?.add(batch, successes, fresh);
    this.#varied = returns.some((episodeReturn) => episodeReturn !== returns[0]);
  }

  /**
   * @param rollout - How the batch did that was seen last.
   * @param train - Entropy of the policy, nats a step, and where programs are judged by others for the same problem, the share of problems of which all
   * earn the same.
   * @returns That the stage stands still, where that is news.
   */
  iteration(
    { problems, successRate, episodeReturnMean }: RolloutMetrics,
    { entropy, flatGroups = 0 }: Pick<UpdateStats, 'entropy' | 'flatGroups'>,
  ): Plateau | undefined {
    this.#entropy = entropy;
    const groups = this.#tally?.lately() ?? [];
    return this.#plateau?.iteration({
      count: problems,
      successRate,
      meanReturn: episodeReturnMean,
      entropy,
      varied: this.#varied && flatGroups < FLAT,
      groups,
    });
  }

  /**
   * @param stage - Stage id that was measured.
   * @param problems - How many.
   * @param measured - What greedy programs reached.
   */
  evaluation(stage: number, problems: number, measured: Measured): void {
    if (this.#mixed || stage === this.#entry?.stage) {
      this.#plateau?.evaluation(problems, measured);
    }
  }
}
