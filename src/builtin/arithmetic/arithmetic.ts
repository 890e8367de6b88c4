import { defineTask } from '../../define/define-task.js';
import type { ToolTask } from '../../define/tool-task.js';
import { readOptions } from '../../util/option-reader.js';

/** Five digits `a b c d e`; a stage uses the first 3, 4 or 5. */
export interface ArithmeticProblem {
  /** The digits, `[5]`, each 0 to 9. */
  readonly operands: readonly number[];
}

/** The machine's state. */
export interface ArithmeticState {
  /** The value at work; null when empty. */
  accumulator: number | null;
  /** The value put aside; null when empty. */
  memory: number | null;
  /** Operands consumed so far. */
  cursor: number;
}

/** Names of the tools. */
export type ArithmeticTool = 'MUL' | 'ADD' | 'SUB' | 'ANS' | 'STO' | 'RCL';

/** Names of the stages. */
export type ArithmeticStage = 'multiply-add' | 'multiply-add-subtract' | 'multiply-add-subtract-product';

/** Names of the milestones. */
export type ArithmeticMilestone = 'product' | 'sum' | 'difference' | 'stored' | 'second-product' | 'recalled' | 'result';

/** The type of {@link arithmetic}. */
export type ArithmeticTask = ToolTask<ArithmeticProblem, ArithmeticState, ArithmeticTool, ArithmeticStage, ArithmeticMilestone>;

/** Options of {@link createArithmetic}. */
export interface ArithmeticOptions {
  /**
   * `true`: only tools may be emitted; `false`: all 18 tokens may.
   *
   * @defaultValue true
   */
  readonly mask?: boolean | undefined;
}

interface Stage {
  readonly name: ArithmeticStage;
  /** Operands shown, all of which must be consumed. */
  readonly operands: number;
}

/**
 * Makes the arithmetic task: the tutorial's tools on a machine that does what its text promises.
 *
 * Stages show 3, 4 and 5 digits, with the targets a·b + c, (a·b + c) − d and (a·b + c) − (d·e). The machine consumes the digits in order. A
 * program is right when `ANS` ends it with the stated target in the accumulator and all digits of its stage consumed. Horizon 7, which is
 * the length of the plan of the last stage: `MUL ADD STO MUL RCL SUB ANS`.
 *
 * | tool | accumulator | digits left | memory | what it does |
 * |---|---|---|---|---|
 * | `MUL` | empty | two or more | any | accumulator = next × the one after it; consumes both |
 * | `MUL` `ADD` `SUB` | full | one or more | any | accumulator ×, +, − next; consumes it |
 * | `MUL` `ADD` `SUB` | full | none | full | accumulator ×, +, − memory; empties the memory |
 * | `STO` | full | any | any | moves the accumulator to the memory, whatever was there, and empties the accumulator |
 * | `RCL` | any | any | full | exchanges accumulator and memory |
 * | `ANS` | full | any | any | ends the program with the accumulator as its answer |
 *
 * In any other state a tool cannot be used: it does nothing but takes a step.
 *
 * Rewards: 1 for a right program, and milestones, each paid the first time it holds. They are judged by digits consumed and by values, sum to
 * 0.15, 0.4 and 0.9, and so never lift a wrong program to a right one.
 *
 * | milestone | stages | consumed | accumulator | memory | worth |
 * |---|---|---|---|---|---|
 * | `product` | all | 2 | a·b | | 0.05 |
 * | `sum` | all | 3 | a·b + c | | 0.1 |
 * | `difference` | 2nd | 4 | (a·b + c) − d | | 0.25 |
 * | `stored` | 3rd | 3 | empty | a·b + c | 0.15 |
 * | `second-product` | 3rd | 5 | d·e | a·b + c | 0.15 |
 * | `recalled` | 3rd | 5 | a·b + c | d·e | 0.2 |
 * | `result` | 3rd | 5 | (a·b + c) − (d·e) | | 0.25 |
 *
 * Token ids: `0`..`9` are 0 to 9, `[CTX]` 10, `[MUL]` 11, `[ADD]` 12, `[SUB]` 13, `[ANS]` 14, `[STO]` 15, `[RCL]` 16, `[EOS]` 17. Contexts have
 * 6 tokens in every stage, shorter ones padded with `[EOS]`, so that a problem looks the same whatever it is batched with.
 *
 * @param options - See {@link ArithmeticOptions}.
 * @returns The task.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function createArithmetic(options: ArithmeticOptions = {}): ArithmeticTask {
  const mask = readOptions(options, (reader) => reader.boolean('mask', true));
  const stages: readonly Stage[] = [
    { name: 'multiply-add', operands: 3 },
    { name: 'multiply-add-subtract', operands: 4 },
    { name: 'multiply-add-subtract-product', operands: 5 },
  ];
  return defineTask({
    name: 'arithmetic',
    stages,
    horizon: 7,
    symbols: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    contextLength: 6,
    padding: 'read',
    contextOrder: 'ignored',
    mask,
    sample: (random): ArithmeticProblem => ({
      operands: [random.int(10), random.int(10), random.int(10), random.int(10), random.int(10)],
    }),
    encode: (problem, stage) => problem.operands.slice(0, stage.operands),
    start: (): ArithmeticState => ({ accumulator: null, memory: null, cursor: 0 }),
    tools: {
      MUL: {
        when: (state, _, stage) => (state.accumulator === null ? state.cursor + 2 <= stage.operands : hasOperand(state, stage)),
        run: (state, problem, stage) => {
          const left = state.accumulator ?? takeOperand(state, problem, stage);
          state.accumulator = left * takeOperand(state, problem, stage);
        },
      },
      ADD: {
        when: (state, _, stage) => state.accumulator !== null && hasOperand(state, stage),
        run: (state, problem, stage) => {
          state.accumulator = (state.accumulator ?? 0) + takeOperand(state, problem, stage);
        },
      },
      SUB: {
        when: (state, _, stage) => state.accumulator !== null && hasOperand(state, stage),
        run: (state, problem, stage) => {
          state.accumulator = (state.accumulator ?? 0) - takeOperand(state, problem, stage);
        },
      },
      ANS: { when: (state) => state.accumulator !== null, ends: true },
      STO: {
        when: (state) => state.accumulator !== null,
        run: (state) => {
          state.memory = state.accumulator;
          state.accumulator = null;
        },
      },
      RCL: {
        when: (state) => state.memory !== null,
        run: (state) => {
          const recalled = state.memory;
          state.memory = state.accumulator;
          state.accumulator = recalled;
        },
      },
    },
    success: (state, problem, stage) => state.cursor === stage.operands && state.accumulator === targetOf(problem, stage),
    milestones: {
      product: { reward: 0.05, reached: (state, problem) => state.cursor === 2 && state.accumulator === product(problem, 0) },
      sum: { reward: 0.1, reached: (state, problem) => state.cursor === 3 && state.accumulator === sum(problem) },
      difference: {
        reward: 0.25,
        stages: ['multiply-add-subtract'],
        reached: (state, problem, stage) => state.cursor === 4 && state.accumulator === targetOf(problem, stage),
      },
      stored: {
        reward: 0.15,
        stages: ['multiply-add-subtract-product'],
        reached: (state, problem) => state.cursor === 3 && state.accumulator === null && state.memory === sum(problem),
      },
      'second-product': {
        reward: 0.15,
        stages: ['multiply-add-subtract-product'],
        reached: (state, problem) => state.cursor === 5 && state.accumulator === product(problem, 3) && state.memory === sum(problem),
      },
      recalled: {
        reward: 0.2,
        stages: ['multiply-add-subtract-product'],
        reached: (state, problem) => state.cursor === 5 && state.accumulator === sum(problem) && state.memory === product(problem, 3),
      },
      result: {
        reward: 0.25,
        stages: ['multiply-add-subtract-product'],
        reached: (state, problem, stage) => state.cursor === 5 && state.accumulator === targetOf(problem, stage),
      },
    },
    target: targetOf,
  });
}

/** The default task: {@link createArithmetic} with its defaults. */
export const arithmetic: ArithmeticTask = createArithmetic();

/** Whether a binary tool has a right-hand side: the next digit, or the memory once digits are used up. */
function hasOperand(state: ArithmeticState, stage: Stage): boolean {
  return state.cursor < stage.operands || state.memory !== null;
}

function takeOperand(state: ArithmeticState, problem: ArithmeticProblem, stage: Stage): number {
  if (state.cursor < stage.operands) {
    state.cursor += 1;
    return digit(problem, state.cursor - 1);
  }
  const value = state.memory ?? 0;
  state.memory = null;
  return value;
}

function digit(problem: ArithmeticProblem, index: number): number {
  return problem.operands[index] ?? 0;
}

function product(problem: ArithmeticProblem, index: number): number {
  return digit(problem, index) * digit(problem, index + 1);
}

function sum(problem: ArithmeticProblem): number {
  return product(problem, 0) + digit(problem, 2);
}

function targetOf(problem: ArithmeticProblem, stage: Stage): number {
  switch (stage.name) {
    case 'multiply-add':
      return sum(problem);
    case 'multiply-add-subtract':
      return sum(problem) - digit(problem, 3);
    case 'multiply-add-subtract-product':
      return sum(problem) - product(problem, 3);
  }
}
