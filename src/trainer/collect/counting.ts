import type { Collected } from './collector.js';

/** What counts of programs, of which some may have a random step, and how good their actions were. */
export interface Counting {
  /** 1 for a step that counts, else 0, `[n, T]`. */
  readonly weights: Float32Array;
  /** First step of each program that counts, `[n]`. */
  readonly firsts: Int32Array;
  /** Its steps up to the end, `[n]`. */
  readonly lengths: Int32Array;
  /** R − vₜ, by the values that the programs were emitted with, `[n, T]`. */
  readonly advantages: Float32Array;
  /** Random steps that were no better than expected, as places in `[n, T]`: of these the policy's term does not count. */
  readonly silent: readonly number[];
}

/**
 * What came before a random step is not to blame for what came after it; and of the random choice itself, only that it was good says something.
 *
 * @param collected - The programs. A random step after the end of one was not taken.
 * @returns What counts.
 */
export function countingOf({ episodes: { returns, lengths }, chosen: { values }, randomSteps }: Collected): Counting {
  const count = lengths.length;
  const horizon = values.length / count;
  const weights = new Float32Array(values.length);
  const firsts = new Int32Array(count);
  const silent: number[] = [];
  const advantages = values.map((value, at) => (returns[Math.floor(at / horizon)] as number) - value);
  for (let row = 0; row < count; row += 1) {
    const step = randomSteps?.[row] ?? -1;
    const length = lengths[row] as number;
    const taken = step >= 0 && step < length;
    const first = taken ? step : 0;
    firsts[row] = first;
    weights.fill(1, row * horizon + first, row * horizon + length);
    if (taken && (advantages[row * horizon + step] as number) <= 0) {
      silent.push(row * horizon + step);
    }
  }
  return { weights, firsts, lengths, advantages, silent };
}

/**
 * @param advantages - Of all steps, `[n, T]`.
 * @param silent - See {@link Counting.silent}.
 * @returns A copy with 0 at these.
 */
export function silenced(advantages: Float32Array, silent: readonly number[]): Float32Array {
  const copy = advantages.slice();
  for (const at of silent) {
    copy[at] = 0;
  }
  return copy;
}
