/**
 * What a program's return R is compared with.
 *
 * - `step`: each step's own value. The advantage at step t is R − v_t, the value loss the mean of (v_t − R)². v_t knows only what came before
 *   the action at t, so the policy gradient is unbiased.
 * - `program`: the tutorial's. V̂ = Σ_t v_t; the advantage is R − V̂ at every step, the value loss the mean of (V̂ − R)². V̂ has seen the
 *   actions that it judges: a critic that learns to foresee R from them takes the advantage away, and learning stalls.
 */
export type Baseline = 'step' | 'program';

/** How one update is made. A default is the task's own (`updateOptions`), or else the one given here. */
export interface UpdateOptions {
  /**
   * What returns are compared with.
   *
   * @defaultValue 'step'
   */
  readonly baseline?: Baseline | undefined;
  /**
   * Adam's step size, above 0.
   *
   * @defaultValue 1e-3
   */
  readonly learningRate?: number | undefined;
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

/** All of {@link UpdateOptions}, filled in. */
export type UpdateConfig = { readonly [K in keyof UpdateOptions]-?: NonNullable<UpdateOptions[K]> };
