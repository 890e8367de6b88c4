import { box, discrete, layoutOf, type ResetContext, type VectorEnvironment } from 'innate';

/** Rows that count to 3 when they are told to: action 1 counts, 0 does not. Typed arrays throughout. */
export class Counters implements VectorEnvironment {
  readonly layout = layoutOf({ parity: discrete(2), count: box({ shape: [1], low: 0, high: 3 }) });
  readonly actionCount = 2;
  readonly stages: readonly string[] = ['counting'];
  readonly masked: boolean = true;
  readonly size: number;
  dense: Float32Array;
  readonly discrete: Int32Array;
  readonly actionMask: Uint8Array | undefined;
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete: Int32Array;
  closed = 0;
  #next: ((row: number) => ResetContext) | undefined;

  constructor(size: number) {
    this.size = size;
    this.dense = new Float32Array(size);
    this.discrete = new Int32Array(size);
    this.actionMask = new Uint8Array(2 * size).fill(1);
    this.rewards = new Float32Array(size);
    this.terminated = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.successes = new Uint8Array(size).fill(255);
    this.finalDense = new Float32Array(size);
    this.finalDiscrete = new Int32Array(size);
  }

  reset(next: (row: number) => ResetContext): void | Promise<void> {
    this.#next = next;
    for (let row = 0; row < this.size; row += 1) {
      this.#begin(row);
    }
  }

  step(actions: Int32Array): void | Promise<void> {
    for (let row = 0; row < this.size; row += 1) {
      const count = (this.dense[row] ?? 0) + (actions[row] ?? 0);
      this.rewards[row] = actions[row] ?? 0;
      this.terminated[row] = count === 3 ? 1 : 0;
      this.truncated[row] = 0;
      this.successes[row] = count === 3 ? 1 : 255;
      if (count === 3) {
        this.finalDense[row] = 3;
        this.finalDiscrete[row] = 1;
        this.#begin(row);
      } else {
        this.dense[row] = count;
        this.discrete[row] = count % 2;
      }
    }
  }

  close(): void {
    this.closed += 1;
  }

  #begin(row: number): void {
    this.#next?.(row);
    this.dense[row] = 0;
    this.discrete[row] = 0;
  }
}
