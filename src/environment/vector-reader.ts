import { EnvironmentError } from '../errors/environment-error.js';
import { isFloat64Array } from '../util/kind.js';
import { show } from '../util/show.js';
import type { Positions } from './actions.js';
import type { VectorEnvironment } from './vector-environment.js';

/** Names of the arrays, which are made once. */
const ARRAYS = [
  'dense',
  'discrete',
  'actionMask',
  'rewards',
  'terminated',
  'truncated',
  'successes',
  'finalDense',
  'finalDiscrete',
] as const;

/** The largest number of 32 bits. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

type Arrays = Pick<VectorEnvironment, (typeof ARRAYS)[number]>;

/** Looks through the arrays of a vector environment, and counts its rows' steps and episodes. */
export class VectorReader implements Positions {
  readonly steps: Float64Array;
  readonly episodes: Float64Array;
  readonly #vector: VectorEnvironment;
  readonly #arrays: Arrays;
  readonly #actionCount: number;
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  readonly #sizes: Int32Array;

  /** @param vector - Whose shape was checked. */
  constructor(vector: VectorEnvironment) {
    const { dense, discrete, actionMask, rewards, terminated, truncated, successes, finalDense, finalDiscrete } = vector;
    this.#vector = vector;
    this.#arrays = { dense, discrete, actionMask, rewards, terminated, truncated, successes, finalDense, finalDiscrete };
    this.#actionCount = vector.actionCount;
    // With finite bounds one comparison refuses what is beyond, infinite and NaN.
    this.#low = vector.layout.low.map((bound) => Math.max(bound, -LARGEST));
    this.#high = vector.layout.high.map((bound) => Math.min(bound, LARGEST));
    this.#sizes = Int32Array.from(vector.layout.discrete);
    this.steps = new Float64Array(vector.size);
    this.episodes = new Float64Array(vector.size).fill(-1);
  }

  /** @param counts - Steps and episodes of each row, as another reader of as many rows counted them; what is none is left aside. */
  resume({ steps, episodes }: { readonly steps?: unknown; readonly episodes?: unknown }): void {
    for (const [own, given] of [
      [this.steps, steps],
      [this.episodes, episodes],
    ] as const) {
      if (isFloat64Array(given) && given.length === own.length) {
        own.set(given);
      }
    }
  }

  /** Counts that an episode begins in every row. */
  beginAll(): void {
    for (let row = 0; row < this.steps.length; row += 1) {
      this.#begin(row);
    }
  }

  /** Counts a step in every row. */
  countStep(): void {
    for (let row = 0; row < this.steps.length; row += 1) {
      this.steps[row] = (this.steps[row] as number) + 1;
    }
  }

  /** @throws {@link EnvironmentError} where a first observation or a mask is none. */
  checkFirst(): void {
    this.#checkArrays('environment.reset');
    const { dense, discrete } = this.#arrays;
    for (let row = 0; row < this.steps.length; row += 1) {
      this.#checkNumbers(dense, row, 'environment.dense');
      this.#checkIds(discrete, row, 'environment.discrete');
      this.#checkMask(row);
    }
  }

  /** @throws {@link EnvironmentError} where something of a step is not what it must be. */
  checkStep(): void {
    this.#checkArrays('environment.step');
    const { dense, discrete, rewards, terminated, truncated, successes, finalDense, finalDiscrete } = this.#arrays;
    for (let row = 0; row < this.steps.length; row += 1) {
      const reward = rewards[row] as number;
      if (reward - reward !== 0) {
        throw this.#fault(row, 'environment.rewards', `is ${reward}`, 'Give every step a finite reward that fits 32 bits.');
      }
      const ends = (terminated[row] as number) | (truncated[row] as number);
      if (ends > 1) {
        const which = (terminated[row] as number) > 1 ? 'terminated' : 'truncated';
        throw this.#fault(row, `environment.${which}`, `is ${this.#arrays[which][row]}`, 'Write 0 or 1.');
      }
      if (ends === 1) {
        const success = successes[row] as number;
        if (success > 1 && success !== 255) {
          throw this.#fault(row, 'environment.successes', `is ${success}`, 'Write 0, 1, or 255 where it is not said.');
        }
        this.#checkNumbers(finalDense, row, 'environment.finalDense');
        this.#checkIds(finalDiscrete, row, 'environment.finalDiscrete');
        this.#begin(row);
      }
      this.#checkNumbers(dense, row, 'environment.dense');
      this.#checkIds(discrete, row, 'environment.discrete');
      this.#checkMask(row);
    }
  }

  #checkNumbers(numbers: Float32Array, row: number, path: string): void {
    const low = this.#low;
    const high = this.#high;
    const begin = row * low.length;
    for (let at = 0; at < low.length; at += 1) {
      const number = numbers[begin + at] as number;
      if (!(number >= (low[at] as number) && number <= (high[at] as number))) {
        const { layout } = this.#vector;
        const remedy = Number.isFinite(number)
          ? `Keep it within ${layout.low[at]} and ${layout.high[at]}, or widen the layout.`
          : 'Give a finite number that fits 32 bits.';
        throw this.#fault(row, path, `is ${number} at number ${at}`, remedy);
      }
    }
  }

  #checkIds(ids: Int32Array, row: number, path: string): void {
    const sizes = this.#sizes;
    const begin = row * sizes.length;
    for (let at = 0; at < sizes.length; at += 1) {
      const id = ids[begin + at] as number;
      if (id < 0 || id >= (sizes[at] as number)) {
        throw this.#fault(row, path, `is ${id} at id ${at}`, `Use ids from 0 to ${(sizes[at] as number) - 1}.`);
      }
    }
  }

  #checkMask(row: number): void {
    const mask = this.#arrays.actionMask;
    if (mask === undefined) {
      return;
    }
    let any = 0;
    const end = (row + 1) * this.#actionCount;
    for (let at = end - this.#actionCount; at < end; at += 1) {
      any |= mask[at] as number;
    }
    if (any !== 1) {
      const remedy = any === 0 ? 'Allow at least one; end the episode where there is nothing left to do.' : 'Write 0 or 1.';
      throw this.#fault(row, 'environment.actionMask', any === 0 ? 'forbids every action' : 'has an entry above 1', remedy);
    }
  }

  #checkArrays(path: string): void {
    const vector = this.#vector;
    const arrays = this.#arrays;
    const same =
      vector.dense === arrays.dense &&
      vector.discrete === arrays.discrete &&
      vector.actionMask === arrays.actionMask &&
      vector.rewards === arrays.rewards &&
      vector.terminated === arrays.terminated &&
      vector.truncated === arrays.truncated &&
      vector.successes === arrays.successes &&
      vector.finalDense === arrays.finalDense &&
      vector.finalDiscrete === arrays.finalDiscrete;
    if (!same) {
      const name = ARRAYS.find((each) => vector[each] !== arrays[each]) ?? '';
      throw new EnvironmentError(`put ${show(vector[name as keyof Arrays])} in place of ${name}.`, {
        path,
        remedy: 'Make each array once, and write into it.',
      });
    }
  }

  #begin(row: number): void {
    this.steps[row] = 0;
    this.episodes[row] = (this.episodes[row] as number) + 1;
  }

  #fault(row: number, path: string, reason: string, remedy: string): EnvironmentError {
    return new EnvironmentError(`${reason}.`, { path, remedy, environment: row, episode: this.episodes[row], step: this.steps[row] });
  }
}
