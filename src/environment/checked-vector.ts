import { EnvironmentError } from '../errors/environment-error.js';
import { isThenable } from '../util/kind.js';
import { cloneData } from '../util/plain-data.js';
import { checkActions } from './actions.js';
import { checkVectorShape } from './check-vector-shape.js';
import type { ResetContext } from './environment.js';
import { GuardedVector } from './guarded-vector.js';
import { readArrays, requireRecord, restoreArrays, saveArrays } from './saved-vector.js';
import type { VectorEnvironment } from './vector-environment.js';
import { VectorReader } from './vector-reader.js';
import { explainInterruption, Waiting } from './waiting.js';

/** A user's own {@link VectorEnvironment}, whose arrays are looked at after each reset and step. */
export class CheckedVector extends GuardedVector {
  readonly #inner: VectorEnvironment;
  readonly #reader: VectorReader;
  #begun = false;

  constructor(inner: VectorEnvironment, size: number, timeout: number | undefined) {
    checkVectorShape(inner, size);
    super(inner, [inner], timeout);
    this.#inner = inner;
    this.#reader = new VectorReader(inner);
  }

  reset(next: (row: number) => ResetContext): void | Promise<void> {
    this.requireIdle('environment.reset');
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
    this.requireIdle('environment.step');
    if (!this.#begun) {
      throw this.notBegun();
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

  save(): unknown {
    const inner = this.#inner;
    if (inner.getState === undefined || inner.setState === undefined) {
      return undefined;
    }
    try {
      const { steps, episodes } = this.#reader;
      return { inner: cloneData(inner.getState()), ...saveArrays(inner), steps: steps.slice(), episodes: episodes.slice() };
    } catch (error) {
      throw EnvironmentError.wrap(error, { path: 'environment.getState' });
    }
  }

  async restore(state: unknown, next: (row: number) => ResetContext): Promise<readonly number[]> {
    this.requireIdle('environment.setState');
    const saved = requireRecord(state);
    const arrays = readArrays(saved, this);
    this.#reader.resume(saved);
    try {
      await this.#inner.setState?.(cloneData(saved['inner']), next);
    } catch (error) {
      throw EnvironmentError.wrap(error, { path: 'environment.setState' });
    }
    restoreArrays(this, arrays);
    this.#begun = true;
    this.#reader.checkFirst();
    return [];
  }

  async #settle(answer: PromiseLike<unknown>, path: 'environment.reset' | 'environment.step'): Promise<void> {
    let failure: EnvironmentError | undefined;
    const waiting = new Waiting({
      fulfilled: () => undefined,
      rejected: (_, reason) => {
        failure = EnvironmentError.wrap(reason, { path });
      },
      interrupted: (_, why) => {
        const { reason, remedy } = explainInterruption(why, this.timeout);
        failure = new EnvironmentError(reason, { path, remedy });
      },
    });
    waiting.add(0, answer);
    this.busy = true;
    await this.wait(waiting);
    this.busy = false;
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
}
