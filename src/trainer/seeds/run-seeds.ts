import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortedError } from '../../errors/aborted-error.js';
import { InnateError } from '../../errors/innate-error.js';
import { OptionsError } from '../../errors/options-error.js';
import type { TrainingEvent, TrainingKind } from '../../metrics/events.js';
import { onAbort } from '../../util/abort.js';
import { OptionReader } from '../../util/option-reader.js';
import { showThrown } from '../../util/show.js';
import { isError } from './error-data.js';
import { doJob, type JobWatch, type SeedJob, type TrainOnce } from './job.js';
import { readSeedsOptions, type SeedEvent, type SeedsConfig } from './options.js';
import { compareSeeds, reportOf, scoreOf } from './report.js';
import type { PartialSeeds, SeedFailure, SeedResult, SeedsReport, SeedsResult } from './result.js';
import { doJobInWorker, inJobWorker } from './worker.js';

/** What runs are made with. */
export interface Runner {
  /** How a run is made in this thread. */
  readonly train: TrainOnce;
  /** Address of the module that a worker is started with. */
  readonly entry: string;
}

interface Outcome {
  readonly seed: number;
  readonly twin: boolean;
  readonly result: SeedResult<TrainingKind> | undefined;
  readonly error: Error | undefined;
}

/**
 * Trains once for each seed, several at a time.
 *
 * @param stages - What is trained when.
 * @param given - What the caller passed as options.
 * @param runner - What runs are made with.
 * @returns What the runs came to.
 */
export async function runSeeds(stages: unknown, given: unknown, runner: Runner): Promise<SeedsResult<TrainingKind>> {
  const reader = new OptionReader(given);
  const config = readSeedsOptions(reader, given);
  if (config.module !== undefined && (await inJobWorker())) {
    const remedy = 'Export the options from a module that does not train, or call runSeeds only where isMainThread is true.';
    reader.issues.add('module', 'calls runSeeds itself when it is loaded.', remedy);
  }
  reader.issues.throwIfAny(OptionsError);
  if (config.folder !== undefined) {
    await mkdir(config.folder, { recursive: true });
  }
  return new SeedRuns(stages, config, runner).run();
}

class SeedRuns {
  readonly #stages: unknown;
  readonly #config: SeedsConfig;
  readonly #runner: Runner;
  readonly #ender = new AbortController();
  readonly #outcomes: Outcome[] = [];
  /** What ends all runs: a wrong option, or what whoever watches threw. */
  #fatal: { readonly error: unknown } | undefined;
  /** When whoever watches has heard all events so far. */
  #heard: Promise<unknown> = Promise.resolve();

  constructor(stages: unknown, config: SeedsConfig, runner: Runner) {
    this.#stages = stages;
    this.#config = config;
    this.#runner = runner;
  }

  async run(): Promise<SeedsResult<TrainingKind>> {
    const { seeds, twin, workers, signal } = this.#config;
    const jobs = seeds.flatMap((seed) => (twin ? [false, true] : [false]).map((memoryless) => ({ seed, twin: memoryless })));
    const leave = signal === undefined ? undefined : onAbort(signal, () => this.#ender.abort());
    if (signal?.aborted === true) {
      this.#ender.abort();
    }
    const waiting = jobs.values();
    const lane = async (): Promise<void> => {
      // One iterator for all lanes.
      for (const job of waiting) {
        if (this.#ender.signal.aborted) {
          return;
        }
        await this.#do(job, jobs.length);
      }
    };
    try {
      await Promise.all(Array.from({ length: workers }, lane));
    } finally {
      leave?.();
    }
    if (this.#fatal !== undefined) {
      throw this.#fatal.error;
    }
    if (signal?.aborted === true) {
      throw Object.defineProperty(new AbortedError(signal.reason), 'partial', { value: this.#partial(), configurable: true });
    }
    return this.#finish();
  }

  async #do({ seed, twin }: { readonly seed: number; readonly twin: boolean }, total: number): Promise<void> {
    const { module, options, folder, progress } = this.#config;
    const tell = (event: SeedEvent<TrainingKind>): Promise<void> => this.#tell(event);
    const watch: JobWatch = {
      signal: this.#ender.signal,
      onEvent:
        typeof progress === 'function' ? (event: TrainingEvent<TrainingKind>) => tell({ type: 'training', seed, twin, event }) : undefined,
    };
    const job: SeedJob = {
      module,
      stages: this.#stages,
      seed,
      options: twin ? { ...options, memory: false } : options,
      file: folder === undefined ? undefined : join(folder, `seed-${seed}${twin ? '-memoryless' : ''}.safetensors`),
    };
    const { train, entry } = this.#runner;
    let outcome: Outcome;
    try {
      await tell({ type: 'seed', seed, twin });
      const result = await (module === undefined ? doJob(job, train, watch) : doJobInWorker(job, entry, watch));
      outcome = { seed, twin, result, error: undefined };
    } catch (thrown) {
      if (this.#ender.signal.aborted) {
        return;
      }
      const error = isError(thrown)
        ? thrown
        : new InnateError('ERR_INTERNAL', `training stopped: ${showThrown(thrown)}.`, { cause: thrown });
      if (InnateError.isInstance(error) && error.code === 'ERR_OPTIONS') {
        this.#fail(error);
        return;
      }
      outcome = { seed, twin, result: undefined, error };
    }
    this.#outcomes.push(outcome);
    await tell({ type: 'seed-end', ...outcome, done: this.#outcomes.length, total }).catch(() => undefined);
  }

  #fail(error: unknown): void {
    this.#fatal ??= { error };
    this.#ender.abort();
  }

  /** Calls never overlap, whichever runs they are of. */
  #tell(event: SeedEvent<TrainingKind>): Promise<void> {
    const { progress } = this.#config;
    const watcher = typeof progress === 'function' ? progress : showing;
    if (progress === false) {
      return Promise.resolve();
    }
    const heard = this.#heard.then(async () => {
      if (this.#fatal === undefined) {
        await watcher(event);
      }
    });
    this.#heard = heard.catch((error: unknown) => this.#fail(error));
    return heard;
  }

  #of(twin: boolean): { runs: SeedResult<TrainingKind>[]; failures: SeedFailure[] } {
    const { seeds } = this.#config;
    const own = this.#outcomes.filter((outcome) => outcome.twin === twin);
    own.sort((a, b) => seeds.indexOf(a.seed) - seeds.indexOf(b.seed));
    return {
      runs: own.flatMap(({ result }) => (result === undefined ? [] : [result])),
      failures: own.flatMap(({ seed, error }) => (error === undefined ? [] : [{ seed, error }])),
    };
  }

  #partial(): PartialSeeds {
    const { runs, failures } = this.#of(false);
    const twin = this.#of(true);
    return { runs, twinRuns: twin.runs, failures: [...failures, ...twin.failures] };
  }

  #finish(): SeedsResult<TrainingKind> {
    const own = this.#of(false);
    const twin = this.#config.twin ? this.#of(true) : undefined;
    for (const { runs, failures } of twin === undefined ? [own] : [own, twin]) {
      if (runs.length === 0) {
        // Nothing is left to report.
        throw failures[0]?.error;
      }
    }
    const score = scoreOf([...own.runs, ...(twin?.runs ?? [])], this.#config.score);
    const report = (of: typeof own): SeedsReport<TrainingKind> => reportOf(of.runs, of.failures, score, this.#config);
    const result = report(own);
    if (twin === undefined) {
      return result;
    }
    const memoryless = report(twin);
    return { ...result, twin: memoryless, improvement: compareSeeds(result, memoryless, this.#config.intervals) };
  }
}

/** A line a run on standard error. */
function showing(event: SeedEvent<TrainingKind>): void {
  if (event.type !== 'seed-end') {
    return;
  }
  const { seed, twin, result, error, done, total } = event;
  const stages = result?.stages.map(({ stage, successRate, meanReturn }) => {
    return Number.isNaN(successRate) ? `${stage} return ${meanReturn.toFixed(3)}` : `${stage} ${(100 * successRate).toFixed(1)} %`;
  });
  const what =
    result === undefined
      ? `failed: ${error?.message}`
      : `stage ${stages?.join(', ')}; ${result.iterations} iterations, ${result.seconds.toFixed(1)} s`;
  process.stderr.write(`Seed ${seed}${twin ? ' without memory' : ''} (${done} of ${total}): ${what}\n`);
}
