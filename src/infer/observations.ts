import { writeClock } from '../checkpoint/clock.js';
import { CLOCK } from '../checkpoint/model-spec.js';
import { MOST_DEVIATIONS, VARIANCE_EPSILON } from '../checkpoint/normalization.js';
import { InputError } from '../errors/input-error.js';
import type { Weights } from './weights.js';

/** What rows observe before the next step, as the network reads it: copies, and how many numbers of each there are. */
export class Observations {
  readonly #dense: Float32Array;
  readonly #discrete: Int32Array;
  readonly #allowed: Uint8Array;
  #denseCount = 0;
  #discreteCount = 0;
  #allowedCount = 0;
  readonly #clock = new Float64Array(CLOCK);

  /**
   * @param weights - The network's.
   * @param rows - Most rows.
   */
  constructor({ observed, model }: Weights, rows: number) {
    this.#dense = new Float32Array(rows * observed.dense);
    this.#discrete = new Int32Array(rows * observed.discrete.length);
    this.#allowed = new Uint8Array(rows * model.actions);
  }

  /**
   * Copies what was observed, and normalizes it.
   *
   * @param weights - With the statistics by which that is done, where it is.
   * @param dense - `[rows, D]`
   * @param discrete - `[rows, K]`
   * @param allowed - `[rows, A]`
   */
  observe(
    { observations }: Weights,
    dense: Float32Array | undefined,
    discrete: Int32Array | undefined,
    allowed: Uint8Array | undefined,
  ): void {
    this.#denseCount = copy(this.#dense, dense);
    this.#discreteCount = copy(this.#discrete, discrete);
    this.#allowedCount = copy(this.#allowed, allowed);
    if (observations !== undefined && observations.count > 0) {
      const { mean, variance } = observations;
      for (let i = 0; i < this.#dense.length; i += 1) {
        const place = i % mean.length;
        const deviations =
          ((this.#dense[i] as number) - (mean[place] as number)) / Math.sqrt((variance[place] as number) + VARIANCE_EPSILON);
        this.#dense[i] = Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, deviations));
      }
    }
  }

  /**
   * Refuses what so many rows cannot observe.
   *
   * @param weights - The network's.
   * @param rows - How many.
   * @throws {@link InputError} naming what is wrong.
   */
  check({ observed, model, rollout }: Weights, rows: number): void {
    checkCount('observation', this.#denseCount, rows * observed.dense);
    checkCount('observation', this.#discreteCount, rows * observed.discrete.length);
    if (this.#allowedCount === 0) {
      return;
    }
    const { actions } = model;
    checkCount('actionMask', this.#allowedCount, rows * actions);
    for (let row = 0; row < rows; row += 1) {
      let any = false;
      for (let action = 0; action < actions && !any; action += 1) {
        any = this.#allowed[row * actions + action] !== 0 && rollout.actionMask?.[action] !== false;
      }
      if (!any) {
        throw refusal(`actionMask[${row}]`, 'must allow at least one action.');
      }
    }
  }

  /**
   * Adds what a row reads beside the token before to the first layer's gates.
   *
   * @param weights - The network's.
   * @param row - Which row.
   * @param age - Its step within the episode, from 0.
   * @param gates - `[3H]`
   */
  addTo({ model, features }: Weights, row: number, age: number, gates: Float64Array): void {
    let place = 0;
    for (const input of model.inputs) {
      switch (input.kind) {
        case 'episodeStart':
          add(features, place, age === 0 ? 1 : 0, gates);
          place += 1;
          break;
        case 'clock':
          writeClock(age, this.#clock, 0);
          for (let i = 0; i < CLOCK; i += 1) {
            add(features, place + i, this.#clock[i] as number, gates);
          }
          place += CLOCK;
          break;
        case 'discrete':
          for (let i = 0; i < input.sizes.length; i += 1) {
            add(features, place + (this.#discrete[row * input.sizes.length + i] as number), 1, gates);
            place += input.sizes[i] as number;
          }
          break;
        case 'dense':
          for (let i = 0; i < input.width; i += 1) {
            add(features, place + i, this.#dense[row * input.width + i] as number, gates);
          }
          place += input.width;
          break;
        default:
      }
    }
  }

  /**
   * Takes the actions out of a row's logits that are not allowed.
   *
   * @param row - Which row.
   * @param logits - `[A]`
   */
  forbid(row: number, logits: Float32Array): void {
    for (let action = 0; this.#allowedCount > 0 && action < logits.length; action += 1) {
      if (this.#allowed[row * logits.length + action] === 0) {
        logits[action] = -Infinity;
      }
    }
  }
}

/** Adds `scale` times a row of features. */
function add(features: Float32Array, row: number, scale: number, gates: Float64Array): void {
  if (scale !== 0) {
    const begin = row * gates.length;
    for (let i = 0; i < gates.length; i += 1) {
      gates[i] = (gates[i] as number) + scale * (features[begin + i] as number);
    }
  }
}

/** Copies what there is room for. Returns how many there were. */
function copy(to: Float32Array | Int32Array | Uint8Array, from: ArrayLike<number> = []): number {
  for (let i = 0; i < from.length && i < to.length; i += 1) {
    to[i] = from[i] as number;
  }
  return from.length;
}

function checkCount(path: string, count: number, expected: number): void {
  if (count !== expected) {
    throw refusal(path, `must hold ${expected} numbers, got ${count}.`);
  }
}

/**
 * @param path - What is wrong.
 * @param message - What is wrong with it.
 * @returns The error.
 */
export function refusal(path: string, message: string): InputError {
  return new InputError([{ path, message, remedy: 'Pass what the network was made for, one a row.' }]);
}
