import type { Checkpoint } from '../checkpoint/read.js';
import { Matrix } from './matrix.js';

/** A GRU layer; gates in the order r, z, n. */
export class Gru {
  /** Of its input, where that is a vector of `H` numbers. */
  readonly input: Matrix | undefined;
  /** `[3H]` */
  readonly inputBias: Float32Array;
  readonly #state: Matrix;
  readonly #stateBias: Float32Array;
  readonly #gates: Float64Array;
  readonly #hidden: number;

  /**
   * @param file - Where the weights stand.
   * @param prefix - `rnn` or `encoder`.
   * @param layer - Which layer.
   */
  constructor(file: Checkpoint, prefix: string, layer: number) {
    const { hidden } = file.model;
    const floats = (name: string, ...width: number[]): Float32Array => file.floats(`${prefix}.${name}_l${layer}`, [3 * hidden, ...width]);
    this.#hidden = hidden;
    this.input = prefix === 'rnn' && layer === 0 ? undefined : new Matrix(floats('weight_ih', hidden), hidden);
    this.inputBias = floats('bias_ih');
    this.#state = new Matrix(floats('weight_hh', hidden), hidden);
    this.#stateBias = floats('bias_hh');
    this.#gates = new Float64Array(3 * hidden);
  }

  /**
   * One step.
   *
   * @param gates - What the input gives, bias included, `[3H]`.
   * @param before - The state before, `[H]` from `at` on.
   * @param at - See `before`.
   * @param out - The state after, `[H]`; another array.
   */
  step(gates: Float64Array, before: Float64Array, at: number, out: Float64Array): void {
    const hidden = this.#hidden;
    const own = this.#gates;
    this.#state.times(before, at, this.#stateBias, own);
    for (let i = 0; i < hidden; i += 1) {
      const r = 1 / (1 + Math.exp(-((gates[i] as number) + (own[i] as number))));
      const z = 1 / (1 + Math.exp(-((gates[hidden + i] as number) + (own[hidden + i] as number))));
      const n = Math.tanh((gates[2 * hidden + i] as number) + r * (own[2 * hidden + i] as number));
      out[i] = n + z * ((before[at + i] as number) - n);
    }
  }
}
