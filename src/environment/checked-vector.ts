import { ClosedError } from '../errors/closed-error.js';
import { EnvironmentError } from '../errors/environment-error.js';
import { isThenable } from '../util/kind.js';
import { checkActions } from './actions.js';
import { checkVectorShape } from './check-vector-shape.js';
import { closeAll } from './close-all.js';
import type { ResetContext } from './environment.js';
import type { VectorEnvironment } from './vector-environment.js';
import { VectorReader } from './vector-reader.js';
import { explainInterruption, Waiting } from './waiting.js';

/** A user's own {@link VectorEnvironment}, whose arrays are looked at after each reset and step. */
export class CheckedVector implements VectorEnvironment {
  readonly size: number;
  readonly layout: VectorEnvironment['layout'];
  readonly spaces: VectorEnvironment['spaces'];
  readonly actionCount: number;
  readonly stages: readonly string[];
  readonly masked: boolean;
  readonly algorithmOptions: Readonly<Record<string, unknown>> | undefined;
  readonly dense: Float32Array;
  readonly discrete: Int32Array;
  readonly actionMask: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete: Int32Array;
  readonly #inner: VectorEnvironment;
  readonly #reader: VectorReader;
  readonly #timeout: number | undefined;
  #waiting: Waiting | undefined;
  #begun = false;
  #busy = false;
  #closed = false;

  constructor(inner: VectorEnvironment, size: number, timeout: number | undefined) {
    checkVectorShape(inner, size);
    this.#inner = inner;
    this.#reader = new VectorReader(inner);
    this.#timeout = timeout;
    this.size = size;
    this.layout = inner.layout;
    this.spaces = inner.spaces;
    this.actionCount = inner.actionCount;
    this.stages = Object.freeze([...inner.stages]);
    this.masked = inner.masked;
    this.algorithmOptions = inner.algorithmOptions;
    this.dense = inner.dense;
    this.discrete = inner.discrete;
    this.actionMask = inner.actionMask;
    this.rewards = inner.rewards;
    this.terminated = inner.terminated;
    this.truncated = inner.truncated;
    this.successes = inner.successes;
    this.finalDense = inner.finalDense;
    this.finalDiscrete = inner.finalDiscrete;
  }

  reset(next: (row: number) => ResetContext): void | Promise<void> {
    this.#requireIdle('environment.reset');
    this.#reader.beginAll();
    let answer: unknown;
    try {
      answer = this.#inner.reset(next);
    } catch (error) {
      throw EnvironmentError.wrap(error, { path: 'environment.reset' });
    }
    if (isThenable(answer)) {
      return this.#settle(answer, 'environment.reset');
    }
    this.#begun = true;
    return this.#reader.checkFirst();
  }

  step(actions: Int32Array): void | Promise<void> {
    this.#requireIdle('environment.step');
    if (!this.#begun) {
      throw new EnvironmentError('was called before reset.', { path: 'environment.step', remedy: 'Call reset once, and then step.' });
    }
    checkActions(actions, this, this.#reader);
    this.#reader.countStep();
    let answer: unknown;
    try {
      answer = this.#inner.step(actions);
    } catch (error) {
      throw EnvironmentError.wrap(error, { path: 'environment.step' });
    }
    return isThenable(answer) ? this.#settle(answer, 'environment.step') : this.#reader.checkStep();
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#waiting?.interrupt('closed');
      await closeAll([this.#inner], this.#timeout);
    }
  }

  async #settle(answer: PromiseLike<unknown>, path: 'environment.reset' | 'environment.step'): Promise<void> {
    let failure: EnvironmentError | undefined;
    this.#waiting = new Waiting({
      fulfilled: () => undefined,
      rejected: (_, reason) => {
        failure = EnvironmentError.wrap(reason, { path });
      },
      interrupted: (_, why) => {
        const { reason, remedy } = explainInterruption(why, this.#timeout);
        failure = new EnvironmentError(reason, { path, remedy });
      },
    });
    this.#waiting.add(0, answer);
    this.#busy = true;
    await this.#waiting.all(this.#timeout);
    this.#busy = false;
    this.#waiting = undefined;
    if (failure !== undefined) {
      throw failure;
    }
    this.#begun = true;
    if (path === 'environment.reset') {
      this.#reader.checkFirst();
    } else {
      this.#reader.checkStep();
    }
  }

  #requireIdle(path: string): void {
    if (this.#closed) {
      throw new ClosedError('environment');
    }
    if (this.#busy) {
      throw new EnvironmentError('was called while a step is under way.', { path, remedy: 'Await what reset and step return.' });
    }
  }
}
