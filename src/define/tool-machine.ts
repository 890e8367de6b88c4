import { TaskError } from '../errors/task-error.js';
import { notBoolean, refuseDeferred, requireData } from '../task/returned.js';
import { cloneData, dataKey } from '../util/plain-data.js';
import { show } from '../util/show.js';
import type { ProgramOutcome, StageDeclaration, TaskDefinition } from './definition.js';
import type { MachineOutcome, MachineRun, MachineTool, TaskMachine } from './tool-task.js';

interface CompiledTool<Problem, State, Tool extends string, Stage> extends MachineTool<Tool> {
  readonly when: ((state: State, problem: Problem, stage: Stage) => boolean) | undefined;
  readonly run: ((state: State, problem: Problem, stage: Stage) => unknown) | undefined;
  readonly whenPath: string;
  readonly runPath: string;
}

interface CompiledMilestone<Problem, State, Stage> {
  readonly bit: number;
  readonly reward: number;
  readonly reached: (state: State, problem: Problem, stage: Stage) => boolean;
  readonly path: string;
}

/** A run as the machine sees it: the one place where it is not read-only. */
interface MutableRun<Problem, State> {
  problem: Problem;
  stage: number;
  state: State;
  milestones: number;
  steps: number;
  ended: boolean;
}

/**
 * The machine of a definition. Every call into the user's functions leaves its place in `where`, so that one guard around a whole batch can
 * name the function that threw without any work for each step.
 */
export class ToolMachine<Problem, State, Tool extends string, Stage extends StageDeclaration, Milestone extends string>
  implements TaskMachine<Problem, State, Tool>
{
  readonly tools: readonly MachineTool<Tool>[];
  readonly canIdle: boolean;
  readonly milestoneNames: readonly Milestone[];
  /** The user's function that was called last, for {@link guard}. */
  where = 'task';
  /** The problem of a batch that is at work, for {@link guard}; undefined where there is no batch. */
  problemIndex: number | undefined;

  readonly #definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>;
  /** Token id → tool. */
  readonly #byToken: readonly (CompiledTool<Problem, State, Tool, Stage> | undefined)[];
  /** Stage id → the milestones paid there. */
  readonly #milestones: readonly (readonly CompiledMilestone<Problem, State, Stage>[])[];
  readonly #successReward: number;
  readonly #someToolEnds: boolean;

  /**
   * @param definition - A valid definition.
   * @param firstTool - Token id of the first tool.
   */
  constructor(definition: TaskDefinition<Problem, State, Tool, Stage, string, Milestone>, firstTool: number) {
    this.#definition = definition;
    const tools = namesOf(definition.tools).map((name, index): CompiledTool<Problem, State, Tool, Stage> => {
      const { when, run, ends = false } = definition.tools[name];
      return { name, token: firstTool + index, ends, when, run, whenPath: `task.tools.${name}.when`, runPath: `task.tools.${name}.run` };
    });
    this.tools = tools.map(({ name, token, ends }) => Object.freeze({ name, token, ends }));
    this.canIdle = definition.mask === false;
    this.#byToken = [...Array.from({ length: firstTool }, () => undefined), ...tools];
    this.#someToolEnds = tools.some((tool) => tool.ends);
    this.#successReward = definition.successReward ?? 1;
    const milestones = definition.milestones;
    this.milestoneNames = milestones === undefined ? [] : namesOf(milestones);
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

  /** Begins a program, unguarded. */
  begin(problem: Problem, stage: number): MutableRun<Problem, State> {
    this.where = 'task.start';
    const state = this.#definition.start(problem, this.stage(stage));
    requireData(state, this.where);
    return { problem, stage, state, milestones: 0, steps: 0, ended: false };
  }

  /** Executes one token in place, unguarded. */
  advance(run: MutableRun<Problem, State>, token: number): boolean {
    run.steps += 1;
    const tool = this.#byToken[token];
    if (tool === undefined) {
      return false;
    }
    const stage = this.stage(run.stage);
    if (tool.when !== undefined) {
      this.where = tool.whenPath;
      const usable: unknown = tool.when(run.state, run.problem, stage);
      if (usable !== true) {
        if (usable === false) {
          return false;
        }
        throw notBoolean(usable, this.where);
      }
    }
    if (tool.run !== undefined) {
      this.where = tool.runPath;
      const result = tool.run(run.state, run.problem, stage);
      if (result !== undefined) {
        refuseDeferred(result, this.where);
      }
    }
    const milestones = this.#milestones[run.stage];
    if (milestones !== undefined) {
      for (const milestone of milestones) {
        if ((run.milestones & milestone.bit) === 0) {
          this.where = milestone.path;
          const reached: unknown = milestone.reached(run.state, run.problem, stage);
          if (reached === true) {
            run.milestones |= milestone.bit;
          } else if (reached !== false) {
            throw notBoolean(reached, this.where);
          }
        }
      }
    }
    run.ended = tool.ends;
    return true;
  }

  /** Whether the program met its target, unguarded. */
  succeeded(run: MachineRun<Problem, State>): boolean {
    if (!run.ended && this.#someToolEnds) {
      return false;
    }
    this.where = 'task.success';
    const result: unknown = this.#definition.success(run.state, run.problem, this.stage(run.stage));
    if (typeof result !== 'boolean') {
      throw notBoolean(result, this.where);
    }
    return result;
  }

  /** The return of a program, unguarded. */
  episodeReturn(run: MachineRun<Problem, State>, success: boolean): number {
    let milestoneReward = 0;
    if (run.milestones !== 0) {
      for (const milestone of this.#milestones[run.stage] ?? []) {
        if ((run.milestones & milestone.bit) !== 0) {
          milestoneReward += milestone.reward;
        }
      }
    }
    const judge = this.#definition.reward;
    if (judge === undefined) {
      return milestoneReward + (success ? this.#successReward : 0);
    }
    this.where = 'task.reward';
    const outcome: ProgramOutcome<Problem, State, Stage, Milestone> = {
      problem: run.problem,
      stage: this.stage(run.stage),
      state: run.state,
      ended: run.ended,
      steps: run.steps,
      success,
      milestones: this.milestonesIn(run.milestones),
      milestoneReward,
    };
    const reward: unknown = judge(outcome);
    if (typeof reward !== 'number' || !Number.isFinite(Math.fround(reward))) {
      refuseDeferred(reward, this.where);
      throw new TaskError(`returned ${show(reward)}.`, { path: 'task.reward', remedy: 'Return a finite number that fits 32 bits.' });
    }
    return reward;
  }

  /** A stage as it was declared. */
  stage(id: number): Stage {
    const stage = this.#definition.stages[id];
    if (stage === undefined) {
      throw unknownStage(id, this.#definition.stages);
    }
    return stage;
  }

  /** The names of the milestones in a bit set. */
  milestonesIn(bits: number): Milestone[] {
    return this.milestoneNames.filter((_, index) => (bits & (1 << index)) !== 0);
  }

  /**
   * Calls `action` and turns what the user's functions throw into a {@link TaskError}.
   *
   * @param action - What may call the user's functions.
   * @returns What `action` returned.
   */
  guard<Result>(action: () => Result): Result {
    this.problemIndex = undefined;
    try {
      return action();
    } catch (error) {
      throw TaskError.wrap(error, this.where, this.problemIndex);
    }
  }

  start(problem: Problem, stage: number): MachineRun<Problem, State> {
    return this.guard(() => this.begin(problem, stage));
  }

  step(run: MutableRun<Problem, State>, token: number): boolean {
    return this.guard(() => this.advance(run, token));
  }

  fork(run: MachineRun<Problem, State>): MachineRun<Problem, State> {
    this.where = 'task.start';
    return this.guard(() => ({ ...run, state: cloneData(run.state) }));
  }

  key(run: MachineRun<Problem, State>): string {
    this.where = 'task.start';
    return this.guard(() => `${run.ended ? 'e' : 'r'}${run.milestones}${dataKey(run.state)}`);
  }

  outcome(run: MachineRun<Problem, State>): MachineOutcome {
    return this.guard(() => {
      const success = this.succeeded(run);
      return { success, episodeReturn: this.episodeReturn(run, success) };
    });
  }
}

/**
 * The name of a declared stage.
 *
 * @param stage - As declared.
 * @returns Its name.
 */
export function stageNameOf(stage: StageDeclaration): string {
  return typeof stage === 'string' ? stage : stage.name;
}

/**
 * The error for a stage that a task does not have.
 *
 * @param stage - What was asked for.
 * @param stages - What there is.
 * @returns The error.
 */
export function unknownStage(stage: unknown, stages: readonly StageDeclaration[]): TaskError {
  const known = stages.map((declared, id) => `${id} ('${stageNameOf(declared)}')`).join(', ');
  return new TaskError(`${typeof stage === 'string' ? `'${stage}'` : String(stage)} is no stage of this task.`, {
    path: 'stage',
    remedy: `Use one of ${known}.`,
  });
}

function namesOf<Name extends string>(record: { readonly [Key in Name]: unknown }): Name[] {
  return Object.keys(record) as Name[];
}
