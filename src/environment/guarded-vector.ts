import { ClosedError } from '../errors/closed-error.js';
import { EnvironmentError } from '../errors/environment-error.js';
import { type Closable, closeAll } from './close-all.js';
import type { ResetContext } from './environment.js';
import type { VectorEnvironment } from './vector-environment.js';
import type { Waiting } from './waiting.js';

/** A vector's sizes and arrays: all of it but what it does. */
export type VectorData = Omit<VectorEnvironment, 'reset' | 'step' | 'close' | 'getState' | 'setState'>;

/** What both kinds of vectors are: arrays that stand elsewhere, one call at a time, and closed once. */
export abstract class GuardedVector implements VectorEnvironment {
  readonly size: number;
  readonly layout: VectorEnvironment['layout'];
  readonly spaces: VectorEnvironment['spaces'];
  readonly actionCount: number;
  readonly stages: readonly string[];
  readonly masked: boolean;
  readonly algorithmOptions: VectorEnvironment['algorithmOptions'];
  readonly dense: Float32Array;
  readonly discrete: Int32Array;
  readonly actionMask: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete: Int32Array;
  /** Milliseconds that a call may take; undefined: any time. */
  protected readonly timeout: number | undefined;
  /** Whether a call is under way that something is awaited in. */
  protected busy = false;
  readonly #held: readonly Closable[];
  #waiting: Waiting | undefined;
  #closed = false;

  /**
   * @param data - Sizes and arrays.
   * @param held - What is closed with it.
   * @param timeout - Milliseconds that a call may take; undefined: any time.
   */
  constructor(data: VectorData, held: readonly Closable[], timeout: number | undefined) {
    this.size = data.size;
    this.layout = data.layout;
    this.spaces = data.spaces;
    this.actionCount = data.actionCount;
    this.stages = Object.freeze([...data.stages]);
    this.masked = data.masked;
    this.algorithmOptions = data.algorithmOptions;
    this.dense = data.dense;
    this.discrete = data.discrete;
    this.actionMask = data.actionMask;
    this.rewards = data.rewards;
    this.terminated = data.terminated;
    this.truncated = data.truncated;
    this.successes = data.successes;
    this.finalDense = data.finalDense;
    this.finalDiscrete = data.finalDiscrete;
    this.timeout = timeout;
    this.#held = held;
  }

  abstract reset(next: (row: number) => ResetContext): void | Promise<void>;

  abstract step(actions: Int32Array): void | Promise<void>;

  /**
   * Takes out, between two steps, all that decides how the episodes under way go on.
   *
   * @returns Plain data; undefined where that is not to be had.
   */
  abstract save(): unknown;

  /**
   * Goes on with episodes, in place of `reset`.
   *
   * @param state - A copy of what {@link GuardedVector.save} gave, of a vector of the same kind and size.
   * @param next - As for `reset`: for the episodes to come.
   * @returns Rows whose episode is not what it was: their environments did not do again what they had done.
   * @throws {@link EnvironmentError} for the state of other environments, and for what they throw.
   */
  abstract restore(state: unknown, next: (row: number) => ResetContext): Promise<readonly number[]>;

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#waiting?.interrupt('closed');
      await closeAll(this.#held, this.timeout);
    }
  }

  /** Whether it was closed. */
  protected get closed(): boolean {
    return this.#closed;
  }

  /** @throws {@link ClosedError} after `close`, {@link EnvironmentError} while another call is under way. */
  protected requireIdle(path: string): void {
    if (this.#closed) {
      throw new ClosedError('environment');
    }
    if (this.busy) {
      throw new EnvironmentError('was called while a step is under way.', { path, remedy: 'Await what reset and step return.' });
    }
  }

  /** The error of a step that nothing was reset for. */
  protected notBegun(): EnvironmentError {
    return new EnvironmentError('was called before reset.', { path: 'environment.step', remedy: 'Call reset once, and then step.' });
  }

  /** Waits for promises of a call, which `close` and the timeout interrupt. */
  protected async wait(waiting: Waiting): Promise<void> {
    this.#waiting = waiting;
    await waiting.all(this.timeout);
    this.#waiting = undefined;
  }
}
