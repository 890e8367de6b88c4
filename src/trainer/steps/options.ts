import type { Agent } from '../../agent/agent.js';
import type { ArchitectureOptions } from '../../agent/architecture.js';
import { type NetworkSizes, type RuntimeOptions, readSizes } from '../../agent/options.js';
import {
  type AlgorithmConfig,
  type AlgorithmName,
  type AlgorithmOptions,
  DEFAULT_ALGORITHMS,
  PPO_OPTIONS,
  readAlgorithmOptions,
} from '../../algorithm/step-algorithm.js';
import type { EnvironmentFactory, VectorEnvironmentFactory } from '../../environment/environment.js';
import { Issues } from '../../util/issues.js';
import { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';
import {
  DEFAULT_REPLAY,
  type EpisodeReplayConfig,
  type EpisodeReplayOptions,
  readEpisodeReplay,
  readReplay,
} from '../collect/replay-options.js';
import {
  type CommonTrainerOptions,
  type KeepingConfig,
  type ProgressOption,
  readAgent,
  readKeeping,
  readProgress,
} from '../common-options.js';
import type { ImitationEpisode } from '../imitate/episodes.js';
import { type ImitationConfig, type ImitationOptions, readImitation } from '../imitate/imitation.js';

/** {@link EnvironmentTrainerOptions} but those of the algorithm. */
export interface EnvironmentOptions extends RuntimeOptions, CommonTrainerOptions<'environment'> {
  /**
   * Makes environment `index` of as many as there are; or all at once, as a {@link VectorEnvironment}. Evaluations are made in environments of
   * their own, for which it is called again.
   */
  readonly environment: EnvironmentFactory | VectorEnvironmentFactory;
  /**
   * Seed of the weights, of the sampled actions and of the episodes, a non-negative safe integer.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * What the network is made of.
   *
   * @defaultValue one GRU of width 128
   */
  readonly network?: ArchitectureOptions | undefined;
  /**
   * Width of the embeddings and of the hidden state, 1 to 8192.
   *
   * @defaultValue 128
   */
  readonly hiddenSize?: number | undefined;
  /**
   * Layers of the GRU, 1 to 16.
   *
   * @defaultValue 1
   */
  readonly layers?: number | undefined;
  /**
   * Whether the network has a memory. `false` makes its twin without one, to see what memory is worth: each step is decided by what is observed at
   * that step alone, and by the prompt where there is one; neither the state nor the action of the step before is read.
   *
   * @defaultValue true
   */
  readonly memory?: boolean | undefined;
  /**
   * Environments side by side, `E`, 1 to 2²⁰.
   *
   * @defaultValue 16
   */
  readonly envCount?: number | undefined;
  /**
   * Steps of each environment in a rollout, `T`, 1 to 2²⁰. An iteration is a rollout of `E` · `T` steps and what is learned from it.
   *
   * @defaultValue 128
   */
  readonly rolloutSteps?: number | undefined;
  /**
   * Whether the numbers observed are brought to mean 0 and standard deviation 1 by running statistics, which are part of the agent.
   *
   * @defaultValue true, or what the environment says (`algorithmOptions`)
   */
  readonly normalizeObservations?: boolean | undefined;
  /**
   * Whether rewards are divided by the running standard deviation of the discounted return, which is part of the agent. Returns are reported as
   * they were.
   *
   * @defaultValue true, or what the environment says (`algorithmOptions`)
   */
  readonly normalizeRewards?: boolean | undefined;
  /**
   * How episodes that failed come back: a share of the episodes that begin have the random stream of one that failed, of the same stage. An episode
   * failed where it says so (`success`), and where none says, if it earned less than the median of the last 101 fresh ones. How a run does is said of
   * fresh episodes.
   *
   * @defaultValue false: every episode is fresh
   */
  readonly replay?: EpisodeReplayOptions | false | undefined;
  /**
   * Milliseconds that a step, a reset or a close of asynchronous environments may take, 1 to 2³¹ − 1.
   *
   * @defaultValue none: they are waited for without end
   */
  readonly stepTimeout?: number | undefined;
  /**
   * Iterations between two evaluations on the way, counted in each stage, at least 1. Where it is given, stages with a number of steps are
   * measured on the way too.
   *
   * @defaultValue 10, in stages with a target
   */
  readonly evaluateEvery?: number | undefined;
  /**
   * Episodes of an evaluation on the way, 1 to 2²⁰.
   *
   * @defaultValue 32
   */
  readonly evaluationEpisodes?: number | undefined;
  /**
   * Steps of environments that a stage with a target gets at most, unless it says otherwise; at least 1.
   *
   * @defaultValue 1_000_000
   */
  readonly maxSteps?: number | undefined;
  /**
   * Episodes that are imitated beside: each update has the gradient of their cross-entropy too; see {@link ImitationOptions}.
   *
   * @defaultValue none
   */
  readonly imitation?: ImitationOptions<readonly ImitationEpisode[]> | undefined;
}

/** Options of {@link Trainer.create} and {@link Trainer.run} for environments. All but `environment` are optional. */
export type EnvironmentTrainerOptions = EnvironmentOptions & AlgorithmOptions;

/** {@link EnvironmentTrainerOptions}, checked and filled in, as far as that can be without an environment. */
export interface EnvironmentConfig {
  readonly environment: EnvironmentFactory | VectorEnvironmentFactory;
  readonly sizes: NetworkSizes;
  readonly agent: Agent | undefined;
  readonly algorithm: AlgorithmName;
  readonly envCount: number;
  readonly rolloutSteps: number;
  readonly stepTimeout: number | undefined;
  /** Undefined where no episode comes back. */
  readonly replay: EpisodeReplayConfig | undefined;
  readonly evaluateEvery: number | undefined;
  readonly evaluationEpisodes: number;
  readonly maxSteps: number;
  readonly imitation: ImitationConfig | undefined;
  readonly progress: ProgressOption<'environment'>;
  readonly signal: AbortSignal | undefined;
  readonly keeping: KeepingConfig;
}

/** How environments are trained in, with what they say themselves. */
export interface LearningConfig {
  readonly algorithm: AlgorithmConfig;
  readonly normalizeObservations: boolean;
  readonly normalizeRewards: boolean;
}

/** Options that are of use to environments alone. */
export const ENVIRONMENT_OPTIONS = [
  'envCount',
  'rolloutSteps',
  'normalizeObservations',
  'normalizeRewards',
  'stepTimeout',
  'evaluationEpisodes',
  'maxSteps',
] as const;

const WHOLE = { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER } as const;

/**
 * Reads the options of {@link Trainer.create} for environments.
 *
 * @param reader - Over what the caller passed.
 * @returns The config; meaningful only when no issue was added.
 */
export function readEnvironmentOptions(reader: OptionReader): EnvironmentConfig {
  const environment = reader.raw('environment');
  if (typeof environment !== 'function') {
    reader.issues.add('environment', `must be a function, got ${show(environment)}.`, 'Pass such as () => new Lift().');
  }
  const envCount = reader.count('envCount', 16);
  const algorithm = reader.choice('algorithm', 'ppo', ['a2c', 'ppo']);
  readLearning(reader, envCount, DEFAULTS[algorithm]);
  return {
    environment: environment as EnvironmentFactory,
    sizes: readSizes(reader, false),
    agent: readAgent(reader),
    algorithm,
    envCount,
    rolloutSteps: reader.count('rolloutSteps', 128),
    stepTimeout: reader.has('stepTimeout') ? reader.number('stepTimeout', 1, { min: 1, max: 2 ** 31 - 1 }) : undefined,
    replay: readReplay(reader, undefined, DEFAULT_REPLAY, readEpisodeReplay),
    evaluateEvery: reader.has('evaluateEvery') ? reader.number('evaluateEvery', 1, WHOLE) : undefined,
    evaluationEpisodes: reader.count('evaluationEpisodes', 32),
    maxSteps: reader.number('maxSteps', 1_000_000, WHOLE),
    imitation: readImitation(reader),
    progress: readProgress(reader),
    signal: reader.signal('signal'),
    keeping: readKeeping(reader),
  };
}

/**
 * Reads how environments are best trained, and what the caller says otherwise.
 *
 * @param options - What the caller passed, found to be right.
 * @param algorithm - Which algorithm.
 * @param rows - How many environments there are.
 * @param own - What the environments say.
 * @param issues - Where issues of that are added.
 * @returns The algorithm's options; meaningful only when no issue was added.
 */
export function readEnvironmentLearning(
  options: unknown,
  algorithm: AlgorithmName,
  rows: number,
  own: Readonly<Record<string, unknown>> | undefined,
  issues: Issues,
): LearningConfig {
  // What PPO would take says nothing about another algorithm.
  const fitting = algorithm === 'ppo' ? own : without(own ?? {}, PPO_OPTIONS);
  const reader = new OptionReader(fitting, issues.at('environment.algorithmOptions'));
  const fallback = readLearning(reader, rows, DEFAULTS[algorithm]);
  reader.finish();
  return readLearning(new OptionReader(options, new Issues()), rows, fallback);
}

const DEFAULTS: { readonly [Name in AlgorithmName]: LearningConfig } = {
  ppo: { algorithm: DEFAULT_ALGORITHMS.ppo, normalizeObservations: true, normalizeRewards: true },
  a2c: { algorithm: DEFAULT_ALGORITHMS.a2c, normalizeObservations: true, normalizeRewards: true },
};

function readLearning(reader: OptionReader, rows: number, fallback: LearningConfig): LearningConfig {
  return {
    algorithm: readAlgorithmOptions(reader, fallback.algorithm, rows),
    normalizeObservations: reader.boolean('normalizeObservations', fallback.normalizeObservations),
    normalizeRewards: reader.boolean('normalizeRewards', fallback.normalizeRewards),
  };
}

function without(options: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !keys.includes(key)));
}
