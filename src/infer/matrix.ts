/** Rows of a panel: so many sums are under way at once. */
const ROWS = 4;

/**
 * A matrix of which products with vectors are made. Its rows lie in panels of four, number by number beside each other, so that it is read from
 * front to end, and each number of the vector once for four rows.
 */
export class Matrix {
  readonly #rows: number;
  readonly #columns: number;
  readonly #panels: Float32Array;

  /**
   * @param weights - Row-major, `[rows, stride]`.
   * @param stride - Numbers of a row there.
   * @param from - First column that is taken.
   * @param columns - Columns that are taken.
   */
  constructor(weights: Float32Array, stride: number, from = 0, columns = stride) {
    const rows = weights.length / stride;
    this.#rows = rows;
    this.#columns = columns;
    this.#panels = new Float32Array(Math.ceil(rows / ROWS) * ROWS * columns);
    for (let row = 0; row < rows; row += 1) {
      const begin = (row - (row % ROWS)) * columns + (row % ROWS);
      for (let column = 0; column < columns; column += 1) {
        this.#panels[begin + column * ROWS] = weights[row * stride + from + column] as number;
      }
    }
  }

  /**
   * The product with a vector, and a bias added. Sums are of 64 bits; an array of another kind would take V8 twice as long.
   *
   * @param x - The vector, `[columns]` from `at` on.
   * @param at - See `x`.
   * @param bias - `[rows]`; none where absent.
   * @param out - `[rows]`.
   */
  times(x: Float64Array, at: number, bias: Float32Array | undefined, out: Float64Array): void {
    const panels = this.#panels;
    const columns = this.#columns;
    const rows = this.#rows;
    let place = 0;
    for (let row = 0; row < rows; row += ROWS) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let column = at; column < at + columns; column += 1) {
        const number = x[column] as number;
        a += (panels[place] as number) * number;
        b += (panels[place + 1] as number) * number;
        c += (panels[place + 2] as number) * number;
        d += (panels[place + 3] as number) * number;
        place += ROWS;
      }
      out[row] = bias === undefined ? a : a + (bias[row] as number);
      if (row + 1 < rows) {
        out[row + 1] = bias === undefined ? b : b + (bias[row + 1] as number);
      }
      if (row + 2 < rows) {
        out[row + 2] = bias === undefined ? c : c + (bias[row + 2] as number);
      }
      if (row + 3 < rows) {
        out[row + 3] = bias === undefined ? d : d + (bias[row + 3] as number);
      }
    }
  }
}
