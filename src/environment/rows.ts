import type { ActionCodec } from '../spaces/action-codec.js';
import type { SpaceLayout } from '../spaces/layout.js';
import { Misfit } from '../spaces/misfit.js';
import type { ObservationWriter } from '../spaces/observation-writer.js';
import type { Spaces } from '../spaces/plain.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import type { Environment, Step } from './environment.js';
import type { SavedArrays } from './saved-vector.js';

/** What the environments of a vector have in common. */
export interface Common {
  readonly spaces: Spaces;
  readonly layout: SpaceLayout;
  readonly writer: ObservationWriter;
  readonly codec: ActionCodec<unknown>;
  readonly stages: readonly string[];
  readonly masked: boolean;
  readonly algorithmOptions: Readonly<Record<string, unknown>> | undefined;
}

/** The arrays of environments side by side, and what writes their answers there: looked at value by value, copied at once. */
export class Rows {
  readonly dense: Float32Array;
  readonly discrete: Int32Array;
  readonly actionMask: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete: Int32Array;
  /** What is being looked at: the path of an error that is thrown meanwhile. */
  place = 'environment';
  readonly #writer: ObservationWriter;
  readonly #codec: ActionCodec<unknown>;
  readonly #width: number;
  readonly #ids: number;
  /** Rows whose mask has not been ones alone. */
  readonly #restricted: Uint8Array;

  constructor(size: number, { layout, writer, codec, masked }: Common) {
    this.#writer = writer;
    this.#codec = codec;
    this.#width = layout.dense;
    this.#ids = layout.discrete.length;
    this.dense = new Float32Array(size * this.#width);
    this.discrete = new Int32Array(size * this.#ids);
    this.actionMask = masked ? new Uint8Array(size * codec.size).fill(1) : undefined;
    this.rewards = new Float32Array(size);
    this.terminated = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.successes = new Uint8Array(size).fill(255);
    this.finalDense = new Float32Array(size * this.#width);
    this.finalDiscrete = new Int32Array(size * this.#ids);
    this.#restricted = new Uint8Array(size);
  }

  /** Forgets the step before: no rewards, no ends. */
  clear(): void {
    this.rewards.fill(0);
    this.terminated.fill(0);
    this.truncated.fill(0);
    this.successes.fill(255);
  }

  /**
   * Writes an episode's first observation and what is allowed in it.
   *
   * @throws Whatever the environment throws, and {@link Misfit} for what is none of its space.
   */
  first(row: number, observation: unknown, environment: Environment): void {
    this.place = 'environment.reset';
    this.#writer.write(observation, row, this.dense, this.discrete);
    this.#allow(row, undefined, environment);
  }

  /**
   * Writes what came of an action.
   *
   * @returns Whether the episode is over.
   * @throws Whatever the environment throws, and {@link Misfit} for what is no answer. Nothing of the step is kept then.
   */
  step(row: number, answer: unknown, environment: Environment): boolean {
    this.place = 'environment.step';
    if (typeof answer !== 'object' || answer === null) {
      throw new Misfit('', `returned ${show(answer)}.`, 'Return { observation, reward, terminated, truncated }.');
    }
    const { reward, terminated, truncated, success, observation, actionMask } = answer as Step<unknown>;
    // Infinity less itself is NaN, and so is NaN.
    if (typeof reward !== 'number' || Math.fround(reward) - Math.fround(reward) !== 0) {
      throw new Misfit('.reward', `is ${show(reward)}.`, 'Give every step a finite reward that fits 32 bits; 0 where there is none.');
    }
    if (typeof terminated !== 'boolean' || typeof truncated !== 'boolean') {
      throw notAnEnd(answer as Readonly<Record<string, unknown>>);
    }
    if (success !== undefined && typeof success !== 'boolean') {
      throw new Misfit('.success', `is ${show(success)}.`, 'Use true or false, or leave it out.');
    }
    this.place = 'environment.step.observation';
    if (!(terminated || truncated)) {
      this.#writer.write(observation, row, this.dense, this.discrete);
      this.#allow(row, actionMask, environment);
      this.rewards[row] = reward;
      return false;
    }
    this.#writer.write(observation, row, this.finalDense, this.finalDiscrete);
    this.rewards[row] = reward;
    this.terminated[row] = terminated ? 1 : 0;
    this.truncated[row] = truncated ? 1 : 0;
    if (success !== undefined) {
      this.successes[row] = success ? 1 : 0;
    }
    return true;
  }

  /** Writes what a row sees next, and what is allowed to it, as it was. */
  put(row: number, { dense, discrete, actionMask }: SavedArrays): void {
    const put = (to: Float32Array | Int32Array | Uint8Array, from: typeof to, width: number): void =>
      to.set(from.subarray(row * width, (row + 1) * width), row * width);
    put(this.dense, dense, this.#width);
    put(this.discrete, discrete, this.#ids);
    if (this.actionMask !== undefined && actionMask !== undefined) {
      put(this.actionMask, actionMask, this.#codec.size);
      this.#restricted[row] = 1;
    }
  }

  /** Ends an episode that nothing more is heard of: cut short at what was seen last. */
  abandon(row: number): void {
    this.finalDense.set(this.dense.subarray(row * this.#width, (row + 1) * this.#width), row * this.#width);
    this.finalDiscrete.set(this.discrete.subarray(row * this.#ids, (row + 1) * this.#ids), row * this.#ids);
    this.truncated[row] = 1;
  }

  #allow(row: number, given: unknown, environment: Environment): void {
    let mask = given;
    if (mask === undefined) {
      if (environment.actionMask === undefined) {
        if (this.#restricted[row] === 1) {
          this.actionMask?.fill(1, row * this.#codec.size, (row + 1) * this.#codec.size);
          this.#restricted[row] = 0;
        }
        return;
      }
      this.place = 'environment.actionMask';
      mask = environment.actionMask();
    } else {
      this.place = 'environment.step.actionMask';
    }
    if (this.actionMask === undefined) {
      throw new Misfit('', 'is given, though masked is false.', 'Leave masked out, or set it to true.');
    }
    this.#codec.writeMask(mask, row, this.actionMask);
    this.#restricted[row] = 1;
  }
}

function notAnEnd(answer: Readonly<Record<string, unknown>>): Misfit {
  const which = typeof answer['terminated'] === 'boolean' ? 'truncated' : 'terminated';
  const remedy = isRecord(answer) && 'done' in answer ? 'Say terminated and truncated in place of done.' : 'Use true or false.';
  return new Misfit(`.${which}`, `is ${show(answer[which])}.`, remedy);
}
