import test from 'ava';
import { passAtK } from '#dist/metrics/pass-at-k.js';

/** C(n, k), exactly. */
function choose(n: number, k: number): bigint {
  let result = 1n;
  for (let i = 1; i <= k; i += 1) {
    result = (result * BigInt(n - k + i)) / BigInt(i);
  }
  return n < k ? 0n : result;
}

test('pass@k is 1 − C(n − c, k) / C(n, k), for all n up to 12', (t) => {
  for (let n = 1; n <= 12; n += 1) {
    for (let c = 0; c <= n; c += 1) {
      for (let k = 1; k <= n; k += 1) {
        const exact = 1 - Number(choose(n - c, k)) / Number(choose(n, k));
        t.true(Math.abs(passAtK(n, c, k) - exact) < 1e-14, `${n} ${c} ${k}`);
      }
    }
  }
});

test('values of the published estimator', (t) => {
  // 1 − numpy.prod(1 − k / numpy.arange(n − c + 1, n + 1)), as in Chen et al. 2021, figure 3.
  t.is(passAtK(10, 3, 1), 1 - (1 - 1 / 8) * (1 - 1 / 9) * (1 - 1 / 10));
  t.true(Math.abs(passAtK(10, 3, 5) - (1 - 21 / 252)) < 1e-15);
  t.true(Math.abs(passAtK(200, 1, 100) - 0.5) < 1e-15);
});

test('what does not fit a double is told all the same', (t) => {
  const scale = 10n ** 18n;
  for (const [n, c, k] of [
    [4096, 3, 1000],
    [4096, 40, 64],
    [2000, 1000, 7],
  ] as const) {
    const wrong = Number((scale * choose(n - c, k)) / choose(n, k)) / 1e18;
    t.true(Math.abs(passAtK(n, c, k) - (1 - wrong)) < 1e-12, `${n} ${c} ${k}`);
  }
  t.is(passAtK(4096, 0, 4096), 0);
  t.is(passAtK(4096, 1, 4096), 1);
});

test('the mean over draws of n programs is the chance itself: unbiased', (t) => {
  // Every outcome of n = 6 programs, each right with probability 0.3: the expected estimate of pass@k.
  const [n, p] = [6, 0.3];
  for (let k = 1; k <= n; k += 1) {
    let expected = 0;
    for (let c = 0; c <= n; c += 1) {
      expected += Number(choose(n, c)) * p ** c * (1 - p) ** (n - c) * passAtK(n, c, k);
    }
    t.true(Math.abs(expected - (1 - (1 - p) ** k)) < 1e-14);
  }
});
