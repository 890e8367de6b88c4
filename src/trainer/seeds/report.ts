import { InputError } from '../../errors/input-error.js';
import type { TrainingKind } from '../../metrics/events.js';
import type { Estimate } from '../../metrics/statistics/bootstrap.js';
import {
  aggregateScores,
  type IntervalOptions,
  performanceProfile,
  probabilityOfImprovement,
} from '../../metrics/statistics/statistics.js';
import type { SeedsConfig } from './options.js';
import type { SeedFailure, SeedResult, SeedScore, SeedsReport } from './result.js';

/** Resamples of a profile's intervals, unless fewer are asked for. */
const PROFILE_RESAMPLES = 2_000;

/**
 * Sums up runs.
 *
 * @param runs - Those that did not fail, at least one.
 * @param failures - Those that did.
 * @param score - What the scores are.
 * @param config - How intervals are made.
 * @returns The report.
 */
export function reportOf(
  runs: readonly SeedResult<TrainingKind>[],
  failures: readonly SeedFailure[],
  score: SeedScore,
  { optimum, intervals }: Pick<SeedsConfig, 'optimum' | 'intervals'>,
): SeedsReport<TrainingKind> {
  const scores = runs.map((run) => [...new Map(run.stages.map((stage) => [stage.stage, stage[score]])).values()]);
  const names = new Map(runs[0]?.stages.map(({ stage, name }) => [stage, name]));
  const resamples = Math.min(intervals.resamples, PROFILE_RESAMPLES);
  return {
    ...aggregateScores(scores, { ...intervals, optimum }),
    runs,
    failures,
    stages: [...names.values()],
    score,
    scores,
    profile: performanceProfile(scores, { ...intervals, resamples, thresholds: thresholdsOf(score, scores.flat()) }),
  };
}

/**
 * @param runs - All runs.
 * @param given - What the caller asked for.
 * @returns What is reported: success, if every stage of every run says.
 */
export function scoreOf(runs: readonly SeedResult<TrainingKind>[], given: SeedScore | undefined): SeedScore {
  const says = runs.every(({ stages }) => stages.every(({ successRate }) => !Number.isNaN(successRate)));
  return given ?? (says ? 'successRate' : 'meanReturn');
}

/**
 * The probability that a run of one kind is better than a run of another kind in the same stage; see {@link probabilityOfImprovement}.
 *
 * @param first - What {@link Trainer.runSeeds} returned.
 * @param second - The same of what it is compared with: the same stages and the same score, and as many seeds or others.
 * @param options - How the interval is made.
 * @returns The probability, 0 to 1: above 0.5 the first is better.
 * @throws {@link InputError} when stages or scores differ.
 * @throws {@link OptionsError} when an option is wrong.
 */
export function compareSeeds(
  first: Pick<SeedsReport, 'stages' | 'score' | 'scores'>,
  second: Pick<SeedsReport, 'stages' | 'score' | 'scores'>,
  options: IntervalOptions = {},
): Estimate {
  for (const key of ['stages', 'score'] as const) {
    if (String(first[key]) !== String(second[key])) {
      const message = `must be that of first, ${String(first[key])}, got ${String(second[key])}.`;
      throw new InputError([{ path: `second.${key}`, message, remedy: 'Compare runs of the same stages.' }]);
    }
  }
  return probabilityOfImprovement(first.scores, second.scores, options);
}

function thresholdsOf(score: SeedScore, scores: readonly number[]): number[] {
  const [least, most] = score === 'successRate' ? [0, 1] : [Math.min(...scores), Math.max(...scores)];
  return Array.from({ length: 21 }, (_, k) => least + ((most - least) * k) / 20);
}
