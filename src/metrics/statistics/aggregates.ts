import type { ScoreTable } from './scores.js';

/** A statistic of one or several tables of scores: several numbers, written in full. */
export type Statistic = (tables: readonly ScoreTable[], out: Float64Array) => void;

/**
 * IQM: the mean of the middle half of all scores, whatever run and task they are of. A quarter of them, rounded down, is left out at each end.
 *
 * @param table - Scores.
 * @returns Their interquartile mean.
 */
export function interquartileMean({ values }: ScoreTable): number {
  const sorted = values.toSorted();
  const cut = Math.floor(sorted.length / 4);
  return sumOf(sorted.subarray(cut, sorted.length - cut)) / (sorted.length - 2 * cut);
}

/**
 * @param table - Scores.
 * @returns Mean over the runs of each task, `[M]`.
 */
export function taskMeans({ runs, tasks, values }: ScoreTable): Float64Array {
  const means = new Float64Array(tasks);
  for (let at = 0; at < values.length; at += 1) {
    means[at % tasks] = (means[at % tasks] as number) + (values[at] as number);
  }
  return means.map((sum) => sum / runs);
}

/**
 * @param values - At least one number.
 * @returns The middle one, or the mean of the middle two.
 */
export function medianOf(values: Float64Array): number {
  return percentileOf(values.toSorted(), 0.5);
}

/**
 * @param table - Scores.
 * @param optimum - What is as good as need be.
 * @returns How far below the optimum scores are on the mean; those above count as the optimum.
 */
export function optimalityGap({ values }: ScoreTable, optimum: number): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    sum += Math.min(values[at] as number, optimum);
  }
  return optimum - sum / values.length;
}

/**
 * @param optimum - See {@link optimalityGap}.
 * @returns IQM, mean, median of the tasks' means, and optimality gap.
 */
export function aggregatesTo(optimum: number): Statistic {
  return ([table], out) => {
    const scores = table as ScoreTable;
    const means = taskMeans(scores);
    out[0] = interquartileMean(scores);
    out[1] = sumOf(means) / means.length;
    out[2] = medianOf(means);
    out[3] = optimalityGap(scores, optimum);
  };
}

/**
 * @param thresholds - Scores, `[K]`.
 * @returns Share of all scores that are above each of them.
 */
export function sharesAbove(thresholds: readonly number[]): Statistic {
  return ([table], out) => {
    const { values } = table as ScoreTable;
    for (const [k, threshold] of thresholds.entries()) {
      let above = 0;
      for (let at = 0; at < values.length; at += 1) {
        above += (values[at] as number) > threshold ? 1 : 0;
      }
      out[k] = above / values.length;
    }
  };
}

/** The probability that a run of the first table is better than one of the second on the same task, a tie counting half, on the mean over tasks. */
export const improvement: Statistic = ([first, second], out) => {
  const [x, y] = [first as ScoreTable, second as ScoreTable];
  let wins = 0;
  for (let i = 0; i < x.values.length; i += 1) {
    const own = x.values[i] as number;
    for (let j = i % x.tasks; j < y.values.length; j += y.tasks) {
      const other = y.values[j] as number;
      wins += own > other ? 1 : Number(own === other) / 2;
    }
  }
  out[0] = wins / (x.runs * y.runs * x.tasks);
};

/**
 * @param sorted - Numbers in ascending order, at least one.
 * @param share - 0 to 1.
 * @returns The number below which that share of them lies, interpolated between neighbours.
 */
export function percentileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const above = sorted[Math.ceil(at)] as number;
  return below + (at - Math.floor(at)) * (above - below);
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) {
    sum += values[at] as number;
  }
  return sum;
}
