import { execFileSync } from 'node:child_process';
import { rustExample } from './rust-example.js';

/** Rate of one shape by one engine, all threads at once. */
export interface GemmRate {
  readonly engine: string;
  readonly threads: number;
  /** `[m, k, n]`. */
  readonly shape: readonly [number, number, number];
  readonly gflops: number;
}

/** Products in one tutorial update, with token·W_ih as a table: forward, backward, weight gradient, heads. */
export const TUTORIAL_FLOP = flop({ batch: 192, horizon: 6, hidden: 96, vocab: 18 });

/** Sizes of an update. */
export interface UpdateSize {
  readonly batch: number;
  readonly horizon: number;
  readonly hidden: number;
  readonly vocab: number;
}

/** @returns Floating-point operations of an update's products: each of the recurrent weights and the heads, forward and twice backward. */
export function flop({ batch, horizon, hidden, vocab }: UpdateSize): number {
  return 3 * 2 * batch * horizon * (hidden * 3 * hidden + hidden * (vocab + 1));
}

/**
 * @param rates - At least one.
 * @returns The best engine's rate over its shapes: the harmonic mean, since the shapes have equal work.
 */
export function bestRate(rates: readonly GemmRate[]): { readonly engine: string; readonly gflops: number } {
  const engines = [...new Set(rates.map(({ engine }) => engine))];
  const means = engines.map((engine) => {
    const own = rates.filter((rate) => rate.engine === engine);
    return { engine, gflops: own.length / own.reduce((sum, { gflops }) => sum + 1 / gflops, 0) };
  });
  return means.reduce((best, mean) => (mean.gflops > best.gflops ? mean : best));
}

/**
 * Measures the fused engine's own kernel through the Rust example `gemm`, which is built if it is not.
 *
 * @param threads - At once.
 * @param milliseconds - For each shape.
 * @returns One rate a shape; none where the example cannot be built.
 */
export function nativeRates(threads: number, milliseconds: number): GemmRate[] {
  const program = rustExample('gemm');
  if (program === undefined) {
    return [];
  }
  const lines = execFileSync(program, [`${threads}`, `${milliseconds}`], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as GemmRate);
}
