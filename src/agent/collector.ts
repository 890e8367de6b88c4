import { fromNative, guarded } from '../native/error.js';
import type { CheckedPrompts } from '../task/checked-prompts.js';

/** What a {@link RolloutCollector} is made for. */
export interface CollectorOptions {
  /** Rows, `E`. */
  readonly rows: number;
  /** Steps of a rollout, `T`. */
  readonly steps: number;
  /** Discount, 0 to 1. */
  readonly gamma: number;
  /** λ of generalized advantage estimation, 0 to 1. */
  readonly gaeLambda: number;
  /** Whether a row begins its next episode in the step that ends one. */
  readonly autoreset: boolean;
  /** Whether steps come with the actions that are allowed. */
  readonly masked: boolean;
  readonly normalizeObservations: boolean;
  readonly normalizeRewards: boolean;
}

/** The native side, as far as it is used here. */
export interface NativeCollector {
  begin(
    contexts: Int32Array,
    stages: Int32Array,
    contextLengths?: Int32Array,
    randomSteps?: Int32Array,
    contextValues?: Float32Array,
  ): void;
  step(dense: Float32Array | undefined, discrete: Int32Array | undefined, allowed: Uint8Array | undefined, actions: Int32Array): void;
  record(
    rewards: Float32Array,
    terminated: Uint8Array,
    truncated: Uint8Array,
    finalDense: Float32Array | undefined,
    finalDiscrete: Int32Array | undefined,
  ): void;
  finish(pending: boolean, dense: Float32Array | undefined, discrete: Int32Array | undefined): void;
  judge(advantages: Float32Array): void;
  carried(): Uint8Array;
  close(): void;
}

/** What of a {@link RolloutCollector} the loops use; scripted in tests. */
export type Recorder = Pick<RolloutCollector, 'begin' | 'step' | 'record' | 'finish' | 'close'>;

/**
 * Rows whose steps are recorded natively, to be learned from: `step` chooses an action a row, `record` says what came of it, `finish` judges a
 * rollout. Arrays are read and written in place, and nothing is allocated a step.
 *
 * @internal
 */
export class RolloutCollector {
  readonly #native: NativeCollector;

  /** @param native - The rows. */
  constructor(native: NativeCollector) {
    this.#native = native;
  }

  /** @param collector - A collector. @returns Its native side. */
  static nativeOf(collector: RolloutCollector): NativeCollector {
    return collector.#native;
  }

  /**
   * @param prompts - One a row, of which each begins an episode: at most as many as there are rows.
   * @param randomSteps - One step of each row at which any action that is allowed is as probable as the others, −1 for none, `[E]`; absent: none.
   * Steps before it do not count then, unless the episode was over by that time, and the policy's term of it counts where its advantage is above 0.
   */
  begin({ contexts, contextLengths, contextValues, stages }: CheckedPrompts, randomSteps?: Int32Array): void {
    guarded(() => this.#native.begin(contexts, stages, contextLengths, randomSteps, contextValues));
  }

  /**
   * @param dense - Numbers observed, `[E, D]`.
   * @param discrete - Ids observed, `[E, K]`.
   * @param allowed - Actions allowed, `[E, A]`.
   * @param actions - Written, `[E]`.
   */
  step(dense: Float32Array | undefined, discrete: Int32Array | undefined, allowed: Uint8Array | undefined, actions: Int32Array): void {
    try {
      this.#native.step(dense, discrete, allowed, actions);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * @param rewards - Of the step, `[E]`.
   * @param terminated - 1 where an episode ended by its own rules, `[E]`.
   * @param truncated - 1 where one was cut short, `[E]`.
   * @param finalDense - Numbers of the last observation of episodes that were cut short, `[E, D]`.
   * @param finalDiscrete - Ids of the same, `[E, K]`.
   */
  record(
    rewards: Float32Array,
    terminated: Uint8Array,
    truncated: Uint8Array,
    finalDense: Float32Array | undefined,
    finalDiscrete: Int32Array | undefined,
  ): void {
    try {
      this.#native.record(rewards, terminated, truncated, finalDense, finalDiscrete);
    } catch (error) {
      throw fromNative(error);
    }
  }

  /**
   * After the last step of a rollout.
   *
   * @param pending - Whether episodes may go on: their values are those of what is observed next.
   * @param dense - Numbers observed next, `[E, D]`.
   * @param discrete - Ids observed next, `[E, K]`.
   */
  finish(pending: boolean, dense?: Float32Array, discrete?: Int32Array): void {
    guarded(() => this.#native.finish(pending, dense, discrete));
  }

  /**
   * Judges a finished rollout by whole rows, in place of what its steps were judged by.
   *
   * @param advantages - Of all steps of each row, `[E]`.
   */
  judge(advantages: Float32Array): void {
    guarded(() => this.#native.judge(advantages));
  }

  /** @returns What the rows carry on, between two rollouts: a collector that is made with it goes on where they are. */
  carried(): Uint8Array {
    return guarded(() => this.#native.carried());
  }

  /** Frees the native side. */
  close(): void {
    this.#native.close();
  }
}
