import { softmax } from './softmax.js';
import type { Weights } from './weights.js';

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
  readonly #mean: Float64Array;
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
    this.#mean = new Float64Array(hidden);
    this.#embedded = new Float64Array(hidden);
    this.#query = new Float64Array(hidden);
  }

  /**
   * Reads prompts whose ids have been checked.
   *
   * @param weights - The network's.
   * @param contexts - Token ids, `[n, L]`.
   * @param stages - Stage ids, `[n]`.
   * @param lengths - Tokens that count, `[n]`; all where absent.
   * @param states - Of the rows, `[n, stride]`, of which the first `H` are written: the first layer's.
   */
  read(weights: Weights, contexts: Int32Array, stages: Int32Array, lengths: Int32Array | undefined, states: Float64Array): void {
    const { encoder, hidden } = weights.model;
    const n = stages.length;
    const length = contexts.length / n;
    const stride = states.length / this.#rows;
    this.#makeRoom(length, hidden);
    for (let row = 0; row < n; row += 1) {
      this.#lengths[row] = lengths?.[row] ?? length;
    }
    const batch = encoder.kind === 'pooled' && encoder.pooling === 'batch';
    if (batch) {
      this.#pool(weights, contexts, length, 0, n);
    }
    for (let row = 0; row < n; row += 1) {
      let first = this.#mean;
      if (encoder.kind === 'recurrent') {
        first = this.#walk(weights, contexts, length, row);
      } else {
        if (!batch) {
          this.#pool(weights, contexts, length, row, row + 1);
        }
        this.#keepEmbeddings(weights, contexts, length, row);
      }
      const stage = (stages[row] as number) * hidden;
      for (let i = 0; i < hidden; i += 1) {
        states[row * stride + i] = Math.tanh((first[i] as number) + (weights.stages[stage + i] as number));
      }
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

  /** The mean of the embeddings of the tokens of some rows that count. */
  #pool({ embedding, model }: Weights, contexts: Int32Array, length: number, from: number, to: number): void {
    const { hidden } = model;
    const mean = this.#mean.fill(0);
    let total = 0;
    for (let row = from; row < to; row += 1) {
      const count = this.#lengths[row] as number;
      total += count;
      for (let at = row * length; at < row * length + count; at += 1) {
        const begin = (contexts[at] as number) * hidden;
        for (let i = 0; i < hidden; i += 1) {
          mean[i] = (mean[i] as number) + (embedding[begin + i] as number);
        }
      }
    }
    for (let i = 0; i < hidden; i += 1) {
      mean[i] = (mean[i] as number) / total;
    }
  }

  /** Reads a row's tokens in order. Returns the last state. */
  #walk(weights: Weights, contexts: Int32Array, length: number, row: number): Float64Array {
    const { encoder, model } = weights;
    const { hidden } = model;
    let [before, after] = this.#states;
    before.fill(0);
    for (let token = 0; token < (this.#lengths[row] as number); token += 1) {
      weights.writeEmbedding(contexts[row * length + token] as number, this.#embedded);
      encoder?.input?.times(this.#embedded, 0, encoder.inputBias, this.#gates);
      encoder?.step(this.#gates, before, 0, after);
      if (this.#attended) {
        this.#vectors.set(after, (row * this.#length + token) * hidden);
      }
      [before, after] = [after, before];
    }
    return before;
  }

  #keepEmbeddings({ embedding, model }: Weights, contexts: Int32Array, length: number, row: number): void {
    if (this.#attended) {
      const { hidden } = model;
      for (let token = 0; token < (this.#lengths[row] as number); token += 1) {
        const begin = (contexts[row * length + token] as number) * hidden;
        this.#vectors.set(embedding.subarray(begin, begin + hidden), (row * this.#length + token) * hidden);
      }
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
