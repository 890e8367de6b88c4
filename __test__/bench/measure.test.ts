import test from 'ava';
import { quantile, repetitions, rotations, summarize, table, time } from '../../bench/lib/measure.js';
import { flop, meanRate, ppoFlop, TUTORIAL } from '../../bench/lib/native.js';
import { measuredParts } from '../../bench/lib/page.js';

test('median, minimum and quartiles are those of the sorted samples', (t) => {
  t.deepEqual(summarize([5, 1, 4, 2, 3]), { median: 3, min: 1, iqr: 2 });
  t.is(quantile([4, 1, 3, 2], 0.5), 2.5);
  t.is(quantile([7], 0.9), 7);
  t.throws(() => quantile([], 0.5), { instanceOf: RangeError });
});

test('rounds do everything once, each beginning one further on', (t) => {
  t.deepEqual(rotations(['a', 'b', 'c'], 4), [
    ['a', 'b', 'c'],
    ['b', 'c', 'a'],
    ['c', 'a', 'b'],
    ['a', 'b', 'c'],
  ]);
  t.deepEqual(rotations([], 2), [[], []]);
});

test('a block has enough repetitions, and two at least', (t) => {
  t.is(repetitions(2, 400), 200);
  t.is(repetitions(1000, 400), 2);
  t.is(repetitions(0.001, 400), 2000);
});

test('the tutorial update has 204 MFLOP of products', (t) => {
  t.is(Math.round(flop(TUTORIAL) / 1e6), 204);
});

test('an iteration of PPO has 2.7 GFLOP of products', (t) => {
  t.is(Math.round(ppoFlop({ envs: 16, steps: 128, hidden: 128, epochs: 4, minibatches: 4 }) / 1e7), 274);
});

test('the rate over all shapes is the harmonic mean', (t) => {
  const rates = [100, 300].map((gflops) => ({ engine: 'a', threads: 2, shape: [1, 1, 1] as const, gflops }));
  t.true(Math.abs(meanRate(rates) - 150) < 1e-9);
  t.true(Number.isNaN(meanRate([])));
});

test('tables are aligned Markdown, times read well', (t) => {
  t.is(table(['a', 'b'], [['x', '12345']]), '| a   |     b |\n| --- | ----: |\n| x   | 12345 |');
  t.deepEqual([1.234, 0.0321, 2500].map(time), ['1.23 ms', '32.1 µs', '2.50 s']);
});

test('what docs/benchmarks.md says was measured is what the bench wrote', (t) => {
  const intact = Object.fromEntries(measuredParts().map((part) => [part.name, part.intact]));
  t.deepEqual(intact, {
    learning: true,
    iteration: true,
    curves: true,
    memory: true,
    'event-loop': true,
    inference: true,
    environments: true,
    ppo: true,
    'ppo-one-core': true,
    reading: true,
    'environment-memory': true,
  });
});
