import { TaskError } from '../errors/task-error.js';
import { notBoolean, refuseDeferred } from '../task/returned.js';
import { show } from '../util/show.js';
import type { CallSite } from './call-site.js';
import type { ProgramOutcome, StageDeclaration, TaskDefinition } from './definition.js';
import { stageAt, stageNameOf } from './stage-names.js';
import type { MachineRun } from './task-machine.js';

interface CompiledMilestone<Problem, State, Stage> {
  readonly bit: number;
  readonly reward: number;
  readonly reached: (state: State, problem: Problem, stage: Stage) => boolean;
  readonly path: string;
}

/** What programs are worth: milestones, success, the return. Its methods are unguarded. */
export class Judge<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string> {
  readonly milestoneNames: readonly Milestone[];
  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  readonly #site: CallSite;
  /** Stage id → the milestones paid there. */
  readonly #milestones: readonly (readonly CompiledMilestone<Problem, State, Stage>[])[];
  readonly #successReward: number;
  readonly #someToolEnds: boolean;

  /**
   * @param definition - A valid definition.
   * @param site - Whose guard is around every call.
   */
  constructor(definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>, site: CallSite) {
    this.#definition = definition;
    this.#site = site;
    this.#someToolEnds = Object.values<{ readonly ends?: boolean | undefined }>(definition.tools).some(({ ends }) => ends === true);
    this.#successReward = definition.successReward ?? 1;
    const milestones = definition.milestones;
    this.milestoneNames = milestones === undefined ? [] : (Object.keys(milestones) as Milestone[]);
    this.#milestones = definition.stages.map((stage) =>
      this.milestoneNames.flatMap((name, index): CompiledMilestone<Problem, State, Stage>[] => {
        const milestone = milestones?.[name];
        const paid = milestone !== undefined && (milestone.stages?.some((paidIn) => paidIn === stageNameOf(stage)) ?? true);
        return paid
          ? [{ bit: 1 << index, reward: milestone.reward, reached: milestone.reached, path: `task.milestones.${name}.reached` }]
          : [];
      }),
    );
  }

  /** Whether a program that stops where no tool has ended it can be right. */
  get horizonEnds(): boolean {
    return !this.#someToolEnds;
  }

  /** The bit set of a program's milestones, with those that its state reaches now. */
  reach(run: MachineRun<Problem, State>, stage: Stage): number {
    let bits = run.milestones;
    const milestones = this.#milestones[run.stage];
    if (milestones !== undefined) {
      for (const milestone of milestones) {
        if ((bits & milestone.bit) === 0) {
          this.#site.where = milestone.path;
          const reached: unknown = milestone.reached(run.state, run.problem, stage);
          if (reached === true) {
            bits |= milestone.bit;
          } else if (reached !== false) {
            throw notBoolean(reached, this.#site.where);
          }
        }
      }
    }
    return bits;
  }

  /** Whether the program met its target. */
  succeeded(run: MachineRun<Problem, State>): boolean {
    if (!run.ended && this.#someToolEnds) {
      return false;
    }
    this.#site.where = 'task.success';
    const result: unknown = this.#definition.success(run.state, run.problem, this.#stage(run));
    if (typeof result !== 'boolean') {
      throw notBoolean(result, this.#site.where);
    }
    return result;
  }

  /** The return of a program that stops here. */
  episodeReturn(run: MachineRun<Problem, State>, success: boolean): number {
    const milestoneReward = this.#worth(run.stage, run.milestones);
    const judge = this.#definition.reward;
    if (judge === undefined) {
      return milestoneReward + (success ? this.#successReward : 0);
    }
    this.#site.where = 'task.reward';
    const outcome: ProgramOutcome<Problem, State, Stage, Milestone> = {
      problem: run.problem,
      stage: this.#stage(run),
      state: run.state,
      ended: run.ended,
      steps: run.steps,
      success,
      milestones: this.milestonesIn(run.milestones),
      milestoneReward,
    };
    const reward: unknown = judge(outcome);
    if (typeof reward !== 'number' || !Number.isFinite(Math.fround(reward))) {
      refuseDeferred(reward, this.#site.where);
      throw new TaskError(`returned ${show(reward)}.`, { path: 'task.reward', remedy: 'Return a finite number that fits 32 bits.' });
    }
    return reward;
  }

  /** What a step earns: the milestones it reached, and at the last step all that the return has beside milestones. */
  stepReward(run: MachineRun<Problem, State>, before: number, over: boolean): number {
    const judged = this.#definition.reward !== undefined;
    const reached = judged || run.milestones === before ? 0 : this.#worth(run.stage, run.milestones & ~before);
    if (!over) {
      return reached;
    }
    const success = this.succeeded(run);
    return judged ? this.episodeReturn(run, success) : reached + (success ? this.#successReward : 0);
  }

  /** The names of the milestones in a bit set. */
  milestonesIn(bits: number): Milestone[] {
    return this.milestoneNames.filter((_, index) => (bits & (1 << index)) !== 0);
  }

  #worth(stage: number, bits: number): number {
    let worth = 0;
    if (bits !== 0) {
      for (const milestone of this.#milestones[stage] ?? []) {
        if ((bits & milestone.bit) !== 0) {
          worth += milestone.reward;
        }
      }
    }
    return worth;
  }

  #stage(run: MachineRun<Problem, State>): Stage {
    return stageAt(this.#definition.stages, run.stage);
  }
}
