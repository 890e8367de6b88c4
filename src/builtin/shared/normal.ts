import type { Random } from '../../util/random.js';

/**
 * Draws from the standard normal distribution, after Box and Muller.
 *
 * @param random - Where two numbers are drawn from.
 * @returns A number of mean 0 and variance 1.
 */
export function normal(random: Random): number {
  // 1 − u lies in (0, 1], so that its logarithm is finite.
  const radius = Math.sqrt(-2 * Math.log(1 - random.float()));
  return radius * Math.cos(2 * Math.PI * random.float());
}
