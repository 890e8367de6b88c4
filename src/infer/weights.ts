import { CLOCK, embeds, type ModelSpec, observedBy, readsClock } from '../checkpoint/model-spec.js';
import { headWidth } from '../checkpoint/parameters.js';
import type { Checkpoint, RolloutSpec, Statistics } from '../checkpoint/read.js';
import { Gru } from './gru.js';
import { Matrix } from './matrix.js';

/** What attention over the past is made of. */
export interface HistoryWeights {
  readonly query: Matrix;
  readonly key: Matrix;
  readonly value: Matrix;
  /** `[2, window]`, one step back first. */
  readonly bias: Float32Array;
}

const NOTHING = new Float32Array(0);

/** A network's weights as its steps read them. Nothing of what they say ever changes, so that any number of sessions share them. */
export class Weights {
  readonly model: ModelSpec;
  readonly rollout: RolloutSpec;
  readonly observations: Statistics | undefined;
  /** Whether the token before is read. */
  readonly readsTokens: boolean;
  readonly readsClock: boolean;
  /** How many numbers are observed, and how many values each id has. */
  readonly observed: ReturnType<typeof observedBy>;
  /** `[V, H]`; empty where no token is read. */
  readonly embedding: Float32Array;
  /** `[S, H]`; empty where no stage is read. */
  readonly stages: Float32Array;
  readonly encoder: Gru | undefined;
  readonly layers: readonly Gru[];
  /** What each number that is read beside the token gives the first layer's gates, `[F, 3H]`. */
  readonly features: Float32Array;
  readonly promptQuery: Matrix | undefined;
  readonly history: HistoryWeights | undefined;
  /** Of the policy and, in the last row, of the value, `[A + 1, R]`. */
  readonly heads: Matrix;
  /** `[A + 1]`; −∞ for an action that may not be emitted. */
  readonly headBias: Float32Array;
  /** Of the token's embedding, where it is read. */
  readonly #tokens: Matrix | undefined;
  /** What each token gives the first layer's gates, bias included, `[V, 3H]`, as far as it was asked for. */
  readonly #table: Float32Array;
  readonly #made: Uint8Array;
  readonly #embedded: Float64Array;

  /** @param file - Where they stand. */
  constructor(file: Checkpoint) {
    const { model } = file;
    const { hidden, encoder, window } = model;
    const floats = (name: string, there: boolean): Float32Array => (there ? file.floats(name) : NOTHING);
    this.model = model;
    this.rollout = file.rollout;
    this.observations = file.observations;
    this.readsTokens = model.inputs[0]?.kind === 'previousAction';
    this.readsClock = readsClock(model);
    this.observed = observedBy(model);
    this.embedding = floats('emb.weight', embeds(model));
    this.stages = floats('stage_emb.weight', encoder.kind !== 'none');
    this.encoder = encoder.kind === 'recurrent' ? new Gru(file, 'encoder', 0) : undefined;
    this.layers = Array.from({ length: model.layers }, (_, layer) => new Gru(file, 'rnn', layer));
    const first = file.floats('rnn.weight_ih_l0');
    const width = first.length / (3 * hidden);
    const embedded = this.readsTokens ? hidden : 0;
    this.#tokens = this.readsTokens ? new Matrix(first, width, 0, hidden) : undefined;
    this.features = transposed(first, width, embedded);
    const rows = this.readsTokens ? model.vocabulary : 1;
    this.#table = new Float32Array(rows * 3 * hidden);
    this.#made = new Uint8Array(rows);
    this.#embedded = new Float64Array(hidden);
    this.promptQuery = model.attendsPrompt ? new Matrix(file.floats('attn.prompt.query.weight'), hidden) : undefined;
    this.history = window > 0 ? historyOf(file, hidden + (this.readsClock ? CLOCK : 0)) : undefined;
    this.heads = new Matrix(joined(file.floats('pi.weight'), file.floats('v.weight')), headWidth(model));
    this.headBias = joined(file.floats('pi.bias'), file.floats('v.bias'));
    file.rollout.actionMask?.forEach((allowed, action) => {
      this.headBias[action] = allowed ? (this.headBias[action] as number) : -Infinity;
    });
  }

  /**
   * @param token - A token.
   * @param out - Its embedding, `[H]`.
   */
  writeEmbedding(token: number, out: Float64Array): void {
    const begin = token * out.length;
    for (let i = 0; i < out.length; i += 1) {
      out[i] = this.embedding[begin + i] as number;
    }
  }

  /**
   * Writes what the token before gives the first layer's gates, bias included.
   *
   * @param token - The token; 0 where none is read.
   * @param out - `[3H]`
   */
  writeGates(token: number, out: Float64Array): void {
    const at = token * out.length;
    if (this.#made[token] === 0) {
      this.#made[token] = 1;
      const bias = (this.layers[0] as Gru).inputBias;
      if (this.#tokens === undefined) {
        out.set(bias);
      } else {
        this.writeEmbedding(token, this.#embedded);
        this.#tokens.times(this.#embedded, 0, bias, out);
      }
      this.#table.set(out, at);
    }
    for (let i = 0; i < out.length; i += 1) {
      out[i] = this.#table[at + i] as number;
    }
  }
}

function historyOf(file: Checkpoint, looked: number): HistoryWeights {
  const matrix = (name: string, width: number): Matrix => new Matrix(file.floats(`attn.history.${name}.weight`), width);
  return {
    query: matrix('query', looked),
    key: matrix('key', looked),
    value: matrix('value', file.model.hidden),
    bias: file.floats('attn.history.bias'),
  };
}

/** The columns of a matrix from one on, as rows. */
function transposed(weights: Float32Array, width: number, from: number): Float32Array {
  const rows = weights.length / width;
  const out = new Float32Array(rows * (width - from));
  for (let column = from; column < width; column += 1) {
    for (let row = 0; row < rows; row += 1) {
      out[(column - from) * rows + row] = weights[row * width + column] as number;
    }
  }
  return out;
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
