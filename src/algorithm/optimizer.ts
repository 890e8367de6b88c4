import type { OptionReader } from '../util/option-reader.js';

/** How Adam makes a step of a gradient. A default is the task's own (`updateOptions`), or else the one given here. */
export interface OptimizerOptions {
  /**
   * Adam's step size, above 0.
   *
   * @defaultValue 1e-3
   */
  readonly learningRate?: number | undefined;
  /**
   * Global norm that the gradient is clipped to, above 0; `Infinity` turns clipping off.
   *
   * @defaultValue 1
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
   * @defaultValue 1e-8
   */
  readonly epsilon?: number | undefined;
}

/** All of {@link OptimizerOptions}, filled in. */
export type OptimizerConfig = { readonly [K in keyof OptimizerOptions]-?: NonNullable<OptimizerOptions[K]> };

/** Where neither the caller nor the task says otherwise. */
export const DEFAULT_OPTIMIZER: OptimizerConfig = { learningRate: 1e-3, maxGradNorm: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/**
 * @param reader - Over what the caller passed.
 * @param fallback - Where an option is absent.
 * @returns All of the optimizer's options.
 */
export function readOptimizerOptions(reader: OptionReader, fallback: OptimizerConfig): OptimizerConfig {
  return {
    learningRate: reader.number('learningRate', fallback.learningRate, { above: 0, single: true }),
    maxGradNorm: reader.number('maxGradNorm', fallback.maxGradNorm, { above: 0, infinite: true, single: true }),
    beta1: reader.number('beta1', fallback.beta1, { min: 0, below: 1, single: true }),
    beta2: reader.number('beta2', fallback.beta2, { min: 0, below: 1, single: true }),
    epsilon: reader.number('epsilon', fallback.epsilon, { above: 0, single: true }),
  };
}
