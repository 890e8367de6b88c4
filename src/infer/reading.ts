import { softmax } from './softmax.js';
import type { Weights } from './weights.js';

/** Prompts whose ids have been checked. */
interface Shown {
  /** Token ids, `[n, L]`. */
  readonly contexts: Int32Array;
  /** Stage ids, `[n]`. */
  readonly stages: Int32Array;
  /** Tokens that count, `[n]`; all where absent. */
  readonly lengths: Int32Array | undefined;
  /** Numbers beside the tokens, `[n, L]`, where they are read. */
  readonly values: Float32Array | undefined;
}

/** Prompts as they were read: of each row the first state, and what is attended to. */
export class Reading {
  readonly #rows: number;
  readonly #attended: boolean;
  /** `[rows, L, H]`, where it is attended to. */
  #vectors = new Float32Array(0);
  /** Tokens that there is room for. */
  #length = 0;
  readonly #lengths: Int32Array;
  #scores = new Float64Array(0);
  readonly #gates: Float64Array;
  /** `[2, H]`, the states before and after a token. */
  readonly #states: readonly [Float64Array, Float64Array];
  /** Of the tokens that are pooled. */
  readonly #sum: Float64Array;
  readonly #embedded: Float64Array;
  readonly #query: Float64Array;

  /**
   * @param weights - The network's.
   * @param rows - Most rows.
   */
  constructor({ model }: Weights, rows: number) {
    const { hidden } = model;
    this.#rows = rows;
    this.#attended = model.attendsPrompt;
    this.#lengths = new Int32Array(rows);
    this.#gates = new Float64Array(3 * hidden);
    this.#states = [new Float64Array(hidden), new Float64Array(hidden)];
    this.#sum = new Float64Array(hidden);
    this.#embedded = new Float64Array(hidden);
    this.#query = new Float64Array(hidden);
  }

  /**
   * @param weights - The network's.
   * @param prompts - What is read.
   * @param states - Of the rows, `[n, stride]`, of which the first `H` are written: the first layer's.
   */
  read(weights: Weights, prompts: Shown, states: Float64Array): void {
    const { encoder, hidden } = weights.model;
    const { contexts, stages, lengths } = prompts;
    const n = stages.length;
    const length = contexts.length / n;
    this.#makeRoom(length, hidden);
    const batch = encoder.kind === 'pooled' && encoder.pooling === 'batch';
    let total = 0;
    for (let row = 0; row < n; row += 1) {
      const count = lengths?.[row] ?? length;
      this.#lengths[row] = count;
      if (encoder.kind === 'recurrent') {
        this.#writeState(weights, stages, row, this.#walk(weights, prompts, row, encoder.backward), 1, states);
      } else {
        total = batch && row > 0 ? total + count : count;
        this.#pool(weights, prompts, row, total > count);
        if (!batch) {
          this.#writeState(weights, stages, row, this.#sum, total, states);
        }
      }
    }
    for (let row = 0; batch && row < n; row += 1) {
      this.#writeState(weights, stages, row, this.#sum, total, states);
    }
  }

  /**
   * Attends to a row's prompt.
   *
   * @param weights - The network's.
   * @param row - Which row.
   * @param read - What the heads read: the state, `[H]` from 0 on, beside which `H` numbers are written.
   */
  attend(weights: Weights, row: number, read: Float64Array): void {
    const { hidden } = weights.model;
    const count = this.#lengths[row] as number;
    const begin = row * this.#length * hidden;
    weights.promptQuery?.times(read, 0, undefined, this.#query);
    for (let token = 0; token < count; token += 1) {
      let score = 0;
      for (let i = 0; i < hidden; i += 1) {
        score += (this.#query[i] as number) * (this.#vectors[begin + token * hidden + i] as number);
      }
      this.#scores[token] = score / Math.sqrt(hidden);
    }
    softmax(this.#scores, count);
    read.fill(0, hidden, 2 * hidden);
    for (let token = 0; token < count; token += 1) {
      const weight = this.#scores[token] as number;
      for (let i = 0; i < hidden; i += 1) {
        read[hidden + i] = (read[hidden + i] as number) + weight * (this.#vectors[begin + token * hidden + i] as number);
      }
    }
  }

  /** A row's first state, of a sum of so many vectors and of its stage. */
  #writeState({ stages, model }: Weights, ids: Int32Array, row: number, sum: Float64Array, count: number, states: Float64Array): void {
    const at = (row * states.length) / this.#rows;
    const stage = (ids[row] as number) * model.hidden;
    for (let i = 0; i < model.hidden; i += 1) {
      states[at + i] = Math.tanh((sum[i] as number) / count + (stages[stage + i] as number));
    }
  }

  /** Sums what a row's tokens stand for, on top of the rows before or anew. */
  #pool(weights: Weights, prompts: Shown, row: number, goesOn: boolean): void {
    const sum = goesOn ? this.#sum : this.#sum.fill(0);
    for (let token = 0; token < (this.#lengths[row] as number); token += 1) {
      const embedded = this.#embed(weights, prompts, row, token);
      for (let i = 0; i < sum.length; i += 1) {
        sum[i] = (sum[i] as number) + (embedded[i] as number);
      }
      this.#keep(row, token, embedded);
    }
  }

  /** Reads a row's tokens in order. Returns the last state. */
  #walk(weights: Weights, prompts: Shown, row: number, backward: boolean): Float64Array {
    const { encoder } = weights;
    const count = this.#lengths[row] as number;
    let [before, after] = this.#states;
    before.fill(0);
    for (let step = 0; step < count; step += 1) {
      const token = backward ? count - 1 - step : step;
      encoder?.input?.times(this.#embed(weights, prompts, row, token), 0, encoder.inputBias, this.#gates);
      encoder?.step(this.#gates, before, 0, after);
      this.#keep(row, token, after);
      [before, after] = [after, before];
    }
    return before;
  }

  /** What a token of a row stands for: its embedding, and a multiple of a vector where a number is read beside it. */
  #embed(weights: Weights, { contexts, stages, values }: Shown, row: number, token: number): Float64Array {
    const embedded = this.#embedded;
    const at = (row * contexts.length) / stages.length + token;
    weights.writeEmbedding(contexts[at] as number, embedded);
    for (let i = 0; i < weights.values.length; i += 1) {
      embedded[i] = (embedded[i] as number) + (values?.[at] as number) * (weights.values[i] as number);
    }
    return embedded;
  }

  /** Keeps what is attended to at a token. */
  #keep(row: number, token: number, vector: Float64Array): void {
    if (this.#attended) {
      this.#vectors.set(vector, (row * this.#length + token) * vector.length);
    }
  }

  #makeRoom(length: number, hidden: number): void {
    if (this.#attended && length > this.#length) {
      this.#length = length;
      this.#vectors = new Float32Array(this.#rows * length * hidden);
      this.#scores = new Float64Array(length);
    }
  }
}
