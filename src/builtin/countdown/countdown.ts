import { defineTask } from '../../define/define-task.js';
import type { ToolTask } from '../../define/tool-task.js';
import type { Split } from '../../task/task.js';
import { readOptions } from '../../util/option-reader.js';
import { readMask } from '../shared/mask.js';
import { type CountdownProblem, type CountdownSize, drawNumbers, LIMITS, type Operation, operate, operationsOf } from './numbers.js';

/** Where a number lies: `a` to `d` are given, `e` and `f` are what the first and the second operation made. */
export type CountdownSlot = (typeof SLOTS)[number];

/** What is on the table. */
export interface CountdownState {
  /** Numbers by slot, `[6]`; null where there is none, or none any more. */
  slots: (number | null)[];
  /** What the last operation made; null before the first. */
  result: number | null;
  /** Operations done. */
  operations: number;
}

/** Names of the tools. */
export type CountdownTool = 'ADD' | 'SUB' | 'MUL' | 'DIV';

/** Names of the stages. */
export type CountdownStage = 'three-numbers' | 'four-numbers';

/** The two numbers of an operation, by the slots that they may lie in. */
export interface CountdownOperands {
  /** The first. */
  readonly left: readonly CountdownSlot[];
  /** The second. */
  readonly right: readonly CountdownSlot[];
}

/** The parameters of each tool. A type, since parameters are looked up by any name. */
export type CountdownParameters = Readonly<Record<CountdownTool, Pick<CountdownOperands, 'left' | 'right'>>>;

/** The type of {@link countdown}. */
export type CountdownTask = ToolTask<CountdownProblem, CountdownState, CountdownTool, CountdownStage, never, CountdownParameters>;

/** Options of {@link createCountdown}. */
export interface CountdownOptions {
  /**
   * `'applicable'`: only calls that can be made may be emitted; `true`: all calls may; `false`: all tokens.
   *
   * @defaultValue `'applicable'`
   */
  readonly mask?: boolean | 'applicable' | undefined;
}

const SLOTS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
/** Slots that are given, whether or not there are so many numbers. */
const GIVEN = 4;

const STAGES = [
  { name: 'three-numbers', size: 3 },
  { name: 'four-numbers', size: 4 },
] as const satisfies readonly { readonly name: CountdownStage; readonly size: CountdownSize }[];

/**
 * Makes the countdown task: some numbers and a target, which is to be made of them by + − × ÷, each number at most once.
 *
 * Stages give 3 and 4 numbers from 1 to 10, from small to large, and a target from 10 to 100 that they reach and that is none of them. One multiset
 * of numbers in five is held out, those whose texts have the smallest hashes: 44 of 220, and 143 of 715.
 *
 * A call is one of `ADD`, `SUB`, `MUL` and `DIV` and two slots, 3 tokens. Its numbers are gone, and what it makes lies in `e` the first time and in
 * `f` the second. It can be made where both slots hold a number, and what comes of it is an integer from 1 to 999; `ADD` and `MUL` want the slots
 * in their order, since either order gives the same. The program is right, and over, as soon as an operation has made the target; with one number
 * left it is over and wrong. Horizon 9: three calls. Right programs alone are paid, 1.
 *
 * What is heard is the last result, by digits: hundreds, tens and ones; nothing before the first.
 *
 * Groups are the fewest operations that reach the target, `one operation` to `three operations`.
 *
 * Token ids: `0`..`9` are 0 to 9, `10` is 10, the targets `=10`..`=100` are 11 to 101, then `[CTX]`, `[ADD]`, `[SUB]`, `[MUL]`, `[DIV]`, the slots
 * `(a)`..`(f)` and `[EOS]`. Contexts have up to 6 tokens: the numbers, in which order counts, and the target.
 *
 * @param options - See {@link CountdownOptions}.
 * @returns The task.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function createCountdown(options: CountdownOptions = {}): CountdownTask {
  const mask = readOptions(options, readMask);
  return defineTask({
    name: 'countdown',
    stages: STAGES,
    horizon: 9,
    symbols: SYMBOLS,
    contextLength: 6,
    mask,
    observationLength: 3,
    sample: (random, { size }, split?: Split): CountdownProblem => drawNumbers(random, size, split ?? 'train'),
    contextOrder: 'matters',
    encode: ({ numbers, target }) => [...numbers, LIMITS.number + 1 + target - LIMITS.least],
    start: ({ numbers }): CountdownState => ({
      slots: SLOTS.map((_, at) => (at < numbers.length ? (numbers[at] ?? null) : null)),
      result: null,
      operations: 0,
    }),
    tools: { ADD: does('+'), SUB: does('-'), MUL: does('*'), DIV: does('/') },
    observe: ({ result }) => (result === null ? [] : [Math.floor(result / 100), Math.floor(result / 10) % 10, result % 10]),
    success: ({ result }, { target }) => result === target,
    group: operationsOf,
    target: ({ target }) => target,
  });
}

const SYMBOLS = [
  ...Array.from({ length: LIMITS.number + 1 }, (_, number) => String(number)),
  ...Array.from({ length: LIMITS.most - LIMITS.least + 1 }, (_, above) => `=${LIMITS.least + above}`),
];

/** The tool of an operation. */
function does(operation: Operation) {
  const ordered = operation === '+' || operation === '*';
  return {
    parameters: { left: SLOTS, right: SLOTS },
    when: (
      { slots, result }: CountdownState,
      { target }: CountdownProblem,
      _: unknown,
      { left, right }: { readonly left?: CountdownSlot; readonly right?: CountdownSlot },
    ): boolean => {
      if (result === target) {
        return false;
      }
      const first = left === undefined ? undefined : SLOTS.indexOf(left);
      if (first === undefined) {
        return true;
      }
      const value = slots[first] ?? null;
      if (value === null || right === undefined) {
        return value !== null;
      }
      const second = SLOTS.indexOf(right);
      const other = slots[second] ?? null;
      return other !== null && (ordered ? first < second : first !== second) && operate(value, operation, other) !== undefined;
    },
    run: (
      state: CountdownState,
      _: CountdownProblem,
      __: unknown,
      { left, right }: { readonly left: CountdownSlot; readonly right: CountdownSlot },
    ): void => {
      const [first, second] = [SLOTS.indexOf(left), SLOTS.indexOf(right)];
      const result = operate(state.slots[first] ?? 0, operation, state.slots[second] ?? 0) ?? 0;
      state.slots[first] = null;
      state.slots[second] = null;
      const made = GIVEN + state.operations;
      if (made < SLOTS.length) {
        state.slots[made] = result;
      }
      state.operations += 1;
      state.result = result;
    },
  };
}

/** The default task: {@link createCountdown} with its defaults. */
export const countdown: CountdownTask = createCountdown();
