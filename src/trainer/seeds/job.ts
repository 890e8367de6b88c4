import { OptionsError } from '../../errors/options-error.js';
import type { TrainingEvent, TrainingKind } from '../../metrics/events.js';
import { isRecord } from '../../util/kind.js';
import { show, showThrown } from '../../util/show.js';
import { hasPartialResult, type TrainingResult } from '../run/result.js';
import type { SeedResult } from './result.js';

/** The run of one seed, as a value: the same job gives the same agent, wherever and whenever it is done. Plain data but for its options. */
export interface SeedJob {
  /** Address of the module that exports the options; undefined where `options` are all of them. */
  readonly module: string | undefined;
  /** What is trained when. */
  readonly stages: unknown;
  /** The seed. */
  readonly seed: number;
  /** Options of the run, over those of the module; with a module, plain data. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Where the agent is saved; undefined: it is not. */
  readonly file: string | undefined;
}

/** Who watches a job, and who may end it. */
export interface JobWatch {
  readonly signal: AbortSignal;
  /** Called with every event, and waited for; undefined: nobody wants them. */
  readonly onEvent: ((event: TrainingEvent<TrainingKind>) => unknown) | undefined;
}

/** Trains once, as `Trainer.run` does. */
export type TrainOnce = (stages: unknown, options: object) => PromiseLike<TrainingResult<TrainingKind>>;

/**
 * Does a job in this thread.
 *
 * @param job - What is to be done.
 * @param train - How a run is made.
 * @param watch - Who watches.
 * @returns What the run did. Its agent is saved, where it is to be, and closed.
 */
export async function doJob(job: SeedJob, train: TrainOnce, { signal, onEvent }: JobWatch): Promise<SeedResult<TrainingKind>> {
  const { module, stages, seed, options, file } = job;
  const own = module === undefined ? {} : await importOptions(module, seed);
  try {
    const { agent, stopped: _, ...result } = await train(stages, { ...own, ...options, seed, progress: onEvent ?? false, signal });
    try {
      if (file !== undefined) {
        await agent.save(file);
      }
    } finally {
      await agent.close();
    }
    return file === undefined ? { seed, ...result } : { seed, ...result, file };
  } catch (error) {
    if (hasPartialResult(error)) {
      await error.partial.agent.close();
    }
    throw error;
  }
}

async function importOptions(module: string, seed: number): Promise<object> {
  const remedy = 'Write `export default { task, … }`, or a function of the seed that returns such options.';
  let exported: unknown;
  try {
    exported = ((await import(module)) as { readonly default?: unknown }).default;
  } catch (error) {
    throw new OptionsError([
      { path: 'module', message: `could not be loaded: ${showThrown(error)}.`, remedy: 'Pass the URL of a module that loads.' },
    ]);
  }
  const options: unknown = typeof exported === 'function' ? await exported(seed) : exported;
  if (!isRecord(options)) {
    throw new OptionsError([{ path: 'module', message: `must export options by default, got ${show(options)}.`, remedy }]);
  }
  return options;
}
