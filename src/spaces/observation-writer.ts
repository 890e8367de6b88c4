import { isArray, isRecord, isTypedArray } from '../util/kind.js';
import { show } from '../util/show.js';
import { Misfit } from './misfit.js';
import { idsOf, type Part, takeApart } from './parts.js';
import type { ObservationSpace } from './space.js';

/** Writes observations of a space into flat arrays, looking at every value on the way. */
export class ObservationWriter {
  /** Numbers of an observation, `D`. */
  readonly #dense: number;
  /** Ids of an observation, `K`. */
  readonly #discrete: number;
  readonly #writers: readonly PartWriter[];
  /** Whether an observation is the value of one space instead of a record. */
  readonly #single: boolean;

  /** @param space - A space, or a record of them, that has been checked; {@link layoutOf} does. */
  constructor(space: ObservationSpace<unknown>) {
    const parts = takeApart(space);
    this.#writers = parts.map((part) => new PartWriter(part));
    this.#single = parts[0]?.key === undefined;
    this.#dense = this.#writers.reduce((sum, { numbers }) => sum + numbers, 0);
    this.#discrete = this.#writers.reduce((sum, { ids }) => sum + ids, 0);
  }

  /**
   * Copies an observation: whoever gave it may go on writing to it.
   *
   * @param value - The observation.
   * @param row - Which row of the arrays.
   * @param dense - Numbers, `[rows, D]`.
   * @param discrete - Ids, `[rows, K]`.
   * @throws {@link Misfit} where it is none of the space; the row then means nothing.
   */
  write(value: unknown, row: number, dense: Float32Array, discrete: Int32Array): void {
    const denseAt = row * this.#dense;
    const discreteAt = row * this.#discrete;
    if (this.#single) {
      this.#writers[0]?.write(value, denseAt, discreteAt, dense, discrete);
      return;
    }
    if (!isRecord(value)) {
      const keys = this.#writers.map(({ key }) => key).join(', ');
      throw new Misfit('', `is ${show(value)}.`, `Give an object with ${keys}.`);
    }
    for (const writer of this.#writers) {
      writer.write(value[writer.key], denseAt, discreteAt, dense, discrete);
    }
  }
}

/** Writes the values of one space. */
class PartWriter {
  readonly key: string;
  readonly numbers: number;
  readonly ids: number;
  readonly #path: string;
  readonly #kind: Part['space']['kind'];
  readonly #at: number;
  readonly #sizes: Int32Array;
  readonly #low: Float32Array;
  readonly #high: Float32Array;

  constructor({ key, space, at }: Part) {
    this.key = key ?? '';
    this.#path = key === undefined ? '' : `.${key}`;
    this.#kind = space.kind;
    this.#at = at;
    const sizes = idsOf(space);
    this.#sizes = Int32Array.from(sizes);
    this.#low = space.kind === 'box' ? space.low.slice() : new Float32Array(0);
    this.#high = space.kind === 'box' ? space.high.slice() : new Float32Array(0);
    this.numbers = this.#low.length;
    this.ids = sizes.length;
  }

  write(value: unknown, denseAt: number, discreteAt: number, dense: Float32Array, discrete: Int32Array): void {
    if (this.#kind === 'box') {
      this.#writeNumbers(this.#listOf(value, this.numbers), denseAt + this.#at, dense);
    } else if (this.#kind === 'discrete') {
      discrete[discreteAt + this.#at] = this.#idOf(value, 0);
    } else {
      const list = this.#listOf(value, this.ids);
      for (let i = 0; i < this.ids; i += 1) {
        discrete[discreteAt + this.#at + i] = this.#idOf(list[i], i);
      }
    }
  }

  #writeNumbers(value: ArrayLike<unknown>, at: number, dense: Float32Array): void {
    const low = this.#low;
    const high = this.#high;
    for (let i = 0; i < low.length; i += 1) {
      const number = value[i];
      if (typeof number !== 'number') {
        throw this.#misfit(`[${i}]`, number, 'Give a number.');
      }
      // Judged as it is kept: what is within bounds of 64 bits is within those of 32.
      const kept = Math.fround(number);
      if (!(kept >= (low[i] as number) && kept <= (high[i] as number) && kept - kept === 0)) {
        const finite = Number.isFinite(kept);
        throw this.#misfit(
          `[${i}]`,
          number,
          finite ? `Keep it within ${low[i]} and ${high[i]}, or widen the box.` : 'Give a finite number that fits 32 bits.',
        );
      }
      dense[at + i] = kept;
    }
  }

  #idOf(value: unknown, component: number): number {
    const size = this.#sizes[component] as number;
    if (typeof value !== 'number' || !(value >= 0 && value < size && Number.isInteger(value))) {
      throw this.#misfit(this.#kind === 'discrete' ? '' : `[${component}]`, value, `Give an integer from 0 to ${size - 1}.`);
    }
    return value;
  }

  #listOf(value: unknown, length: number): ArrayLike<unknown> {
    if (!isArray(value) && !isTypedArray(value)) {
      throw this.#misfit('', value, `Give ${length} numbers, as an array or a typed array.`);
    }
    if (value.length !== length) {
      throw new Misfit(this.#path, `has ${value.length} numbers.`, `Give ${length}, as the space says.`);
    }
    return value;
  }

  #misfit(place: string, value: unknown, remedy: string): Misfit {
    return new Misfit(this.#path + place, `is ${show(value)}.`, remedy);
  }
}
