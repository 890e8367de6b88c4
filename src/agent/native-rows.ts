import { InputError } from '../errors/input-error.js';
import type { SteppedRows } from '../infer/stepping.js';
import type { BindingSession } from '../native/binding.js';
import { guarded } from '../native/error.js';

/** A session's rows, by the addon. */
export class NativeRows implements SteppedRows {
  readonly #native: BindingSession;

  /** @param native - The addon's. */
  constructor(native: BindingSession) {
    this.#native = native;
  }

  begin(contexts: Int32Array, stages: Int32Array, contextLengths?: Int32Array, contextValues?: Float32Array): void {
    guarded(() => this.#native.begin(contexts, stages, contextLengths, contextValues));
  }

  beginRows(rows: number): void {
    guarded(() => this.#native.beginRows(rows));
  }

  restart(row: number): void {
    guarded(() => this.#native.restart(row));
  }

  observe(dense: Float32Array | undefined, discrete: Int32Array | undefined, allowed: Uint8Array | undefined): void {
    guarded(() => this.#native.observe(dense, discrete, allowed));
  }

  setTemperature(temperature: number): void {
    guarded(() => this.#native.setTemperature(temperature));
  }

  step(deterministic: boolean, actions: Int32Array, logProbs: Float32Array, entropies: Float32Array, values: Float32Array): void {
    guarded(() => this.#native.step(deterministic, actions, logProbs, entropies, values));
  }

  sync(newer: SteppedRows): void {
    if (!(#native in newer)) {
      const remedy = 'Pass an agent of the same package path as the one that the session was made by.';
      throw new InputError([{ path: 'agent', message: 'is not computed by the addon, as the session is.', remedy }]);
    }
    guarded(() => this.#native.sync(newer.#native));
  }

  feed(tokens: Int32Array): void {
    guarded(() => this.#native.feed(tokens));
  }

  close(): void {
    this.#native.close();
  }
}
