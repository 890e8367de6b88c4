import { defineTask } from '../../define/define-task.js';
import type { MilestoneDefinition } from '../../define/definition.js';
import type { ToolTask } from '../../define/tool-task.js';
import type { Split } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import { readMask } from '../shared/mask.js';
import { detoursOf, drawExpression, type Expression, OPERANDS, SYMBOLS, symbolsOf, valueOfExpression } from './expression.js';
import { apply, type ExpressionsState, hasRight, isOnTheWay, takeOperand } from './machine.js';

/** Names of the tools. */
export type ExpressionsTool = 'LOD' | 'MUL' | 'ADD' | 'SUB' | 'ANS' | 'STO' | 'RCL';

/** Names of the stages. */
export type ExpressionsStage = 'two-operands' | 'three-operands' | 'four-operands' | 'five-operands';

/** Names of the milestones. */
export type ExpressionsMilestone = 'first' | 'second' | 'third' | 'fourth' | 'fifth' | 'sixth';

/** The type of {@link expressions}. */
export type ExpressionsTask = ToolTask<Expression, ExpressionsState, ExpressionsTool, ExpressionsStage, ExpressionsMilestone>;

/** Options of {@link createExpressions}. */
export interface ExpressionsOptions {
  /**
   * `true`: right or wrong at the end is all that is paid; `false`: each operator that was applied rightly is paid too.
   *
   * @defaultValue false
   */
  readonly endOnly?: boolean | undefined;
  /**
   * Operands of what `'test'` draws, in every stage, in place of what the stage itself holds out: 6 or 7 measure with expressions that are longer
   * than any that is trained on.
   *
   * @defaultValue those of the stage
   */
  readonly testOperands?: number | undefined;
  /**
   * `'applicable'`: only tools that can be used may be emitted, so that the task is closed loop; `true`: all tools may; `false`: all tokens.
   *
   * @defaultValue `'applicable'`
   */
  readonly mask?: boolean | 'applicable' | undefined;
}

const TEST_OPERANDS = { integer: true, min: OPERANDS.least, max: OPERANDS.most } as const;

const STAGES = [
  { name: 'two-operands', operands: 2 },
  { name: 'three-operands', operands: 3 },
  { name: 'four-operands', operands: 4 },
  { name: 'five-operands', operands: 5 },
] as const;

/** The longest plan, of `a + b * c + d * e + f * g`: LOD, three times STO MUL RCL ADD, ANS. */
const HORIZON = 14;

/**
 * Makes the expressions task: infix expressions of ×, + and −, whose order has to be read and whose products come first.
 *
 * Stages have 2, 3, 4 and 5 operands from 1 to 9. One pattern of operators in eight is held out, those whose texts have the smallest hashes: 14
 * of 120, none of them with 2 operands, where one expression in eight is held out instead. Expressions with 6 and 7 operands are never trained on:
 * {@link drawExpression} and the option `testOperands` draw them, and `encode` takes them in any stage.
 *
 * The machine is that of {@link arithmetic}, with a tool that loads an operand, and with a recall that counts before the operands that are left:
 *
 * | tool | accumulator | operands left | memory | what it does |
 * |---|---|---|---|---|
 * | `LOD` | empty | one or more | any | accumulator = next; consumes it |
 * | `MUL` | empty | two or more | any | accumulator = next × the one after it; consumes both |
 * | `MUL` `ADD` `SUB` | full | any | full and recalled | accumulator ×, +, − memory; empties the memory |
 * | `MUL` `ADD` `SUB` | full | one or more | any, not recalled | accumulator ×, +, − next; consumes it |
 * | `MUL` `ADD` `SUB` | full | none | full | accumulator ×, +, − memory; empties the memory |
 * | `STO` | full | any | any | moves the accumulator to the memory, whatever was there, and empties the accumulator |
 * | `RCL` | any | any | full | exchanges accumulator and memory; what is in the memory then counts as recalled |
 * | `ANS` | full | any | any | ends the program with the accumulator as its answer |
 *
 * In any other state a tool cannot be used. A program is right when `ANS` ends it with the value of the expression in the accumulator and all
 * operands consumed. The plan of a sum of products: `LOD` or `MUL` and the factors of the first term; then for each term `ADD` or `SUB` when it is
 * one operand, and otherwise `STO`, `MUL`, its other factors by `MUL`, `RCL`, and `ADD` or `SUB`. Horizon 14, which is the length of the longest
 * plan with 7 operands; with 5 operands it is 10.
 *
 * Rewards: 1 for a right program, and 0.1 for each operator that is applied as in the plan, the values in accumulator and memory being the
 * plan's. With `endOnly` right programs alone are paid.
 *
 * Groups are how often a sum has to be put aside for a product, `no detour` to `three detours`.
 *
 * Token ids: `1`..`9` are 0 to 8, `*` 9, `+` 10, `-` 11, `[CTX]` 12, `[LOD]` 13, `[MUL]` 14, `[ADD]` 15, `[SUB]` 16, `[ANS]` 17, `[STO]` 18,
 * `[RCL]` 19, `[EOS]` 20. Contexts have up to 14 tokens.
 *
 * @param options - See {@link ExpressionsOptions}.
 * @returns The task.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function createExpressions(options: ExpressionsOptions = {}): ExpressionsTask {
  const { endOnly, testOperands, mask } = readOptions(options, (reader) => ({
    endOnly: reader.boolean('endOnly', false),
    testOperands: reader.has('testOperands') ? reader.number('testOperands', OPERANDS.least, TEST_OPERANDS) : undefined,
    mask: readMask(reader),
  }));
  return defineTask({
    name: endOnly ? 'expressions-end-only' : 'expressions',
    stages: STAGES,
    horizon: HORIZON,
    symbols: SYMBOLS,
    contextLength: 2 * OPERANDS.most,
    mask,
    sample: (random, { operands }, split?: Split): Expression =>
      drawExpression(random, split === 'test' ? (testOperands ?? operands) : operands, split),
    encode: (problem) => symbolsOf(problem),
    start: (): ExpressionsState => ({ accumulator: null, memory: null, recalled: false, cursor: 0, applied: 0 }),
    tools: {
      LOD: {
        when: (state, problem) => state.accumulator === null && state.cursor < problem.operands.length,
        run: (state, problem) => {
          state.accumulator = takeOperand(state, problem);
          state.recalled = false;
        },
      },
      MUL: {
        when: (state, problem) => (state.accumulator === null ? state.cursor + 2 <= problem.operands.length : hasRight(state, problem)),
        run: (state, problem) => {
          if (state.accumulator === null) {
            state.accumulator = takeOperand(state, problem);
            state.recalled = false;
          }
          apply(state, problem, '*');
        },
      },
      ADD: {
        when: (state, problem) => state.accumulator !== null && hasRight(state, problem),
        run: (state, problem) => apply(state, problem, '+'),
      },
      SUB: {
        when: (state, problem) => state.accumulator !== null && hasRight(state, problem),
        run: (state, problem) => apply(state, problem, '-'),
      },
      ANS: { when: (state) => state.accumulator !== null, ends: true },
      STO: {
        when: (state) => state.accumulator !== null,
        run: (state) => {
          state.memory = state.accumulator;
          state.accumulator = null;
          state.recalled = false;
        },
      },
      RCL: {
        when: (state) => state.memory !== null,
        run: (state) => {
          const recalled = state.memory;
          state.memory = state.accumulator;
          state.accumulator = recalled;
          state.recalled = state.memory !== null;
        },
      },
    },
    success: (state, problem) => state.cursor === problem.operands.length && state.accumulator === valueOfExpression(problem),
    milestones: endOnly ? undefined : MILESTONES,
    group: detoursOf,
    target: (problem) => valueOfExpression(problem),
  });
}

type Milestone = MilestoneDefinition<Expression, ExpressionsState, unknown, ExpressionsStage>;

const MILESTONES: Readonly<Record<ExpressionsMilestone, Milestone>> = {
  first: applied(1),
  second: applied(2),
  third: applied(3),
  fourth: applied(4),
  fifth: applied(5),
  sixth: applied(6),
};

function applied(count: number): Milestone {
  return { reward: 0.1, reached: (state, problem) => isOnTheWay(state, problem, count) };
}

/** The default task: {@link createExpressions} with its defaults. */
export const expressions: ExpressionsTask = createExpressions();
