import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { aggregateScores, type Estimate, performanceProfile, probabilityOfImprovement } from 'innate';
import { aggregatesTo, improvement, type Statistic, sharesAbove } from '#dist/metrics/statistics/aggregates.js';
import { bootstrap } from '#dist/metrics/statistics/bootstrap.js';
import { readScores, type ScoreTable } from '#dist/metrics/statistics/scores.js';
import { Issues } from '#dist/util/issues.js';

interface Bounds {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What rliable said: `values` and bounds by the recorded draws, and bounds by many of its own. */
interface Recorded extends Bounds {
  readonly values: readonly number[];
  readonly drawn: readonly number[];
  readonly confidence: number;
  readonly wide: Bounds;
}

interface Golden {
  readonly optimum: number;
  readonly thresholds: readonly number[];
  readonly resamples: number;
  readonly alone: readonly {
    readonly name: string;
    readonly scores: readonly number[][];
    readonly aggregates: Recorded;
    readonly profile: Recorded;
  }[];
  readonly compared: readonly ({ readonly x: string; readonly y: string } & Recorded)[];
}

// Made by tools/golden/statistics.py.
const file = new URL('../../../../__test__/golden/statistics/rliable.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden;
const scoresOf = (name: string): readonly number[][] => golden.alone.find((each) => each.name === name)?.scores ?? [];
const table = (scores: unknown): ScoreTable => readScores(scores, new Issues());

function near(t: ExecutionContext, actual: readonly number[], expected: readonly number[], within: number): void {
  t.is(actual.length, expected.length);
  for (const [k, value] of expected.entries()) {
    t.true(Math.abs((actual[k] ?? NaN) - value) <= within, `${k}: ${actual[k]}, rliable ${value}`);
  }
}

/** Estimates by the draws that rliable made. */
function redrawn(tables: readonly ScoreTable[], statistic: Statistic, { values, drawn, confidence }: Recorded): Estimate[] {
  let next = 0;
  const random = {
    int: () => {
      next += 1;
      return drawn[next - 1] ?? NaN;
    },
  };
  const estimates = bootstrap(tables, statistic, values.length, { resamples: golden.resamples, confidence, random });
  if (next !== drawn.length) {
    throw new Error(`${next} draws, rliable made ${drawn.length}`);
  }
  return estimates;
}

function agree(t: ExecutionContext, estimates: readonly Estimate[], { values, low, high }: Recorded): void {
  near(
    t,
    estimates.map(({ value }) => value),
    values,
    1e-12,
  );
  near(
    t,
    estimates.map((each) => each.low),
    low,
    1e-12,
  );
  near(
    t,
    estimates.map((each) => each.high),
    high,
    1e-12,
  );
}

/** The aggregates of rliable: with the optimum at 1, and the gap at another one. */
const both: Statistic = (tables, out) => {
  aggregatesTo(1)(tables, out);
  const other = new Float64Array(4);
  aggregatesTo(golden.optimum)(tables, other);
  out[4] = other[3] ?? NaN;
};

for (const { name, scores, aggregates, profile } of golden.alone) {
  const spread = Math.max(...scores.flat()) - Math.min(...scores.flat());

  test(`aggregates are rliable's, and so are their intervals by the same draws: ${name}`, (t) => {
    agree(t, redrawn([table(scores)], both, aggregates), aggregates);
  });

  test(`profiles are rliable's, and so are their intervals by the same draws: ${name}`, (t) => {
    agree(t, redrawn([table(scores)], sharesAbove(golden.thresholds), profile), profile);
  });

  test(`intervals by other draws are near rliable's: ${name}`, (t) => {
    const { iqm, mean, median, optimalityGap } = aggregateScores(scores, { resamples: 20_000, confidence: aggregates.confidence });
    const gap = aggregateScores(scores, { resamples: 20_000, confidence: aggregates.confidence, optimum: golden.optimum }).optimalityGap;
    const estimates = [iqm, mean, median, optimalityGap, gap];
    near(
      t,
      estimates.map(({ value }) => value),
      aggregates.values,
      1e-12,
    );
    near(
      t,
      estimates.map(({ low }) => low),
      aggregates.wide.low,
      0.03 * spread,
    );
    near(
      t,
      estimates.map(({ high }) => high),
      aggregates.wide.high,
      0.03 * spread,
    );
    const points = performanceProfile(scores, { thresholds: golden.thresholds });
    t.deepEqual(
      points.map(({ threshold, value }) => [threshold, value]),
      golden.thresholds.map((threshold, k) => [threshold, profile.values[k]]),
    );
  });
}

for (const { x, y, ...recorded } of golden.compared) {
  test(`the probability of improvement is rliable's, and so is its interval: ${x} over ${y}`, (t) => {
    agree(t, redrawn([table(scoresOf(x)), table(scoresOf(y))], improvement, recorded), recorded);
    const own = probabilityOfImprovement(scoresOf(x), scoresOf(y), { resamples: 20_000 });
    near(t, [own.value], recorded.values, 1e-12);
    near(t, [own.low, own.high], [recorded.wide.low[0] ?? NaN, recorded.wide.high[0] ?? NaN], 0.03);
  });
}
