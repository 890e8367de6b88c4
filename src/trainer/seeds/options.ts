import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { TrainingEvent, TrainingKind } from '../../metrics/events.js';
import { type IntervalOptions, readIntervals } from '../../metrics/statistics/statistics.js';
import { isArray, isRecord } from '../../util/kind.js';
import { COUNT } from '../../util/number-rule.js';
import { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';
import type { TrainerOptions } from '../course.js';
import type { SeedResult, SeedScore } from './result.js';

/**
 * What happens while several seeds are run. Tell events apart by `type`.
 *
 * @typeParam Kind - What is trained on.
 */
export type SeedEvent<Kind extends TrainingKind = 'task'> = {
  /** The seed. */
  readonly seed: number;
  /** Whether it is the run of the twin. */
  readonly twin: boolean;
} & (
  | {
      /** A run begins. */
      readonly type: 'seed';
    }
  | {
      /** Something happened in a run. */
      readonly type: 'training';
      /** What. */
      readonly event: TrainingEvent<Kind>;
    }
  | {
      /** A run ended. */
      readonly type: 'seed-end';
      /** What it did; undefined where it failed. */
      readonly result: SeedResult<Kind> | undefined;
      /** What it failed with; undefined where it did not. */
      readonly error: Error | undefined;
      /** Runs that ended so far. */
      readonly done: number;
      /** Runs in all. */
      readonly total: number;
    }
);

/**
 * Options of {@link Trainer.runSeeds} beside those of each run.
 *
 * @typeParam Kind - What is trained on.
 */
export interface SeedsOptions<Kind extends TrainingKind = 'task'> extends Omit<IntervalOptions, 'seed'> {
  /**
   * The seeds, each once; or how many, 1 to 2²⁰: then they are 0, 1, 2, …
   *
   * @defaultValue 5
   */
  readonly seeds?: number | readonly number[] | undefined;
  /**
   * Runs at a time, 1 to 2²⁰. So many agents are in memory.
   *
   * @defaultValue as many as the machine has cores, divided by `threads` where that is given
   */
  readonly workers?: number | undefined;
  /**
   * A module whose default export is the options of each run, or a function that makes them of a seed: then each run is made in a worker thread
   * of its own, and tasks and environments of several seeds do not wait for each other. Options that are given beside it go over the module's;
   * they must be plain data.
   *
   * @defaultValue none: runs are made side by side in this thread, where the networks' work is done off it all the same
   */
  readonly module?: string | URL | undefined;
  /**
   * Runs every seed a second time with a network without a memory, to see what remembering is worth.
   *
   * @defaultValue none
   */
  readonly twin?: 'memoryless' | undefined;
  /**
   * A folder for the trained agents, `seed-3.safetensors` and `seed-3-memoryless.safetensors`; made where it is missing.
   *
   * @defaultValue they are not kept
   */
  readonly folder?: string | URL | undefined;
  /**
   * What is reported of each stage.
   *
   * @defaultValue 'successRate'; 'meanReturn' where environments do not say whether an episode reached its aim
   */
  readonly score?: SeedScore | undefined;
  /**
   * A score that is as good as need be, for the optimality gap.
   *
   * @defaultValue 1
   */
  readonly optimum?: number | undefined;
  /**
   * How progress is shown: `true` a line a run on standard error, `false` not at all, or a function that is called with every event of every
   * run. Its calls never overlap, and a run waits for a promise that it returns.
   *
   * @defaultValue true
   */
  readonly progress?: boolean | ((event: SeedEvent<Kind>) => unknown) | undefined;
  /**
   * Ends all runs at their next iteration; see {@link Trainer.runSeeds}.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /** Each run has a seed of its own: give `seeds`. */
  readonly seed?: undefined;
  /** Each run makes an agent of its own; a module's function may load one. */
  readonly agent?: undefined;
  /** A folder of checkpoints is one run's. */
  readonly checkpoint?: undefined;
}

/** A run in worker threads. */
export interface ModuleOption {
  /** See {@link SeedsOptions.module}. */
  readonly module: string | URL;
}

type Without<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;
/** What each run takes, but what {@link SeedsOptions} say. */
type RunOptions<Kind extends TrainingKind> = Without<TrainerOptions<Kind>, keyof SeedsOptions>;

/**
 * All that {@link Trainer.runSeeds} takes: {@link SeedsOptions}, and options of a trainer for each run.
 *
 * @typeParam Kind - What is trained on.
 */
export type RunSeedsOptions<Kind extends TrainingKind = 'task'> = SeedsOptions<Kind> &
  (RunOptions<Kind> | (Partial<Without<RunOptions<Kind>, 'task' | 'environment'>> & ModuleOption));

/** {@link RunSeedsOptions}, checked and filled in. */
export interface SeedsConfig {
  readonly seeds: readonly number[];
  readonly workers: number;
  /** Address of the module. */
  readonly module: string | undefined;
  readonly twin: boolean;
  readonly folder: string | undefined;
  readonly score: SeedScore | undefined;
  readonly optimum: number;
  readonly intervals: { readonly resamples: number; readonly confidence: number };
  readonly progress: boolean | ((event: SeedEvent<TrainingKind>) => unknown);
  readonly signal: AbortSignal | undefined;
  /** What each run takes. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What belongs to all runs together; what is left is each run's. */
const ALL_RUNS: ReadonlySet<string> = new Set([
  ...['seeds', 'workers', 'module', 'twin', 'folder', 'score', 'optimum', 'resamples', 'confidence', 'progress', 'signal'],
  ...['seed', 'agent', 'checkpoint'],
]);

/**
 * Reads options of {@link Trainer.runSeeds}. Those of each run are read when it begins.
 *
 * @param reader - Over what the caller passed.
 * @param given - The same.
 * @returns The config; meaningful only when no issue was added.
 */
export function readSeedsOptions(reader: OptionReader, given: unknown): SeedsConfig {
  const { issues } = reader;
  const seeds = readSeeds(reader);
  const module = readPlace(reader, 'module', (path) => pathToFileURL(path).href);
  const twin = reader.has('twin') && reader.choice('twin', 'memoryless', ['memoryless']) === 'memoryless';
  const cores = availableParallelism();
  const threads = reader.raw('threads');
  const each = typeof threads === 'number' && threads >= 1 ? threads : 1;
  const runs = seeds.length * (twin ? 2 : 1);
  const workers = Math.min(runs, reader.number('workers', Math.max(1, Math.floor(cores / each)), COUNT));
  const { resamples, confidence } = readIntervals(new OptionReader(withoutSeed(reader), issues), 50_000);
  reader.refuse('seed', 'is of one run, and here are several.', 'Give seeds, a number or a list.');
  reader.refuse(
    'agent',
    'cannot be trained by several runs.',
    'Give a module whose default export is a function that makes the options of a seed.',
  );
  reader.refuse('checkpoint', 'is of one run, and here are several.', 'Give folder, for the trained agents.');
  if (twin) {
    reader.refuse('memory', 'is what the twin differs in.', 'Leave memory out.');
  }
  const options = ownOptions(given, threads === undefined || threads === 0 ? Math.max(1, Math.floor(cores / workers)) : undefined);
  if (module !== undefined) {
    checkPlain(reader, options);
  }
  return {
    seeds,
    workers,
    module,
    twin,
    folder: readPlace(reader, 'folder', (path) => resolve(path)),
    score: reader.has('score') ? reader.choice('score', 'successRate', ['successRate', 'meanReturn']) : undefined,
    optimum: reader.number('optimum', 1, {}),
    intervals: { resamples, confidence },
    progress: readProgress(reader),
    signal: reader.signal('signal'),
    options,
  };
}

function withoutSeed(reader: OptionReader): object {
  return { resamples: reader.raw('resamples'), confidence: reader.raw('confidence') };
}

function readSeeds(reader: OptionReader): readonly number[] {
  const seeds = reader.raw('seeds');
  if (!isArray(seeds)) {
    return Array.from({ length: reader.number('seeds', 5, COUNT) }, (_, seed) => seed);
  }
  const { issues } = reader;
  if (seeds.length === 0) {
    issues.add('seeds', 'must have at least one seed.', 'Pass a number of seeds, or a list such as [1, 2, 3].');
  }
  return seeds.map((seed: unknown, i) => {
    if (seeds.indexOf(seed) < i) {
      issues.add(`seeds[${i}]`, `is ${show(seed)} a second time, and would be the same run.`, 'Pass each seed once.');
    }
    return issues.number(`seeds[${i}]`, seed, { integer: true, min: 0 }) ? seed : 0;
  });
}

/** A path or a `file:` URL. */
function readPlace(reader: OptionReader, key: string, of: (path: string) => string): string | undefined {
  const value = reader.raw(key);
  if (value === undefined) {
    return undefined;
  }
  try {
    const href = isRecord(value) ? value['href'] : value;
    if (typeof href === 'string' && href !== '') {
      return of(href.startsWith('file:') ? fileURLToPath(href) : href);
    }
  } catch {
    // Said below.
  }
  reader.issues.add(key, `must be a path or a file: URL, got ${show(value)}.`, `Pass such as new URL('./${key}', import.meta.url).`);
  return undefined;
}

function readProgress(reader: OptionReader): SeedsConfig['progress'] {
  const progress = reader.raw('progress');
  if (typeof progress === 'function') {
    return progress as (event: SeedEvent<TrainingKind>) => unknown;
  }
  return reader.boolean('progress', true);
}

function ownOptions(given: unknown, threads: number | undefined): Readonly<Record<string, unknown>> {
  const left = Object.entries(isRecord(given) ? given : {}).filter(([key, value]) => value !== undefined && !ALL_RUNS.has(key));
  const all = Object.fromEntries(left);
  return threads === undefined ? all : { ...all, threads };
}

/** What cannot be sent to a worker is the module's to export. */
function checkPlain(reader: OptionReader, options: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(options)) {
    try {
      structuredClone(value);
    } catch {
      reader.issues.add(key, 'cannot be sent to a worker thread.', `Let the module export ${key}.`);
    }
  }
}
