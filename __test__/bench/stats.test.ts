import { readFileSync } from 'node:fs';
import test from 'ava';
import { renderDocs } from '../../bench/docs.js';
import { lineChart } from '../../bench/lib/chart.js';
import { bestRate, flop } from '../../bench/lib/roofline.js';
import { repetitions, rotations } from '../../bench/lib/rounds.js';
import { pack, unpack } from '../../bench/lib/serve.js';
import { quantile, summarize } from '../../bench/lib/stats.js';
import { table, time } from '../../bench/lib/table.js';
import { ROOT } from '../tooling/helpers.js';

test('median, minimum and quartiles are those of the sorted samples', (t) => {
  t.deepEqual(summarize([5, 1, 4, 2, 3]), { count: 5, median: 3, min: 1, iqr: 2 });
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
  t.is(Math.round(flop({ batch: 192, horizon: 6, hidden: 96, vocab: 18 }) / 1e6), 204);
});

test('the best rate is the harmonic mean of the best engine', (t) => {
  const rate = (engine: string, gflops: number): Parameters<typeof bestRate>[0][number] => ({
    engine,
    threads: 2,
    shape: [1, 1, 1],
    gflops,
  });
  const { engine, gflops } = bestRate([rate('a', 100), rate('a', 300), rate('b', 120), rate('b', 120)]);
  t.is(engine, 'a');
  t.true(Math.abs(gflops - 150) < 1e-9);
});

test('tensors survive the wire', (t) => {
  const values = Float32Array.of(1.5, -0, Infinity, 1e-30);
  t.deepEqual(unpack(pack(values, [2, 2])), values);
});

test('tables are aligned Markdown, times read well', (t) => {
  t.is(table(['a', 'b'], [['x', '12345']]), '| a   |     b |\n| --- | ----: |\n| x   | 12345 |');
  t.deepEqual([1.234, 0.0321, 2500].map(time), ['1.23 ms', '32.1 µs', '2.50 s']);
});

test('a chart draws each line, and its bound dashed', (t) => {
  const points = [
    [1, 10],
    [2, 20],
  ] as const;
  const series = [
    { name: 'a < b', points },
    { name: 'bound', points, dashed: true },
  ];
  const svg = lineChart({ title: 'T', x: 'x', y: 'y', series });
  t.is(svg.match(/<circle/g)?.length, 2);
  t.true(svg.includes('a &lt; b') && svg.includes('stroke-dasharray') && !svg.includes('NaN'));
});

test('docs/benchmarks.md and its charts are what the measurements say', (t) => {
  const { markdown, charts } = renderDocs();
  t.is(readFileSync(`${ROOT}docs/benchmarks.md`, 'utf8'), markdown, 'run `npm run bench -- --docs`');
  for (const [name, svg] of Object.entries(charts)) {
    t.is(readFileSync(`${ROOT}docs/benchmarks/${name}.svg`, 'utf8'), svg, 'run `npm run bench -- --docs`');
  }
});
