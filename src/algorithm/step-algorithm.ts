import type { Exclusive } from '../util/exclusive.js';
import type { NumberRule } from '../util/number-rule.js';
import type { OptionReader } from '../util/option-reader.js';
import { type EntropyTarget, type EntropyTargetConfig, readEntropyTarget } from './entropy-target.js';
import { readSchedule, type Schedule, type Scheduled } from './schedule.js';

/** Options of A2C and PPO where a reward comes with every step. A default is the environment's own (`algorithmOptions`), or else the one given here. */
export interface ActorCriticOptions {
  /**
   * Discount of a reward that comes a step later, γ, 0 to 1.
   *
   * @defaultValue 0.99
   */
  readonly gamma?: number | undefined;
  /**
   * λ of generalized advantage estimation (Schulman et al., 2016), 0 to 1: 0 trusts the critic alone, 1 what was earned alone.
   *
   * @defaultValue 0.95
   */
  readonly gaeLambda?: number | undefined;
  /**
   * Whether the advantages of a minibatch are brought to mean 0 and standard deviation 1.
   *
   * @defaultValue true
   */
  readonly normalizeAdvantage?: boolean | undefined;
  /**
   * Weight of the value loss, at least 0.
   *
   * @defaultValue 0.5
   */
  readonly valueCoef?: number | undefined;
  /**
   * Weight of the entropy bonus, at least 0; with `entropyTarget` the first one, above 0.
   *
   * @defaultValue linear(0.02, 0.001), or 0.02 to begin with beside `entropyTarget`
   */
  readonly entropyCoef?: Scheduled | undefined;
  /**
   * Mean entropy that the policy is held at: `entropyCoef` grows while the entropy is below it and falls while it is above.
   *
   * @defaultValue none: `entropyCoef` is as it is given
   */
  readonly entropyTarget?: EntropyTarget | undefined;
  /**
   * Adam's step size, above 0.
   *
   * @defaultValue linear(1e-3, 5e-5)
   */
  readonly learningRate?: Scheduled | undefined;
  /**
   * Global norm that the gradient is clipped to, above 0; `Infinity` turns clipping off.
   *
   * @defaultValue 0.5
   */
  readonly maxGradNorm?: number | undefined;
  /**
   * Decay of Adam's first moment, at least 0 and below 1.
   *
   * @defaultValue 0.9
   */
  readonly beta1?: number | undefined;
  /**
   * Decay of Adam's second moment, at least 0 and below 1.
   *
   * @defaultValue 0.999
   */
  readonly beta2?: number | undefined;
  /**
   * Added to Adam's denominator, above 0.
   *
   * @defaultValue 1e-5
   */
  readonly epsilon?: number | undefined;
}

/** Options of advantage actor-critic (Mnih et al., 2016) where a reward comes with every step: one update a rollout. */
export interface A2cOptions extends ActorCriticOptions {
  /** Which algorithm. */
  readonly algorithm: 'a2c';
}

/** Options of proximal policy optimization (Schulman et al., 2017): several passes over a rollout, in minibatches of whole rows. */
export interface PpoOptions extends ActorCriticOptions {
  /**
   * Which algorithm.
   *
   * @defaultValue 'ppo'
   */
  readonly algorithm?: 'ppo' | undefined;
  /**
   * Passes over a rollout, 1 to 2²⁰.
   *
   * @defaultValue 4
   */
  readonly updateEpochs?: number | undefined;
  /**
   * Parts, of whole rows, that a rollout is cut into for each pass; an update each. At most as many as there are rows.
   *
   * @defaultValue 4, or the number of rows where that is less
   */
  readonly minibatches?: number | undefined;
  /**
   * How far the ratio of new to old probability may move from 1 before a step is not learned from any more, above 0; `Infinity`: any way.
   *
   * @defaultValue 0.2
   */
  readonly clipRange?: Scheduled | undefined;
  /**
   * The same for ratios above 1, where it differs: actions that are seldom taken may then become more probable faster (Yu et al., 2025).
   *
   * @defaultValue `clipRange`
   */
  readonly clipRangeHigh?: Scheduled | undefined;
  /**
   * How far a value may move from the one that the rollout had before its loss is clipped, above 0; `Infinity`: any way.
   *
   * @defaultValue Infinity
   */
  readonly valueClipRange?: number | undefined;
  /**
   * Approximate KL divergence, nats, of old from new policy at which the updates of a rollout end early, above 0; `Infinity`: never.
   *
   * @defaultValue Infinity
   */
  readonly targetKl?: number | undefined;
}

/** Options of one algorithm: an option of another one does not compile, and is an {@link OptionsError}. */
export type AlgorithmOptions = Exclusive<PpoOptions, A2cOptions> | Exclusive<A2cOptions, PpoOptions>;

/** Names of the algorithms that take a reward with every step. */
export type AlgorithmName = 'a2c' | 'ppo';

/** How programs are judged by others for the same problem. */
export interface GroupConfig {
  /** Programs a problem. */
  readonly samples: number;
  /** Whether a return is compared with the mean of the others, or of all. */
  readonly leaveOneOut: boolean;
  /** Whether advantages are divided by the deviation of the group. */
  readonly scaleByStd: boolean;
}

/** The options of an algorithm, checked and filled in. With A2C, one pass in one part with nothing clipped. */
export interface AlgorithmConfig {
  readonly algorithm: AlgorithmName | 'rloo' | 'grpo';
  /** Absent: a critic judges. */
  readonly groups: GroupConfig | undefined;
  /** Weight of the divergence from a reference; 0: there is none. */
  readonly klCoef: number;
  readonly gamma: number;
  readonly gaeLambda: number;
  readonly normalizeAdvantage: boolean;
  readonly valueCoef: number;
  readonly entropyCoef: Schedule;
  readonly entropyTarget: EntropyTargetConfig | undefined;
  readonly learningRate: Schedule;
  readonly maxGradNorm: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly updateEpochs: number;
  readonly minibatches: number;
  readonly clipRange: Schedule;
  /** Absent: `clipRange`. */
  readonly clipRangeHigh: Schedule | undefined;
  readonly valueClipRange: number;
  readonly targetKl: number;
}

const fixed = (value: number): Schedule => ({ shape: 'constant', from: value, to: value });

const COMMON = {
  groups: undefined,
  klCoef: 0,
  gamma: 0.99,
  gaeLambda: 0.95,
  normalizeAdvantage: true,
  valueCoef: 0.5,
  entropyCoef: { shape: 'linear', from: 0.02, to: 0.001 },
  entropyTarget: undefined,
  learningRate: { shape: 'linear', from: 1e-3, to: 5e-5 },
  maxGradNorm: 0.5,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-5,
  clipRangeHigh: undefined,
  valueClipRange: Infinity,
  targetKl: Infinity,
} as const;

/** Where neither the caller nor the environment says otherwise. */
export const DEFAULT_ALGORITHMS: { readonly [Name in AlgorithmName]: AlgorithmConfig } = {
  ppo: { algorithm: 'ppo', ...COMMON, updateEpochs: 4, minibatches: 4, clipRange: fixed(0.2) },
  a2c: { algorithm: 'a2c', ...COMMON, updateEpochs: 1, minibatches: 1, clipRange: fixed(Infinity) },
};

/** Options that PPO alone has. */
export const PPO_OPTIONS = ['updateEpochs', 'minibatches', 'clipRange', 'clipRangeHigh', 'valueClipRange', 'targetKl'] as const;

const SHARE: NumberRule = { min: 0, max: 1 };
const WEIGHT: NumberRule = { min: 0, single: true };
const ABOVE: NumberRule = { above: 0, single: true };
const BOUND: NumberRule = { above: 0, infinite: true, single: true };
const DECAY: NumberRule = { min: 0, below: 1, single: true };

/**
 * Reads the options of an algorithm.
 *
 * @param reader - Over what the caller passed.
 * @param fallback - Where an option is absent.
 * @param rows - Rows of a rollout, which are cut into minibatches.
 * @returns All of them; meaningful only when no issue was added.
 */
export function readAlgorithmOptions(reader: OptionReader, fallback: AlgorithmConfig, rows: number): AlgorithmConfig {
  const own = fallback.algorithm === 'a2c' ? refusePpo(reader, fallback) : readPpo(reader, fallback, rows);
  const entropyTarget = readEntropyTarget(reader.raw('entropyTarget'), reader.issues.at('entropyTarget')) ?? fallback.entropyTarget;
  const { entropyCoef: usual } = fallback;
  const first = entropyTarget === undefined ? usual : fixed(usual.from);
  const entropyCoef = readSchedule(reader, 'entropyCoef', first, entropyTarget === undefined ? WEIGHT : ABOVE);
  if (entropyTarget !== undefined && entropyCoef.from !== entropyCoef.to) {
    reader.issues.add('entropyCoef', 'cannot be a schedule beside entropyTarget.', 'Pass the coefficient to begin with, or leave it out.');
  }
  return {
    ...own,
    algorithm: fallback.algorithm,
    groups: fallback.groups,
    klCoef: fallback.klCoef,
    gamma: reader.number('gamma', fallback.gamma, SHARE),
    gaeLambda: reader.number('gaeLambda', fallback.gaeLambda, SHARE),
    normalizeAdvantage: reader.boolean('normalizeAdvantage', fallback.normalizeAdvantage),
    valueCoef: reader.number('valueCoef', fallback.valueCoef, WEIGHT),
    entropyCoef,
    entropyTarget,
    learningRate: readSchedule(reader, 'learningRate', fallback.learningRate, ABOVE),
    maxGradNorm: reader.number('maxGradNorm', fallback.maxGradNorm, BOUND),
    beta1: reader.number('beta1', fallback.beta1, DECAY),
    beta2: reader.number('beta2', fallback.beta2, DECAY),
    epsilon: reader.number('epsilon', fallback.epsilon, ABOVE),
  };
}

type PpoConfig = Pick<AlgorithmConfig, (typeof PPO_OPTIONS)[number]>;

function readPpo(reader: OptionReader, fallback: AlgorithmConfig, rows: number): PpoConfig {
  const minibatches = reader.count('minibatches', Math.min(fallback.minibatches, rows));
  if (minibatches > rows) {
    const message = `must be at most ${rows}, the number of rows that they are made of, got ${minibatches}.`;
    reader.issues.add('minibatches', message, 'Pass fewer minibatches, or more environments.');
  }
  const clipRange = readSchedule(reader, 'clipRange', fallback.clipRange, BOUND);
  return {
    updateEpochs: reader.count('updateEpochs', fallback.updateEpochs),
    minibatches,
    clipRange,
    clipRangeHigh: reader.has('clipRangeHigh') ? readSchedule(reader, 'clipRangeHigh', clipRange, BOUND) : fallback.clipRangeHigh,
    valueClipRange: reader.number('valueClipRange', fallback.valueClipRange, BOUND),
    targetKl: reader.number('targetKl', fallback.targetKl, BOUND),
  };
}

/**
 * Adds an issue for each option of PPO that was given beside another algorithm.
 *
 * @param reader - Over what the caller passed.
 * @param config - Of the other algorithm.
 * @returns The same config.
 */
export function refusePpo<T>(reader: OptionReader, config: T): T {
  for (const key of PPO_OPTIONS) {
    if (reader.has(key)) {
      reader.issues.add(key, "is an option of algorithm: 'ppo', not of 'a2c'.", `Leave ${key} out, or pass algorithm: 'ppo'.`);
    }
  }
  return config;
}
