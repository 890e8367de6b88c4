import type { OptionReader } from '../util/option-reader.js';
import { DEFAULT_OPTIMIZER, type OptimizerConfig, type OptimizerOptions, readOptimizerOptions } from './optimizer.js';

/**
 * What a program's return R is compared with.
 *
 * - `step`: each step's own value. The advantage at step t is R − v_t, the value loss the mean of (v_t − R)². v_t knows only what came before
 *   the action at t, so the policy gradient is unbiased.
 * - `program`: the tutorial's. V̂ = Σ_t v_t; the advantage is R − V̂ at every step, the value loss the mean of (V̂ − R)². V̂ has seen the
 *   actions that it judges: a critic that learns to foresee R from them takes the advantage away, and learning stalls.
 */
export type Baseline = 'step' | 'program';

/** How the losses are weighed. A default is the task's own (`updateOptions`), or else the one given here. */
export interface LossOptions {
  /**
   * What returns are compared with.
   *
   * @defaultValue 'step'
   */
  readonly baseline?: Baseline | undefined;
  /**
   * Weight of the value loss, at least 0.
   *
   * @defaultValue 0.5
   */
  readonly valueCoef?: number | undefined;
  /**
   * Weight of the entropy bonus, at least 0.
   *
   * @defaultValue 0.2
   */
  readonly entropyCoef?: number | undefined;
}

/** How one update of A2C is made: its losses and its step. */
export interface UpdateOptions extends LossOptions, OptimizerOptions {}

/** All of {@link LossOptions}, filled in. */
export type LossConfig = { readonly [K in keyof LossOptions]-?: NonNullable<LossOptions[K]> };

/** All of {@link UpdateOptions}, filled in. */
export type UpdateConfig = LossConfig & OptimizerConfig;

/** Where neither the caller nor the task says otherwise. */
export const DEFAULT_UPDATE: UpdateConfig = { baseline: 'step', valueCoef: 0.5, entropyCoef: 0.2, ...DEFAULT_OPTIMIZER };

/**
 * @param reader - Over what the caller passed.
 * @param fallback - Where an option is absent.
 * @returns All coefficients.
 */
export function readUpdateOptions(reader: OptionReader, fallback: UpdateConfig): UpdateConfig {
  const { learningRate, ...optimizer } = readOptimizerOptions(reader, fallback);
  return {
    baseline: reader.choice('baseline', fallback.baseline, ['step', 'program']),
    learningRate,
    valueCoef: reader.number('valueCoef', fallback.valueCoef, { min: 0, single: true }),
    entropyCoef: reader.number('entropyCoef', fallback.entropyCoef, { min: 0, single: true }),
    ...optimizer,
  };
}
