import { OptionsError } from '../errors/options-error.js';
import { Issues } from '../util/issues.js';
import { readWhole, ValueReader } from '../util/value-reader.js';
import { checkCount, checkOrder, checkShape, checkSizes, readBound } from './check.js';
import type { BoxSpace, DiscreteSpace, MultiDiscreteSpace } from './space.js';

/**
 * The space of the integers 0 … n − 1.
 *
 * @param n - How many values there are, 1 to 2²⁰.
 * @returns The space.
 * @throws {@link OptionsError} when it is no such number.
 */
export function discrete(n: number): DiscreteSpace {
  const issues = new Issues();
  checkCount(n, 'n', issues);
  issues.throwIfAny(OptionsError);
  return Object.freeze({ kind: 'discrete', n });
}

/**
 * The space of lists of integers, of which the i-th is one of 0 … sizes[i] − 1.
 *
 * @param sizes - How many values each component has, `[components]`, each 1 to 2²⁰; at least one component. The sizes of an action space have
 * a product of at most 4096.
 * @returns The space.
 * @throws {@link OptionsError} saying all that is wrong with them.
 */
export function multiDiscrete(sizes: readonly number[]): MultiDiscreteSpace {
  const issues = new Issues();
  checkSizes(sizes, 'sizes', issues);
  issues.throwIfAny(OptionsError);
  return Object.freeze({ kind: 'multi-discrete', sizes: Object.freeze([...sizes]) });
}

/** Options of {@link box}. */
export interface BoxOptions {
  /** Sizes of the axes, each at least 1: `[4]` for four numbers. At most 2²⁰ numbers in all. */
  readonly shape: readonly number[];
  /**
   * Smallest values: a number for all, or one a number, row-major. Rounded to 32 bits.
   *
   * @defaultValue -Infinity
   */
  readonly low?: number | ArrayLike<number> | undefined;
  /**
   * Largest values: a number for all, or one a number, row-major. Rounded to 32 bits.
   *
   * @defaultValue Infinity
   */
  readonly high?: number | ArrayLike<number> | undefined;
}

/**
 * The space of numbers of 32 bits within bounds.
 *
 * @param options - See {@link BoxOptions}.
 * @returns The space.
 * @throws {@link OptionsError} saying all that is wrong with the options.
 */
export function box(options: BoxOptions): BoxSpace {
  return readWhole(new ValueReader(options), (reader) => {
    const { issues } = reader;
    const shape = reader.raw('shape');
    const count = checkShape(shape, 'shape', issues);
    const low = readBound(reader.raw('low') ?? -Infinity, 'low', count, issues);
    const high = readBound(reader.raw('high') ?? Infinity, 'high', count, issues);
    checkOrder(low, high, 'low', issues);
    return Object.freeze({ kind: 'box', shape: Object.freeze([...(count === undefined ? [] : (shape as readonly number[]))]), low, high });
  });
}
