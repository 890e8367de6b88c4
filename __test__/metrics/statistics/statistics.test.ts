import test from 'ava';
import fc from 'fast-check';
import { aggregateScores, performanceProfile, probabilityOfImprovement } from 'innate';
import { fails } from '../../support/failure.js';

test('of one run there is a point and no width', (t) => {
  const { iqm, mean, median, optimalityGap } = aggregateScores([[0.25]], { resamples: 100 });
  t.deepEqual([iqm, mean, median], new Array(3).fill({ value: 0.25, low: 0.25, high: 0.25 }));
  t.deepEqual(optimalityGap, { value: 0.75, low: 0.75, high: 0.75 });
});

test('known values: a quarter is cut at each end of the IQM, and the median is over tasks', (t) => {
  const scores = [
    [0, 10],
    [1, 20],
    [2, 30],
    [100, 40],
  ];
  const { iqm, mean, median } = aggregateScores(scores, { resamples: 10 });
  t.is(iqm.value, (2 + 10 + 20 + 30) / 4);
  t.is(mean.value, (103 / 4 + 25) / 2);
  t.is(median.value, (103 / 4 + 25) / 2);
  t.is(aggregateScores([[0, 1, 1]], { resamples: 10 }).median.value, 1);
});

test('a profile counts what is above a threshold, not at it', (t) => {
  const points = performanceProfile([[0.5], [1]], { thresholds: [0.4, 0.5, 1], resamples: 10 });
  t.deepEqual(
    points.map(({ value }) => value),
    [1, 0.5, 0],
  );
  t.deepEqual(
    performanceProfile([[0.5]], { resamples: 1 }).map(({ threshold }) => threshold),
    Array.from({ length: 21 }, (_, k) => k / 20),
  );
});

test('improvement: ties count half, and both ways sum to 1', (t) => {
  t.is(probabilityOfImprovement([[1], [1]], [[1], [0]], { resamples: 10 }).value, 0.75);
  const scores = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(scores, scores, (x, y) => {
      const there = probabilityOfImprovement(x, y, { resamples: 2 });
      const back = probabilityOfImprovement(y, x, { resamples: 2 });
      return Math.abs(there.value + back.value - 1) < 1e-12;
    }),
  );
});

test('the same seed gives the same bounds, another one others; typed arrays are rows too', (t) => {
  const scores = [[0.1, 0.5], [0.9, 0.2], Float64Array.of(0.3, 0.6)];
  const once = aggregateScores(scores, { resamples: 50, seed: 3 });
  t.deepEqual(aggregateScores(scores, { resamples: 50, seed: 3 }), once);
  t.notDeepEqual(aggregateScores(scores, { resamples: 50, seed: 4 }), once);
  const { iqm } = aggregateScores(scores, { resamples: 2000, confidence: 0.5 });
  const wide = aggregateScores(scores, { resamples: 2000, confidence: 0.99 }).iqm;
  t.true(wide.low < iqm.low && iqm.high < wide.high);
});

test('bad scores and options are said by their places', async (t) => {
  const input = (scores: unknown) => () => aggregateScores(scores as number[][]);
  for (const [scores, path] of [
    [[], 'scores'],
    [3, 'scores'],
    [[[]], 'scores[0]'],
    [[[1], 2], 'scores[1]'],
    [[[1], [1, 2]], 'scores[1]'],
    [[[1, NaN]], 'scores[0][1]'],
    [[[1], [Infinity]], 'scores[1][0]'],
  ] as const) {
    await fails(t, input(scores), { code: 'ERR_INPUT', path });
  }
  await fails(t, () => probabilityOfImprovement([[1]], [[1, 2]]), { code: 'ERR_INPUT', path: 'second' });
  await fails(t, () => aggregateScores([[1]], { resamples: 0 }), { code: 'ERR_OPTIONS', path: 'resamples' });
  await fails(t, () => aggregateScores([[1]], { confidence: 1 }), { code: 'ERR_OPTIONS', path: 'confidence' });
  await fails(t, () => aggregateScores([[1]], { seed: -1 }), { code: 'ERR_OPTIONS', path: 'seed' });
  await fails(t, () => performanceProfile([[1]], { thresholds: [] }), { code: 'ERR_OPTIONS', path: 'thresholds' });
  await fails(t, () => performanceProfile([[1]], { thresholds: [0, NaN] }), { code: 'ERR_OPTIONS', path: 'thresholds[1]' });
  await fails(t, () => aggregateScores([[1]], { reps: 3 } as object), { code: 'ERR_OPTIONS', path: 'reps' });
});
