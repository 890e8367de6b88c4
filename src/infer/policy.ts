import { NonFiniteError } from '../errors/non-finite-error.js';
import { Choice } from './choice.js';
import { Observations, refusal } from './observations.js';
import { Past } from './past.js';
import { sessionUniforms } from './philox.js';
import { Reading } from './reading.js';
import type { SteppedRows } from './stepping.js';
import type { Weights } from './weights.js';

/** Rows under way, in TypeScript, for a session, which knows how they begin. A step allocates nothing. */
export class Policy implements SteppedRows {
  #weights: Weights;
  readonly #size: number;
  readonly #uniform: ReturnType<typeof sessionUniforms>;
  readonly #observations: Observations;
  readonly #reading: Reading | undefined;
  readonly #pasts: readonly Past[];
  readonly #choice: Choice;
  /** Before the next step, `[size, layers, H]`. */
  readonly #states: Float64Array;
  /** The token that each row reads next, `[size]`. */
  readonly #tokens: Int32Array;
  /** Each row's next step within its episode, `[size]`. */
  readonly #ages: Float64Array;
  readonly #gates: Float64Array;
  readonly #after: Float64Array;
  /** What the heads read, `[R]`: the state, what is read out of the prompt, and of the past. */
  readonly #read: Float64Array;
  /** What the heads say, `[A + 1]`. */
  readonly #said: Float64Array;
  #temperature = 1;
  #rows = 0;
  #begun = 0;
  /** Steps since it has begun. */
  #steps = 0;

  /**
   * @param weights - The network's.
   * @param size - Most rows.
   * @param seed - Of what is sampled.
   */
  constructor(weights: Weights, size: number, seed: number) {
    const { hidden, layers, encoder, actions, window } = weights.model;
    this.#weights = weights;
    this.#size = size;
    this.#uniform = sessionUniforms(seed);
    this.#observations = new Observations(weights, size);
    this.#reading = encoder.kind === 'none' ? undefined : new Reading(weights, size);
    this.#pasts = window === 0 ? [] : Array.from({ length: size }, () => new Past(weights));
    this.#choice = new Choice(actions);
    this.#states = new Float64Array(size * layers * hidden);
    this.#tokens = new Int32Array(size);
    this.#ages = new Float64Array(size);
    this.#gates = new Float64Array(3 * hidden);
    this.#after = new Float64Array(hidden);
    this.#read = new Float64Array(weights.read);
    this.#said = new Float64Array(actions + 1);
  }

  begin(contexts: Int32Array, stages: Int32Array, contextLengths?: Int32Array, contextValues?: Float32Array): void {
    this.#begun += 1;
    if (stages.length > this.#size) {
      throw refusal('stages', `must hold at most the session's ${this.#size} rows, got ${stages.length}.`);
    }
    this.#restartAll(stages.length);
    this.#reading?.read(this.#weights, { contexts, stages, lengths: contextLengths, values: contextValues }, this.#states);
  }

  beginRows(rows: number): void {
    this.#begun += 1;
    this.#restartAll(rows);
  }

  restart(row: number): void {
    const { model, rollout, readsTokens } = this.#weights;
    const stride = model.layers * model.hidden;
    this.#states.fill(0, row * stride, (row + 1) * stride);
    this.#tokens[row] = readsTokens ? rollout.startToken : 0;
    this.#ages[row] = 0;
  }

  observe(dense: Float32Array | undefined, discrete: Int32Array | undefined, allowed: Uint8Array | undefined): void {
    this.#observations.observe(this.#weights, dense, discrete, allowed);
  }

  setTemperature(temperature: number): void {
    this.#temperature = Math.fround(temperature);
  }

  step(deterministic: boolean, actions: Int32Array, logProbs: Float32Array, entropies: Float32Array, values: Float32Array): void {
    const rows = this.#rows;
    this.#observations.check(this.#weights, rows);
    for (let row = 0; row < rows; row += 1) {
      const value = this.#advance(row);
      const action = this.#choice.choose(deterministic ? undefined : this.#uniform(this.#begun, row, this.#steps));
      if (action < 0) {
        // Some rows have moved on and some have not.
        this.#rows = 0;
        throw new NonFiniteError(`the logits of row ${row} at step ${this.#steps} give no probabilities.`, {
          path: 'logits',
          remedy: 'The weights are too large: load others.',
        });
      }
      actions[row] = action;
      logProbs[row] = this.#choice.logProb;
      entropies[row] = this.#choice.entropy;
      values[row] = value;
      this.#tokens[row] = this.#weights.readsTokens ? action : 0;
      this.#ages[row] = (this.#ages[row] as number) + 1;
    }
    this.#steps += 1;
  }

  sync(newer: SteppedRows): void {
    const other = #weights in newer ? newer.#weights : undefined;
    if (other === undefined || JSON.stringify(other.model) !== JSON.stringify(this.#weights.model)) {
      throw refusal('agent', 'must be of innate/infer, and its network the same.');
    }
    this.#weights = other;
    const { history } = other;
    for (let row = 0; history !== undefined && row < this.#rows; row += 1) {
      this.#pasts[row]?.remake(history, this.#ages[row] as number);
    }
  }

  feed(tokens: Int32Array): void {
    if (!this.#weights.readsTokens) {
      throw refusal('tokens', 'must be empty: the model reads none.');
    }
    if (tokens.length !== this.#rows) {
      throw refusal('tokens', `must hold ${this.#rows} numbers, got ${tokens.length}.`);
    }
    this.#tokens.set(tokens);
  }

  close(): void {
    this.#rows = 0;
  }

  #restartAll(rows: number): void {
    this.#rows = rows;
    this.#steps = 0;
    for (let row = 0; row < rows; row += 1) {
      this.restart(row);
    }
  }

  /** One step of a row: its next state, and the logits. Returns the value. */
  #advance(row: number): number {
    const weights = this.#weights;
    const { model, layers, heads, headBias, history } = weights;
    const { hidden, recurrent, attendsPrompt, actions } = model;
    const age = this.#ages[row] as number;
    const after = this.#after;
    weights.writeGates(this.#tokens[row] as number, this.#gates);
    this.#observations.addTo(weights, row, age, this.#gates);
    for (let index = 0; index < layers.length; index += 1) {
      const layer = layers[index] as (typeof layers)[number];
      const at = (row * layers.length + index) * hidden;
      layer.input?.times(after, 0, layer.inputBias, this.#gates);
      layer.step(this.#gates, this.#states, at, after);
      for (let i = 0; recurrent && i < hidden; i += 1) {
        this.#states[at + i] = after[i] as number;
      }
    }
    const read = this.#read;
    for (let i = 0; i < hidden; i += 1) {
      read[i] = after[i] as number;
    }
    if (attendsPrompt) {
      this.#reading?.attend(weights, row, read);
    }
    if (history !== undefined) {
      this.#pasts[row]?.step(history, age, read, attendsPrompt ? 2 * hidden : hidden);
    }
    heads.times(read, 0, headBias, this.#said);
    const { logits } = this.#choice;
    for (let action = 0; action < actions; action += 1) {
      logits[action] = this.#said[action] as number;
    }
    this.#observations.forbid(row, logits);
    for (let action = 0; this.#temperature !== 1 && action < actions; action += 1) {
      logits[action] = (logits[action] as number) / this.#temperature;
    }
    return this.#said[actions] as number;
  }
}
