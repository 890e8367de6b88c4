import type { TrainingKind } from '../../metrics/events.js';
import type { Estimate } from '../../metrics/statistics/bootstrap.js';
import type { Aggregates, ProfilePoint } from '../../metrics/statistics/statistics.js';
import type { TrainingResult } from '../run/result.js';

/**
 * What the run of one seed did. Its agent is closed; see {@link SeedsOptions.folder}.
 *
 * @typeParam Kind - What was trained on.
 */
export type SeedResult<Kind extends TrainingKind = 'task'> = Omit<TrainingResult<Kind>, 'agent' | 'stopped'> & {
  /** The seed. */
  readonly seed: number;
  /** Where the trained agent was saved; absent where it was not to be. */
  readonly file?: string;
};

/** A seed whose run failed. */
export interface SeedFailure {
  /** The seed. */
  readonly seed: number;
  /** What it failed with. */
  readonly error: Error;
}

/** What is reported of each stage: {@link StageResult.successRate} or {@link StageResult.meanReturn}. */
export type SeedScore = 'successRate' | 'meanReturn';

/**
 * What the runs of several seeds came to. Statistics are over the seeds that did not fail, with {@link SeedsReport.scores} as runs and tasks.
 *
 * @typeParam Kind - What was trained on.
 */
export interface SeedsReport<Kind extends TrainingKind = 'task'> extends Aggregates {
  /** The runs, in the order of the seeds. */
  readonly runs: readonly SeedResult<Kind>[];
  /** The seeds that failed, in their order. */
  readonly failures: readonly SeedFailure[];
  /** Names of the stages that were measured, each once, `[S]`. */
  readonly stages: readonly string[];
  /** What the scores are. */
  readonly score: SeedScore;
  /** What each run's final agent reached in each stage, `[runs][S]`. */
  readonly scores: readonly (readonly number[])[];
  /** Share of all scores above each of 21 thresholds: 0 to 1 for success, and from the least score to the largest for returns. */
  readonly profile: readonly ProfilePoint[];
}

/**
 * What {@link Trainer.runSeeds} returns.
 *
 * @typeParam Kind - What was trained on.
 */
export interface SeedsResult<Kind extends TrainingKind = 'task'> extends SeedsReport<Kind> {
  /** The same without a memory; absent where no twin was asked for. */
  readonly twin?: SeedsReport<Kind>;
  /** Probability that a run is better than one of its twin; absent where there is none. About 0.5: nothing has to be remembered. */
  readonly improvement?: Estimate;
}

/** What had been done when {@link Trainer.runSeeds} was aborted. */
export interface PartialSeeds {
  /** The runs that were finished, in the order of the seeds. */
  readonly runs: readonly SeedResult<TrainingKind>[];
  /** The same of the twin. */
  readonly twinRuns: readonly SeedResult<TrainingKind>[];
  /** The seeds that had failed. */
  readonly failures: readonly SeedFailure[];
}
