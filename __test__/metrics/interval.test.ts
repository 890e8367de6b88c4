import test from 'ava';
import fc from 'fast-check';
import { estimate, normalInterval, wilson } from '#dist/metrics/interval.js';

const round = (value: number, digits = 4): number => Math.round(value * 10 ** digits) / 10 ** digits;

test("Wilson's interval is that of Newcombe's table", (t) => {
  // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
  for (const [right, of, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const interval = wilson(right / of, of);
    t.deepEqual([round(interval.low), round(interval.high)], [low, high]);
  }
});

test('the ends of an interval are exact where nothing or all was right, and mirror each other', (t) => {
  t.is(wilson(0, 7).low, 0);
  t.is(wilson(1, 7).high, 1);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, part) => {
      const right = Math.round(part * of);
      const { low, high } = wilson(right / of, of);
      const other = wilson(1 - right / of, of);
      return low >= 0 && high <= 1 && low <= right / of && high >= right / of && Math.abs(low - (1 - other.high)) < 1e-12;
    }),
  );
});

test('with one program a problem an estimate is Wilson of the problems', (t) => {
  const shares = Float64Array.from({ length: 263 }, (_, at) => (at < 81 ? 1 : 0));
  const { successRate, interval } = estimate(shares, 1);
  t.is(successRate, 81 / 263);
  const { low, high } = wilson(81 / 263, 263);
  t.true(Math.abs(interval.low - low) < 1e-12 && Math.abs(interval.high - high) < 1e-12);
});

test('programs of one problem count as many only as far as they differ', (t) => {
  // All or nothing: 8 programs of each of 100 problems say no more than one of each.
  const clustered = estimate(
    Float64Array.from({ length: 100 }, (_, at) => at % 2),
    8,
  );
  t.deepEqual(clustered.interval, wilson(0.5, 100));
  // Each problem is half right: as good as 800 independent programs, and no better.
  t.deepEqual(estimate(new Float64Array(100).fill(0.5), 8).interval, wilson(0.5, 800));
  t.deepEqual(estimate(new Float64Array(100), 8), { successRate: 0, interval: wilson(0, 100) });
  t.deepEqual(estimate(new Float64Array(100).fill(1), 8), { successRate: 1, interval: wilson(1, 100) });
  // Variance 0.05 over problems: 0.25 / 0.05 = 5 independent programs a problem.
  const shares = Float64Array.from({ length: 100 }, (_, at) => 0.5 + (at % 2 === 0 ? 1 : -1) * Math.sqrt(0.05));
  const { low } = estimate(shares, 8).interval;
  t.true(Math.abs(low - wilson(0.5, 500).low) < 1e-9);
});

test('the interval of a mean is 1.96 standard errors wide on each side', (t) => {
  // Mean 3, variance 2.5 by n − 1, standard error √0.5.
  const { mean, low, high } = normalInterval([1, 2, 3, 4, 5]);
  t.is(mean, 3);
  t.is(round(low, 6), round(3 - 1.959964 * Math.SQRT1_2, 6));
  t.is(round(high, 6), round(3 + 1.959964 * Math.SQRT1_2, 6));
  t.deepEqual(normalInterval([2]), { mean: 2, low: -Infinity, high: Infinity });
});
