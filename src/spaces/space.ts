/**
 * A set of values, of which an observation or an action is one. Made by {@link discrete}, {@link multiDiscrete} and {@link box}; plain data.
 *
 * @typeParam T - What the values are.
 */
export interface Space<T> {
  /** Which set it is. */
  readonly kind: 'discrete' | 'multi-discrete' | 'box';
  /**
   * Carries the type of the values for the compiler; never there at run time.
   *
   * @param value - A value of the space.
   */
  accepts?(value: T): void;
}

/** The integers 0 … n − 1: which of n things. */
export interface DiscreteSpace extends Space<number> {
  /** Which set it is. */
  readonly kind: 'discrete';
  /** How many values there are, 1 to 2²⁰. */
  readonly n: number;
}

/** Lists of integers, of which the i-th is one of 0 … sizes[i] − 1. An action of such a space is a `readonly number[]`. */
export interface MultiDiscreteSpace extends Space<ArrayLike<number>> {
  /** Which set it is. */
  readonly kind: 'multi-discrete';
  /** How many values each component has, `[components]`. */
  readonly sizes: readonly number[];
}

/** Numbers of 32 bits within bounds: values are flat, row-major, as arrays or typed arrays. */
export interface BoxSpace extends Space<ArrayLike<number>> {
  /** Which set it is. */
  readonly kind: 'box';
  /** Sizes of the axes; a value has their product of numbers. */
  readonly shape: readonly number[];
  /** Smallest values, `[numbers]`; `-Infinity` where there is no bound. */
  readonly low: Float32Array;
  /** Largest values, `[numbers]`; `Infinity` where there is no bound. */
  readonly high: Float32Array;
}

/**
 * What an environment's observations are one of: a space, or a record of named spaces, whose observations are records with the same keys.
 *
 * @typeParam O - What the observations are.
 */
export type ObservationSpace<O> = Space<O> | RecordSpace<O>;

/**
 * Named spaces side by side, one level deep.
 *
 * @typeParam O - What the observations are: a record with the same keys.
 */
export type RecordSpace<O> = unknown extends O
  ? Readonly<Record<string, Space<unknown>>>
  : O extends number | ArrayLike<number>
    ? never
    : { readonly [K in keyof O]: Space<O[K]> };
