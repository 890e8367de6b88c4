import { box, discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import type { KnownScore } from '../shared/known-score.js';

/** Options of {@link memoryLen}. */
export interface MemoryLenOptions {
  /**
   * Steps between the bit and the answer, 1 to 2²⁰. An episode has one step more.
   *
   * @defaultValue 10
   */
  readonly length?: number | undefined;
}

/** Options of {@link memorySize}. */
export interface MemorySizeOptions {
  /**
   * Bits to remember, 1 to 4096.
   *
   * @defaultValue 10
   */
  readonly bits?: number | undefined;
}

/** What an episode of a memory chain draws. */
export interface MemoryContext {
  /** Bits, `[bits]`, each 0 or 1. */
  readonly bits: ArrayLike<number>;
  /** Which bit is asked for. */
  readonly query: number;
}

/** Steps between what is shown and the answer in memory_size. */
const SIZE_LENGTH = 2;

/** The lengths of bsuite's sweep of memory_len. One passes when its mean success over 10,000 episodes of training is above 62.5 %. */
export const memoryLenLengths: readonly number[] = Object.freeze([
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25],
  ...[30, 40, 50, 60, 70, 80, 90, 100],
]);

/** The numbers of bits of bsuite's sweep of memory_size. One passes as in {@link memoryLenLengths}. */
export const memorySizeBits: readonly number[] = Object.freeze([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 20, 25, 30, 40]);

/**
 * bsuite's memory_len (Osband et al. 2020): a bit is shown, and has to be named `length` steps later.
 *
 * Observation at time t, `[3]`: 1 − t / `length`; 0; the bit as −1 or 1 at t = 0 and 0 later. What is seen at t = 0 is seen twice, by `reset`
 * and again by the first step. Action: 0 or 1, of no effect but in the last step, number `length` + 1, which pays 1 for the bit and costs 1
 * otherwise. Success: that it was named.
 *
 * @param options - See {@link MemoryLenOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function memoryLen(options: MemoryLenOptions = {}): BuiltInEnvironment<readonly number[]> {
  return memoryChain(
    readOptions(options, (reader) => reader.count('length', 10)),
    1,
  );
}

/**
 * bsuite's memory_size (Osband et al. 2020): bits are shown, and one of them has to be named two steps later.
 *
 * Observation at time t, `[2 + bits]`: 1 − t / 2; which bit is asked for at t = 1, from 0, and 0 otherwise; the bits as −1 or 1 at t = 0 and 0
 * later. What is seen at t = 0 is seen twice, by `reset` and again by the first step. Action: 0 or 1, of no effect but in the third and last
 * step, which pays 1 for the bit asked for and costs 1 otherwise. Success: that it was named.
 *
 * @param options - See {@link MemorySizeOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function memorySize(options: MemorySizeOptions = {}): BuiltInEnvironment<readonly number[]> {
  return memoryChain(
    SIZE_LENGTH,
    readOptions(options, (reader) => reader.number('bits', 10, { integer: true, min: 1, max: 4096 })),
  );
}

function memoryChain(length: number, bits: number): BuiltInEnvironment<readonly number[]> {
  const ones = Array.from({ length: bits }, () => 1);
  return builtInEnvironment<readonly number[]>({
    observationSpace: box({ shape: [2 + bits], low: [0, 0, ...ones.map((one) => -one)], high: [1, bits - 1, ...ones] }),
    actionSpace: discrete(2),
    begin: (random) => beginMemoryChain(length, { bits: ones.map(() => random.int(2)), query: random.int(bits) }),
  });
}

/**
 * @param length - Steps between what is shown and the answer.
 * @param context - What was drawn.
 * @returns The episode.
 */
export function beginMemoryChain(length: number, { bits, query }: MemoryContext): Episode<readonly number[]> {
  let time = 0;
  const observe = (): readonly number[] => {
    const asked = time === length - 1 ? query : 0;
    return [1 - time / length, asked, ...Array.from(bits, (bit) => (time === 0 ? 2 * bit - 1 : 0))];
  };
  return {
    first: observe(),
    step: (action) => {
      const observation = observe();
      const terminated = time === length;
      const success = terminated ? action === bits[query] : undefined;
      time += 1;
      return { observation, reward: rewardOf(success), terminated, truncated: false, success };
    },
  };
}

function rewardOf(success: boolean | undefined): number {
  if (success === undefined) {
    return 0;
  }
  return success ? 1 : -1;
}

const SOURCE =
  'bsuite (Osband et al. 2020), which scores a sweep of settings: one passes when its mean success over 10,000 episodes is above 62.5 %';

/** Scores of memory chains by name. */
export const memoryChainScores = {
  memory_len: {
    name: 'memory_len',
    create: () => memoryLen(),
    limit: 11,
    published: undefined,
    source: SOURCE,
    random: 0,
    best: 1,
    needsMemory: true,
  },
  memory_size: {
    name: 'memory_size',
    create: () => memorySize(),
    limit: 3,
    published: undefined,
    source: SOURCE,
    random: 0,
    best: 1,
    needsMemory: true,
  },
} as const satisfies Record<string, KnownScore>;
