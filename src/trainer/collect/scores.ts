import type { RolloutMetrics } from '../../metrics/events.js';
import type { Scores } from '../../task/task.js';

/** {@link Scores} with all that a task may write. */
export type FullScores = { readonly [K in keyof Scores]-?: NonNullable<Scores[K]> };

/** Sums over programs. */
export interface ScoreTotals {
  /** Programs that met the stated target. */
  successes: number;
  /** Sum of the returns. */
  returns: number;
  /** Sum of the steps that count. */
  steps: number;
}

/**
 * @param count - Programs, `n`.
 * @returns Where a task writes its scores.
 */
export function makeScores(count: number): FullScores {
  return { returns: new Float32Array(count), successes: new Uint8Array(count), lengths: new Int32Array(count) };
}

/**
 * @param totals - Changed.
 * @param scores - What a task wrote.
 * @param count - How many programs to add, from the first.
 */
export function addScores(totals: ScoreTotals, { successes, returns, lengths }: FullScores, count: number): void {
  // Summed up in variables: an object's property that is no small integer is allocated anew each time it is written.
  let right = totals.successes;
  let sum = totals.returns;
  let steps = totals.steps;
  for (let i = 0; i < count; i += 1) {
    right += successes[i] as number;
    sum += returns[i] as number;
    steps += lengths[i] as number;
  }
  totals.successes = right;
  totals.returns = sum;
  totals.steps = steps;
}

/**
 * @param samples - What a task wrote, for each sample of the problems.
 * @param current - How many problems, the first ones, are of the current stage.
 * @returns How the programs for these did.
 */
export function rolloutMetrics(samples: readonly FullScores[], current: number): RolloutMetrics {
  const totals = { successes: 0, returns: 0, steps: 0 };
  for (const scores of samples) {
    addScores(totals, scores, current);
  }
  const programs = current * samples.length;
  return {
    problems: programs,
    successRate: totals.successes / programs,
    episodeReturnMean: totals.returns / programs,
    episodeLengthMean: totals.steps / programs,
  };
}
