import { Agent } from '../agent/agent.js';
import { compareTask } from '../agent/info.js';
import type { UpdateOptions } from '../algorithm/a2c.js';
import { DEFAULT_OPTIMIZER } from '../algorithm/optimizer.js';
import type { Scheduled } from '../algorithm/schedule.js';
import { type AlgorithmConfig, DEFAULT_ALGORITHMS, type PpoOptions, readAlgorithmOptions, refusePpo } from '../algorithm/step-algorithm.js';
import type { Task } from '../task/task.js';
import type { Exclusive } from '../util/exclusive.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import type { ReferenceOption } from './collect/reference.js';

/** A2C on a task, whose programs are judged by their returns; see {@link UpdateOptions}. */
export interface TaskA2cOptions extends Omit<UpdateOptions, 'learningRate' | 'entropyCoef'> {
  /**
   * Which algorithm.
   *
   * @defaultValue 'a2c'
   */
  readonly algorithm?: 'a2c' | undefined;
  /**
   * Adam's step size, above 0.
   *
   * @defaultValue 1e-3
   */
  readonly learningRate?: Scheduled | undefined;
  /**
   * Weight of the entropy bonus, at least 0.
   *
   * @defaultValue 0.2
   */
  readonly entropyCoef?: Scheduled | undefined;
}

/** Whom a policy is held to, by a divergence that is added to its loss; see {@link ObjectiveOptions.klCoef}. */
export interface ReferenceOptions {
  /**
   * Weight of the divergence from the reference, at least 0: its mean over steps, nats.
   *
   * @defaultValue 0
   */
  readonly klCoef?: number | undefined;
  /**
   * The policy as it was when the run (`start`) or each stage (`stage`) began, or another agent, which stays the caller's and is not to be trained
   * meanwhile. With a `klCoef` of 0 it is measured only, as `referenceKl`.
   *
   * @defaultValue 'start' with a `klCoef`, or else none
   */
  readonly reference?: ReferenceOption | undefined;
}

/** PPO on a task; see {@link PpoOptions}. A reward is not discounted (`gamma` is 1) unless it is said. Without {@link Task.interaction}, advantages
 * are the return less the value, and `gamma`, `gaeLambda` and `valueClipRange` cannot be given. */
export interface TaskPpoOptions extends Omit<PpoOptions, 'algorithm'>, ReferenceOptions {
  /** Which algorithm. */
  readonly algorithm: 'ppo';
}

/** What RLOO and GRPO have in common: several programs for each problem are judged by one another, and no critic is needed. */
export interface GroupOptions
  extends Omit<PpoOptions, 'algorithm' | 'gamma' | 'gaeLambda' | 'normalizeAdvantage' | 'valueClipRange' | 'valueCoef'>,
    ReferenceOptions {
  /**
   * Programs a problem, 2 to 2²⁰. `batchSize` counts programs, and is a multiple of it: a batch has `batchSize / samples` problems.
   *
   * @defaultValue 8
   */
  readonly samples?: number | undefined;
  /**
   * Weight of the value loss, at least 0. The critic judges nothing; it may be wanted for what it says.
   *
   * @defaultValue 0
   */
  readonly valueCoef?: number | undefined;
}

/** REINFORCE leaving one out (Kool et al., 2019; Ahmadian et al., 2024): a program's return is compared with the mean of the others for the problem. */
export interface TaskRlooOptions extends GroupOptions {
  /** Which algorithm. */
  readonly algorithm: 'rloo';
}

/** Group relative policy optimization (Shao et al., 2024): a program's return is compared with the mean of all for the problem. */
export interface TaskGrpoOptions extends GroupOptions {
  /** Which algorithm. */
  readonly algorithm: 'grpo';
  /**
   * Whether advantages are divided by the standard deviation of the returns for the problem. That makes problems which are nearly always, or hardly
   * ever, solved count as much as the others (Liu et al., 2025).
   *
   * @defaultValue false: the mean is subtracted, and that is all
   */
  readonly scaleByStd?: boolean | undefined;
}

/** Options of one algorithm on a task: an option of another one does not compile, and is an {@link OptionsError}. */
export type TaskAlgorithmOptions =
  | Exclusive<TaskA2cOptions, TaskPpoOptions | TaskRlooOptions | TaskGrpoOptions>
  | Exclusive<TaskPpoOptions, TaskA2cOptions | TaskRlooOptions | TaskGrpoOptions>
  | Exclusive<TaskRlooOptions, TaskA2cOptions | TaskPpoOptions | TaskGrpoOptions>
  | Exclusive<TaskGrpoOptions, TaskA2cOptions | TaskPpoOptions | TaskRlooOptions>;

/** An algorithm of passes over a batch, checked and filled in. */
export interface PassesAlgorithm {
  readonly passes: AlgorithmConfig;
  readonly reference: ReferenceOption | undefined;
}

const BATCH = 192;
const NAMES = ['a2c', 'ppo', 'rloo', 'grpo'] as const;

/** Options of some algorithms, and whose they are. */
const OWNERS: Readonly<Record<string, readonly (typeof NAMES)[number][]>> = {
  baseline: ['a2c'],
  ...Object.fromEntries(['gamma', 'gaeLambda', 'normalizeAdvantage', 'valueClipRange'].map((key) => [key, ['ppo']])),
  klCoef: ['ppo', 'rloo', 'grpo'],
  reference: ['ppo', 'rloo', 'grpo'],
  samples: ['rloo', 'grpo'],
  scaleByStd: ['grpo'],
};

/**
 * Reads which algorithm a task is trained with, and its options.
 *
 * @param reader - Over what the caller passed. Coefficients that are not A2C's are absent from it afterwards.
 * @returns The algorithm; undefined for A2C. Meaningful only when no issue was added.
 */
export function readTaskAlgorithm(reader: OptionReader): PassesAlgorithm | undefined {
  const algorithm = reader.choice('algorithm', 'a2c', NAMES);
  const groups = algorithm === 'rloo' || algorithm === 'grpo' ? readGroups(reader, algorithm) : undefined;
  const klCoef = algorithm === 'a2c' ? 0 : reader.number('klCoef', 0, { min: 0, single: true });
  const reference = algorithm === 'a2c' ? undefined : readReference(reader, klCoef);
  for (const [key, owners] of Object.entries(OWNERS)) {
    if (!owners.includes(algorithm)) {
      const whose = owners.map((owner) => `'${owner}'`).join(', ');
      reader.refuse(key, `is an option of algorithm: ${whose}, not of '${algorithm}'.`, `Leave ${key} out, or pass another algorithm.`);
    }
  }
  if (algorithm === 'a2c') {
    refusePpo(reader, undefined);
    return undefined;
  }
  const { ppo } = DEFAULT_ALGORITHMS;
  const judged = groups === undefined ? {} : { normalizeAdvantage: false, valueCoef: 0 };
  const batchSize = reader.has('batchSize') ? Number(reader.raw('batchSize')) : defaultBatch(groups?.samples);
  const read = readAlgorithmOptions(reader, { ...ppo, algorithm, gamma: 1, ...judged }, batchSize);
  // These are the algorithm's, and said to be wrong once.
  for (const key of ['valueCoef', 'entropyCoef', ...Object.keys(DEFAULT_OPTIMIZER)]) {
    reader.replace(key, undefined);
  }
  const passes = { ...read, groups: groups && { ...groups, leaveOneOut: algorithm === 'rloo' }, klCoef };
  return { passes, reference };
}

function readGroups(reader: OptionReader, algorithm: 'rloo' | 'grpo'): { readonly samples: number; readonly scaleByStd: boolean } {
  return {
    samples: reader.number('samples', 8, { integer: true, min: 2, max: 2 ** 20 }),
    scaleByStd: algorithm === 'grpo' && reader.boolean('scaleByStd', false),
  };
}

function readReference(reader: OptionReader, klCoef: number): ReferenceOption | undefined {
  const reference = reader.raw('reference');
  if (reference === undefined) {
    return klCoef > 0 ? 'start' : undefined;
  }
  if (reference !== 'start' && reference !== 'stage' && !Agent.isInstance(reference)) {
    reader.issues.add('reference', `must be 'start', 'stage' or an agent, got ${show(reference)}.`, "Pass 'start'.");
    return undefined;
  }
  return reference;
}

/**
 * Adds an issue for what does not go with the task.
 *
 * @param reader - Over what the caller passed.
 * @param algorithm - What was read.
 * @param task - The task.
 */
export function checkTaskAlgorithm(reader: OptionReader, { passes, reference }: PassesAlgorithm, task: Task): void {
  if (passes.algorithm === 'ppo' && task.interaction === undefined) {
    // A program is paid as a whole.
    for (const key of ['gamma', 'gaeLambda', 'valueClipRange'] as const) {
      reader.refuse(key, 'is for a task that answers: this one scores a program as a whole.', `Leave ${key} out.`);
    }
  }
  if (Agent.isInstance(reference)) {
    compareTask(reference.info, task, 'Pass an agent that was made for the task.', reader.issues.at('reference'));
  }
}

/**
 * Reads how many programs a batch has.
 *
 * @param reader - Over what the caller passed.
 * @param samples - Programs a problem, if several.
 * @returns Programs of a batch.
 */
export function readBatchSize(reader: OptionReader, samples: number | undefined): number {
  const batchSize = reader.count('batchSize', defaultBatch(samples));
  if (samples !== undefined && batchSize % samples !== 0) {
    const message = `must be a multiple of samples, ${samples}, got ${batchSize}.`;
    reader.issues.add('batchSize', message, `Pass such as ${samples * Math.max(1, Math.round(batchSize / samples))}.`);
  }
  return batchSize;
}

function defaultBatch(samples = 1): number {
  return samples * Math.max(1, Math.floor(BATCH / samples));
}
