import { tutorial } from 'innate';

/** What all peers of a run do alike; given to their processes as BENCH_BATCH, BENCH_STAGE and BENCH_THREADS. */
export interface Settings {
  /** Problems an iteration. */
  readonly batchSize: number;
  /** Stage they are of. */
  readonly stage: number;
  /** Threads, and processors where the system can say which. */
  readonly threads: number;
}

/** The settings of this process. */
export const settings: Settings = {
  batchSize: Number(process.env['BENCH_BATCH'] ?? tutorial.settings.batchSize),
  stage: Number(process.env['BENCH_STAGE'] ?? 0),
  threads: Number(process.env['BENCH_THREADS'] ?? 2),
};
