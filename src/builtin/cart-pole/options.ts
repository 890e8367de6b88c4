/** Options of {@link cartPole} and {@link cartPoleVector}. Which there are depends on what is observed. */
export type CartPoleOptions = ExactCartPoleOptions | NoisyCartPoleOptions | FlickeringCartPoleOptions;

/** What all kinds of observation share. */
export interface CartPoleLimitOptions {
  /**
   * Steps after which an episode is cut short, at least 1.
   *
   * @defaultValue 500 for `'full'` and `'flickering'`, 200 for `'position'` and `'noisy'`
   */
  readonly limit?: number | undefined;
}

/** Observations as they are. */
export interface ExactCartPoleOptions extends CartPoleLimitOptions {
  /**
   * `'full'`: position and velocity of the cart, angle and angular velocity of the pole, `[4]`, as CartPole-v1. `'position'`: position and
   * angle alone, `[2]`.
   *
   * @defaultValue `'full'`
   */
  readonly observation?: 'full' | 'position' | undefined;
}

/** Position and angle under noise. */
export interface NoisyCartPoleOptions extends CartPoleLimitOptions {
  /** `'noisy'`: position and angle, `[2]`, with noise added to both, clipped to twice the bounds at which an episode ends. */
  readonly observation: 'noisy';
  /**
   * Standard deviation of the noise, meters and radians, 0 to 100.
   *
   * @defaultValue 0.1
   */
  readonly noiseSigma?: number | undefined;
}

/** All four numbers, now and then. */
export interface FlickeringCartPoleOptions extends CartPoleLimitOptions {
  /** `'flickering'`: as `'full'`, `[4]`, and each observation by itself may be replaced by zeros. */
  readonly observation: 'flickering';
  /**
   * Probability that an observation is replaced by zeros, 0 to 1.
   *
   * @defaultValue 0.5
   */
  readonly flickerProbability?: number | undefined;
}
