/**
 * The chance that at least one of `k` programs is right, from `n` of which `c` were: 1 − C(n − c, k) / C(n, k), of which the mean over problems is
 * unbiased (Chen et al. 2021, arXiv 2107.03374). As a product, since the binomials would not fit.
 *
 * @param n - Programs sampled.
 * @param c - How many of them were right, at most `n`.
 * @param k - How many there would be, 1 to `n`.
 * @returns The chance, 0 to 1.
 */
export function passAtK(n: number, c: number, k: number): number {
  if (n - c < k) {
    return 1;
  }
  let allWrong = 1;
  for (let i = n - c + 1; i <= n; i += 1) {
    allWrong *= 1 - k / i;
  }
  return 1 - allWrong;
}
