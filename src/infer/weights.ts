import { CLOCK, embeds, HEADS, type ModelSpec, observedBy, READ_OUT, reads, readsValues, widthOf } from '../checkpoint/model-spec.js';
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
  /** What the number beside a token is a multiple of, `[H]`; empty where none is read. */
  readonly values: Float32Array;
  /** `[S, H]`; empty where no stage is read. */
  readonly stages: Float32Array;
  readonly encoder: Gru | undefined;
  readonly layers: readonly Gru[];
  /** What each number that is read beside the token gives the first layer's gates, `[F, 3H]`. */
  readonly features: Float32Array;
  readonly promptQuery: Matrix | undefined;
  readonly history: HistoryWeights | undefined;
  /** Numbers that the heads read, R. */
  readonly read: number;
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
    const { hidden, encoder, window, vocabulary, actions, attendsPrompt } = model;
    const readsTokens = model.inputs[0]?.kind === 'previousAction';
    this.model = model;
    this.rollout = file.rollout;
    this.observations = file.observations;
    this.readsTokens = readsTokens;
    this.readsClock = reads(model, 'clock');
    this.observed = observedBy(model);
    this.embedding = embeds(model) ? file.floats('emb.weight', [vocabulary, hidden]) : NOTHING;
    this.values = readsValues(model) ? file.floats('value_emb.weight', [hidden, 1]) : NOTHING;
    this.stages = encoder.kind === 'none' ? NOTHING : file.floats('stage_emb.weight', [encoder.stages, hidden]);
    this.encoder = encoder.kind === 'recurrent' ? new Gru(file, 'encoder', 0) : undefined;
    this.layers = Array.from({ length: model.layers }, (_, layer) => new Gru(file, 'rnn', layer));
    const embedded = readsTokens ? hidden : 0;
    const width = model.inputs.reduce((sum, input) => sum + widthOf(input), embedded);
    const first = file.floats('rnn.weight_ih_l0', [3 * hidden, width]);
    this.#tokens = readsTokens ? new Matrix(first, width, 0, hidden) : undefined;
    this.features = transposed(first, width, embedded);
    const rows = readsTokens ? vocabulary : 1;
    this.#table = new Float32Array(rows * 3 * hidden);
    this.#made = new Uint8Array(rows);
    this.#embedded = new Float64Array(hidden);
    const matrix = (name: string, height: number, columns: number): Matrix => new Matrix(file.floats(name, [height, columns]), columns);
    this.promptQuery = attendsPrompt ? matrix('attn.prompt.query.weight', hidden, hidden) : undefined;
    if (window > 0) {
      const looked = hidden + (this.readsClock ? CLOCK : 0);
      this.history = {
        query: matrix('attn.history.query.weight', READ_OUT, looked),
        key: matrix('attn.history.key.weight', READ_OUT, looked),
        value: matrix('attn.history.value.weight', READ_OUT, hidden),
        bias: file.floats('attn.history.bias', [HEADS, window]),
      };
    }
    this.read = hidden * (attendsPrompt ? 2 : 1) + (window > 0 ? READ_OUT : 0);
    const heads = (name: string, ...columns: number[]): Float32Array =>
      joined(file.floats(`pi.${name}`, [actions, ...columns]), file.floats(`v.${name}`, [1, ...columns]));
    this.heads = new Matrix(heads('weight', this.read), this.read);
    this.headBias = heads('bias');
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
