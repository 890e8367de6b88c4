import { type EntropyTargetConfig, followEntropy } from './entropy-target.js';
import type { UpdateStats } from './objective.js';
import type { OptimizerConfig } from './optimizer.js';
import { valueAt } from './schedule.js';
import type { AlgorithmConfig } from './step-algorithm.js';

/** How one rollout is learned from: an {@link AlgorithmConfig} at one moment. */
export interface LearnConfig extends OptimizerConfig {
  /** Passes over the rollout. */
  readonly epochs: number;
  /** Parts of whole rows, an update each. */
  readonly minibatches: number;
  readonly clipRange: number;
  readonly clipRangeHigh: number;
  /** Weight of the divergence from a reference. */
  readonly klCoef: number;
  readonly valueClipRange: number;
  readonly targetKl: number;
  readonly normalizeAdvantage: boolean;
  /** Whether the loss is that of the ratio to the probabilities of the rollout. */
  readonly ratio: boolean;
  /** What the policy's term is a mean over; see {@link ObjectiveOptions.reduction}. */
  readonly reduction: 'episode' | 'step';
  readonly valueCoef: number;
  readonly entropyCoef: number;
}

/** What learning from a rollout says: means over its updates. */
export interface RolloutStats extends UpdateStats {
  /** Updates made: fewer than `updateEpochs` · `minibatches` where `targetKl` ended them. */
  readonly updates: number;
}

/** {@link RolloutStats}, and what the rollout was learned from with. */
export interface LearnStats extends RolloutStats {
  /** Adam's step size. */
  readonly learningRate: number;
  /** Weight of the entropy bonus. */
  readonly entropyCoef: number;
}

/** The entropy coefficient of an algorithm with an `entropyTarget`, which changes as it learns. Plain data. */
export interface EntropyState {
  /** The coefficient of the next update; undefined before the first. */
  readonly coef: number | undefined;
}

/**
 * @param config - The algorithm.
 * @param progress - Share of the stage that is done, 0 to below 1.
 * @param state - The entropy coefficient so far.
 * @returns How the next rollout is learned from.
 */
export function learnConfig(config: AlgorithmConfig, progress: number, state: EntropyState): LearnConfig {
  const { algorithm, updateEpochs, minibatches, valueClipRange, targetKl, normalizeAdvantage, valueCoef, klCoef } = config;
  const { maxGradNorm, beta1, beta2, epsilon, entropyTarget } = config;
  const entropyCoef = valueAt(config.entropyCoef, progress);
  return {
    epochs: updateEpochs,
    minibatches,
    clipRange: valueAt(config.clipRange, progress),
    clipRangeHigh: valueAt(config.clipRangeHigh ?? config.clipRange, progress),
    klCoef,
    valueClipRange,
    targetKl,
    normalizeAdvantage,
    ratio: algorithm !== 'a2c',
    reduction: 'step',
    valueCoef,
    entropyCoef: entropyTarget === undefined ? entropyCoef : (state.coef ?? entropyCoef),
    learningRate: valueAt(config.learningRate, progress),
    maxGradNorm,
    beta1,
    beta2,
    epsilon,
  };
}

/**
 * @param used - How a rollout was learned from.
 * @param entropy - The policy's mean entropy meanwhile, nats.
 * @param target - What it is held at, if anything.
 * @param progress - Share of the stage that is done, 0 to 1.
 * @param actions - How many actions there are.
 * @returns The entropy coefficient from now on.
 */
export function nextEntropyState(
  { entropyCoef }: Pick<LearnConfig, 'entropyCoef'>,
  entropy: number,
  target: EntropyTargetConfig | undefined,
  progress: number,
  actions: number,
): EntropyState {
  return { coef: target === undefined ? undefined : followEntropy(entropyCoef, entropy, target, progress, actions) };
}
