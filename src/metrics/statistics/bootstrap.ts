import type { Random } from '../../util/random.js';
import { percentileOf, type Statistic } from './aggregates.js';
import type { ScoreTable } from './scores.js';

/** A number, and between what bounds it would lie if all were run again with other seeds. */
export interface Estimate {
  /** Of the scores as they are. */
  readonly value: number;
  /** Lower bound of the confidence interval. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** How intervals are made. */
export interface BootstrapConfig {
  /** How often scores are drawn again. */
  readonly resamples: number;
  /** Share of such experiments whose interval holds the true number. */
  readonly confidence: number;
  /** Where the draws come from. */
  readonly random: Pick<Random, 'int'>;
}

/**
 * Stratified bootstrap, percentile intervals: each score of a resample is drawn, with replacement, from all runs on its own task.
 *
 * @param tables - Scores; each table is drawn from on its own.
 * @param statistic - What is estimated.
 * @param size - How many numbers that is, `K`.
 * @param config - How.
 * @returns The estimates, `[K]`.
 */
export function bootstrap(
  tables: readonly ScoreTable[],
  statistic: Statistic,
  size: number,
  { resamples, confidence, random }: BootstrapConfig,
): Estimate[] {
  const point = new Float64Array(size);
  statistic(tables, point);
  const drawn = tables.map((table) => ({ ...table, values: table.values.slice() }));
  const all = Array.from(point, () => new Float64Array(resamples));
  const out = new Float64Array(size);
  for (let r = 0; r < resamples; r += 1) {
    for (const [which, { runs, tasks, values }] of tables.entries()) {
      const into = (drawn[which] as ScoreTable).values;
      for (let at = 0; at < into.length; at += 1) {
        into[at] = values[random.int(runs) * tasks + (at % tasks)] as number;
      }
    }
    statistic(drawn, out);
    for (const [k, kept] of all.entries()) {
      kept[r] = out[k] as number;
    }
  }
  const tail = (1 - confidence) / 2;
  return all.map((kept, k) => {
    const sorted = kept.sort();
    return { value: point[k] as number, low: percentileOf(sorted, tail), high: percentileOf(sorted, 1 - tail) };
  });
}
