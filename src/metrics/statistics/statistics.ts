import { InputError } from '../../errors/input-error.js';
import { Issues } from '../../util/issues.js';
import { isArray } from '../../util/kind.js';
import { type OptionReader, readOptions } from '../../util/option-reader.js';
import { Random, STREAMS } from '../../util/random.js';
import { show } from '../../util/show.js';
import { aggregatesTo, improvement, sharesAbove } from './aggregates.js';
import { type BootstrapConfig, bootstrap, type Estimate } from './bootstrap.js';
import { type RunScores, readScores, type ScoreTable } from './scores.js';

/** How confidence intervals are made: by a stratified bootstrap, with percentiles. The same options give the same bounds. */
export interface IntervalOptions {
  /**
   * How often scores are drawn again, 1 to 2²⁰. Time grows with it and with the number of scores.
   *
   * @defaultValue 50_000; 2_000 for a performance profile
   */
  readonly resamples?: number | undefined;
  /**
   * Share of such experiments whose interval holds the true number, above 0 and below 1.
   *
   * @defaultValue 0.95
   */
  readonly confidence?: number | undefined;
  /**
   * Seed of the draws, a non-negative safe integer.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
}

/** Options of {@link aggregateScores}. */
export interface AggregateOptions extends IntervalOptions {
  /**
   * A score that is as good as need be, for the optimality gap.
   *
   * @defaultValue 1
   */
  readonly optimum?: number | undefined;
}

/** Options of {@link performanceProfile}. */
export interface ProfileOptions extends IntervalOptions {
  /**
   * Scores to be above, at least one.
   *
   * @defaultValue 0, 0.05, … 1
   */
  readonly thresholds?: readonly number[] | undefined;
}

/** What several runs on several tasks come to. */
export interface Aggregates {
  /** Interquartile mean: the mean of the middle half of all scores. Less moved by outliers than the mean, more certain than the median. */
  readonly iqm: Estimate;
  /** Mean over tasks of the means over runs. */
  readonly mean: Estimate;
  /** Median over tasks of the means over runs. */
  readonly median: Estimate;
  /** How far scores are below the optimum on the mean, where those above it count as the optimum. Less is better. */
  readonly optimalityGap: Estimate;
}

/** Which share of runs is above a score. */
export interface ProfilePoint extends Estimate {
  /** The score. `value` is the share of all scores, 0 to 1, that are above it, not at it. */
  readonly threshold: number;
}

/**
 * What several runs on several tasks come to, with confidence intervals, as Agarwal et al. (2021) propose it and their `rliable` computes it.
 *
 * @param scores - `[runs][tasks]`.
 * @param options - See {@link AggregateOptions}.
 * @returns IQM, mean, median and optimality gap.
 * @throws {@link InputError} when the scores are none.
 * @throws {@link OptionsError} when an option is wrong.
 *
 * @example
 * ```ts
 * const { iqm } = aggregateScores([[0.99, 0.7], [1, 0.9], [0.98, 0.2]]);
 * console.log(iqm.value, iqm.low, iqm.high);
 * ```
 */
export function aggregateScores(scores: RunScores, options: AggregateOptions = {}): Aggregates {
  const { optimum, ...how } = readOptions(options, (reader) => ({
    ...readIntervals(reader, 50_000),
    optimum: reader.number('optimum', 1, {}),
  }));
  const [iqm, mean, median, optimalityGap] = bootstrap([tableOf('scores', scores)], aggregatesTo(optimum), 4, how);
  return { iqm, mean, median, optimalityGap } as Aggregates;
}

/**
 * The performance profile of some runs: for each threshold the share of all scores above it. A curve that lies above another everywhere is
 * better whatever one thinks good enough.
 *
 * @param scores - `[runs][tasks]`.
 * @param options - See {@link ProfileOptions}.
 * @returns One point a threshold, in their order.
 * @throws {@link InputError} when the scores are none.
 * @throws {@link OptionsError} when an option is wrong.
 */
export function performanceProfile(scores: RunScores, options: ProfileOptions = {}): ProfilePoint[] {
  const { thresholds, ...how } = readOptions(options, (reader) => ({
    ...readIntervals(reader, 2_000),
    thresholds: readThresholds(reader),
  }));
  const estimates = bootstrap([tableOf('scores', scores)], sharesAbove(thresholds), thresholds.length, how);
  return estimates.map((estimate, k) => ({ threshold: thresholds[k] as number, ...estimate }));
}

/**
 * The probability that a run of one kind is better than a run of another kind on the same task: each run is compared with each, a tie counts
 * half, and tasks count alike. An interval above 0.5 says that the first kind is better; how much better it does not say.
 *
 * @param first - `[runs][tasks]`.
 * @param second - The same tasks, with as many runs or others.
 * @param options - See {@link IntervalOptions}.
 * @returns The probability, 0 to 1.
 * @throws {@link InputError} when the scores are none, or of different numbers of tasks.
 * @throws {@link OptionsError} when an option is wrong.
 */
export function probabilityOfImprovement(first: RunScores, second: RunScores, options: IntervalOptions = {}): Estimate {
  const how = readOptions(options, (reader) => readIntervals(reader, 50_000));
  const tables = [tableOf('first', first), tableOf('second', second)] as const;
  const [x, y] = tables;
  if (x.tasks !== y.tasks) {
    const message = `must have ${x.tasks} scores a run, as first has, got ${y.tasks}.`;
    throw new InputError([{ path: 'second', message, remedy: 'Compare scores on the same tasks.' }]);
  }
  return bootstrap(tables, improvement, 1, how)[0] as Estimate;
}

/**
 * Reads {@link IntervalOptions}.
 *
 * @param reader - Over what the caller passed.
 * @param resamples - Where absent.
 * @returns How intervals are made; meaningful only when no issue was added.
 */
export function readIntervals(reader: OptionReader, resamples: number): BootstrapConfig {
  return {
    resamples: reader.count('resamples', resamples),
    confidence: reader.number('confidence', 0.95, { above: 0, below: 1 }),
    random: new Random(reader.seed(), STREAMS.bootstrap),
  };
}

function readThresholds(reader: OptionReader): readonly number[] {
  const given = reader.raw('thresholds');
  if (given === undefined) {
    return Array.from({ length: 21 }, (_, k) => k / 20);
  }
  if (!isArray(given) || given.length === 0) {
    reader.issues.add('thresholds', `must be a list of at least one score, got ${show(given)}.`, 'Pass a list such as [0.5, 0.9, 0.99].');
    return [0];
  }
  return given.map((value, k) => (reader.issues.number(`thresholds[${k}]`, value, {}) ? value : 0));
}

function tableOf(path: string, scores: unknown): ScoreTable {
  const issues = new Issues();
  const table = readScores(scores, issues.at(path));
  issues.throwIfAny(InputError);
  return table;
}
