/** Where a true value lies, with 95 % confidence. */
export interface Interval {
  /** The lower end. */
  readonly low: number;
  /** The upper end. */
  readonly high: number;
}

/** A share, and how sure it is. */
export interface SuccessEstimate {
  /** The share measured, 0 to 1. */
  readonly successRate: number;
  /** Where the true share lies, with 95 % confidence, over problems drawn as these were: Wilson's score interval. */
  readonly interval: Interval;
}

/** The 97.5th percentile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval of a share (1927), without correction for continuity.
 *
 * @param share - Successes over trials, 0 to 1.
 * @param trials - How many, at least 1; an effective number need not be whole.
 * @returns The interval, within 0 to 1; the ends are exact where the share is 0 or 1.
 */
export function wilson(share: number, trials: number): Interval {
  const square = (Z * Z) / trials;
  const centre = (share + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials));
  return { low: share <= 0 ? 0 : Math.max(0, centre - half), high: share >= 1 ? 1 : Math.min(1, centre + half) };
}

/**
 * Estimates a share from one of each problem, such as the share of right programs among some that were sampled for it: problems are drawn
 * independently, programs of one problem are not. Wilson's interval, with the number of independent trials that the variance over problems
 * comes to (Kish's effective sample size): as many as there are problems where each is all or nothing, and at most one a program.
 *
 * @param shares - Of each problem, 0 to 1, `[m]`, at least one.
 * @param programs - Programs that each of them is of.
 * @returns Their mean, and where it lies.
 */
export function estimate(shares: ArrayLike<number>, programs: number): SuccessEstimate {
  const problems = shares.length;
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < problems; at += 1) {
    const share = shares[at] as number;
    sum += share;
    squares += share * share;
  }
  const mean = sum / problems;
  const variance = Math.max(squares / problems - mean * mean, 0);
  const independent = mean * (1 - mean);
  const effective = independent > 0 ? Math.min((problems * independent) / variance, problems * programs) : problems;
  return { successRate: mean, interval: wilson(mean, effective) };
}

/**
 * The normal interval of a mean: the mean ± 1.96 standard errors.
 *
 * @param values - Independent ones, `[m]`, at least one.
 * @returns Mean and interval; infinite for one value.
 */
export function normalInterval(values: ArrayLike<number>): Interval & { readonly mean: number } {
  const count = values.length;
  let mean = 0;
  for (let at = 0; at < count; at += 1) {
    mean += values[at] as number;
  }
  mean /= count;
  let squares = 0;
  for (let at = 0; at < count; at += 1) {
    squares += ((values[at] as number) - mean) ** 2;
  }
  const half = count === 1 ? Infinity : Z * Math.sqrt(squares / (count - 1) / count);
  return { mean, low: mean - half, high: mean + half };
}
