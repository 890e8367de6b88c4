import { defineTask } from '../../define/define-task.js';
import type { ToolTask } from '../../define/tool-task.js';
import { TaskError } from '../../errors/task-error.js';
import { readOptions } from '../../util/option-reader.js';

/** Five digits `a b c d e`; a stage shows the first 3, 4 or 5. */
export interface TutorialProblem {
  /** The digits, `[5]`, each 0 to 9. */
  readonly operands: readonly number[];
}

/** The state of the tutorial's machine (`step_seq`). */
export interface TutorialState {
  /** The last result; null when empty. */
  last: number | null;
  /** Whether `STO` was used; its value is never read. */
  mem: boolean;
}

/** Names of the tools. */
export type TutorialTool = 'MUL' | 'ADD' | 'SUB' | 'ANS' | 'STO' | 'RCL';

/** Names of the stages, as the tutorial prints them. */
export type TutorialStage = 'T0' | 'T1' | 'T2';

/** What {@link tutorial} makes. */
export type TutorialTask = ToolTask<TutorialProblem, TutorialState, TutorialTool, TutorialStage, never>;

/** Options of the tutorial's task. */
export interface TutorialOptions {
  /**
   * `batch`: every problem sees the mean over the batch, as the tutorial's broadcasting has it; `own`: its own.
   *
   * @defaultValue `'batch'`
   */
  readonly context?: 'batch' | 'own' | undefined;
}

/** What the tutorial's machine says of a program. */
export interface TutorialScore {
  /** correct + 0.2 · shaped, in full precision; 0 without `ANS`. Up to 1.36. */
  readonly reward: number;
  /** Tokens looked at, `ANS` included: 0 to 7. */
  readonly steps: number;
}

/** A number of iterations on one stage. */
export interface TutorialScheduleEntry {
  /** Stage id. */
  readonly stage: number;
  /** Iterations on it. */
  readonly iterations: number;
}

/** The tutorial's `step_seq` looks at no more tokens than this. */
const MAX_STEPS = 7;

const STAGES = [
  { name: 'T0', id: 0 },
  { name: 'T1', id: 1 },
  { name: 'T2', id: 2 },
] as const;

const UPDATE_OPTIONS = Object.freeze({
  /** Advantage R − Σₜ vₜ. */
  baseline: 'program' as const,
  /** Adam's step size. */
  learningRate: 3e-4,
  /** Weight of the value loss. */
  valueCoef: 0.5,
  /** Weight of the entropy bonus. */
  entropyCoef: 0.01,
  /** The gradient's largest global norm. */
  maxGradNorm: 1,
});

const tasks = { batch: createTask('batch'), own: createTask('own') };

/**
 * The tutorial that this package starts from, to the letter, mistakes included: its tasks, its scoring and its schedule.
 *
 * What its text states and what its code does differ: the code scores a target one goal short of the stated one (a·b instead of a·b + c, and
 * so on), and the stated target of the last stage cannot be reached with its tools. Rewards here are the code's; `successes` are the text's.
 * {@link arithmetic} is the task that the text promises.
 */
export const tutorial = {
  /**
   * The tutorial as a task: 18 tokens, all of which may be emitted, 6 a program. Contexts are padded with `[EOS]` to the longest of their
   * batch, so those of a one-stage batch have 4, 5 or 6 tokens.
   *
   * @param options - See {@link TutorialOptions}.
   * @returns The task.
   * @throws {@link OptionsError} saying all that is wrong with the options.
   */
  task(options: TutorialOptions = {}): TutorialTask {
    const context = readOptions(options, (reader) => reader.choice('context', 'batch', ['batch', 'own']));
    return tasks[context];
  },

  /**
   * Scores a program as the tutorial's `step_seq` does.
   *
   * @param stage - Stage id, 0 to 2.
   * @param operands - The five digits, `[5]`.
   * @param actions - Token ids; the first 7 are looked at.
   * @returns Reward and tokens looked at.
   * @throws {@link TaskError} for an unknown stage or a number of operands other than five.
   */
  score(stage: number, operands: ArrayLike<number>, actions: ArrayLike<number>): TutorialScore {
    if (operands.length !== 5) {
      throw new TaskError(`has ${operands.length} numbers.`, { path: 'operands', remedy: 'Give five, whatever the stage.' });
    }
    const { machine } = tasks.own;
    const run = machine.start({ operands: Array.from(operands) }, stage);
    for (let at = 0; at < Math.min(actions.length, MAX_STEPS) && !run.ended; at += 1) {
      machine.step(run, actions[at] ?? -1);
    }
    return { reward: machine.outcome(run).episodeReturn, steps: run.steps };
  },

  /** What is trained when: 60 iterations, ten each on stages 0, 0, 0, 1, 1, 2. */
  schedule: Object.freeze([0, 0, 0, 1, 1, 2].map((stage): TutorialScheduleEntry => Object.freeze({ stage, iterations: 10 }))),

  /** The tutorial's other numbers. */
  settings: Object.freeze({
    /** Problems of an iteration. */
    batchSize: 192,
    /** Iterations between two evaluations. */
    evaluateEvery: 5,
    /** New problems of each stage in an evaluation. */
    evaluationProblems: 128,
    /** Problems explained of each stage at the end. */
    explainedProblems: 5,
    /** New problems of each stage in the last evaluation. */
    finalProblems: 1000,
    /** Width of the network. */
    hiddenSize: 96,
    /** Its A2C: advantage R − Σₜ vₜ, Adam's learning rate, the loss's coefficients, the gradient's largest norm. */
    updateOptions: UPDATE_OPTIONS,
  }),
} as const;

function createTask(context: 'batch' | 'own'): TutorialTask {
  return defineTask({
    name: 'tutorial',
    stages: STAGES,
    horizon: 6,
    symbols: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    mask: false,
    trainPastEnd: true,
    replay: false,
    pooling: context,
    padding: 'read',
    contextOrder: 'ignored',
    updateOptions: UPDATE_OPTIONS,
    sample: (random): TutorialProblem => ({
      operands: [random.int(10), random.int(10), random.int(10), random.int(10), random.int(10)],
    }),
    encode: (problem, stage) => problem.operands.slice(0, 3 + stage.id),
    start: (): TutorialState => ({ last: null, mem: false }),
    tools: {
      MUL: {
        run: (state, problem, { id }) => {
          state.last = state.last === null ? digit(problem, 0) * digit(problem, 1) : state.last * (id === 0 ? 1 : digit(problem, 3));
        },
      },
      ADD: {
        run: (state, problem) => {
          if (state.last !== null) {
            state.last += digit(problem, 2);
          }
        },
      },
      SUB: {
        run: (state, problem, { id }) => {
          if (state.last !== null && id !== 0) {
            state.last -= digit(problem, id === 2 && state.mem ? 4 : 3);
          }
        },
      },
      ANS: { ends: true },
      STO: {
        run: (state) => {
          state.mem = true;
        },
      },
      RCL: {
        run: (state, problem, { id }) => {
          if (state.mem) {
            state.last = id === 2 ? digit(problem, 3) * digit(problem, 4) : (state.last ?? 0);
          }
        },
      },
    },
    success: (state, problem, { id }) => state.last === statedTarget(problem, id),
    reward: ({ problem, stage, state, ended }) => (ended ? reward(problem, stage.id, state.last) : 0),
    target: (problem, { id }) => statedTarget(problem, id),
  });
}

function digit(problem: TutorialProblem, index: number): number {
  return problem.operands[index] ?? 0;
}

/** goal0 to goal4 of the tutorial's code. */
function goals(problem: TutorialProblem): { goal0: number; goal1: number; goal2: number; goal3: number; goal4: number } {
  const goal0 = digit(problem, 0) * digit(problem, 1);
  const goal1 = goal0 + digit(problem, 2);
  const goal3 = digit(problem, 3) * digit(problem, 4);
  return { goal0, goal1, goal2: goal1 - digit(problem, 3), goal3, goal4: goal1 - goal3 };
}

function statedTarget(problem: TutorialProblem, stage: number): number {
  const { goal1, goal2, goal4 } = goals(problem);
  switch (stage) {
    case 0:
      return goal1;
    case 1:
      return goal2;
    default:
      return goal4;
  }
}

function reward(problem: TutorialProblem, stage: number, last: number | null): number {
  if (last === null) {
    return 0;
  }
  const { goal0, goal1, goal2, goal3, goal4 } = goals(problem);
  const is = (goal: number): number => (last === goal ? 1 : 0);
  switch (stage) {
    case 0:
      return is(goal0) + 0.2 * (0.25 * is(goal0) + 0.5 * is(goal1));
    case 1:
      return is(goal1) + 0.2 * (0.25 * is(goal0) + 0.5 * is(goal1) + 0.75 * is(goal2));
    default:
      return is(goal2) + 0.2 * (0.2 * is(goal0) + 0.4 * is(goal1) + 0.6 * is(goal4) + 0.6 * is(goal3));
  }
}
