/** What many timings of one thing come to, in their unit. */
export interface Summary {
  /** How many. */
  readonly count: number;
  /** Middle value. */
  readonly median: number;
  /** Smallest. */
  readonly min: number;
  /** Interquartile range: third quartile less first. */
  readonly iqr: number;
}

/**
 * @param samples - Timings in any order; at least one.
 * @param q - 0 to 1.
 * @returns The quantile, interpolated between neighbours.
 */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) {
    throw new RangeError('A quantile of no samples.');
  }
  return below + (at - Math.floor(at)) * (above - below);
}

/**
 * @param samples - Timings in any order; at least one.
 * @returns Median, minimum and spread.
 */
export function summarize(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    median: quantile(samples, 0.5),
    min: quantile(samples, 0),
    iqr: quantile(samples, 0.75) - quantile(samples, 0.25),
  };
}
