import type { SpaceLayout } from '../spaces/layout.js';
import type { Spaces } from '../spaces/plain.js';
import type { ResetContext } from './environment.js';

/**
 * Many environments side by side over typed arrays, `E` rows with an episode each. The arrays are made once, and written in place by `reset`
 * and `step`.
 *
 * **Same-step autoreset**: in the step that ends a row's episode, the row begins its next one. `dense`, `discrete` and `actionMask` then
 * belong to the new episode; `rewards`, `terminated`, `truncated` and `successes` to the old one, and its last observation is in
 * `finalDense` and `finalDiscrete`.
 */
export interface VectorEnvironment {
  /** Rows, `E`. */
  readonly size: number;
  /**
   * The spaces of its observations and actions, which an agent that is trained in it keeps: sessions then read observations by them.
   *
   * @defaultValue a box of the numbers, a multi-discrete space of the ids, a record of both as `numbers` and `ids`; a discrete space of actions
   */
  readonly spaces?: Spaces | undefined;
  /** Numbers (`D`) and ids (`K`) of an observation. */
  readonly layout: SpaceLayout;
  /** Actions, `A`: ids 0 … A − 1. */
  readonly actionCount: number;
  /** Names of the stages, at least one. */
  readonly stages: readonly string[];
  /** Whether some actions may be forbidden: `actionMask` is there and is read. */
  readonly masked: boolean;
  /**
   * How it is best trained, such as `{ gamma: 0.9 }`: goes before the library's defaults and after the caller's options.
   *
   * @defaultValue nothing of its own
   */
  readonly algorithmOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Numbers of what is seen next, `[E, D]`: after an end those of the next episode's first observation. */
  readonly dense: Float32Array;
  /** Ids of what is seen next, `[E, K]`. */
  readonly discrete: Int32Array;
  /** 1 for each action allowed at the next step, `[E, A]`, 0 for others, at least one 1 a row; undefined where `masked` is false. */
  readonly actionMask: Uint8Array | undefined;
  /** Rewards of the step just made, `[E]`. */
  readonly rewards: Float32Array;
  /** 1 where the step just made ended the episode by its own rules, `[E]`. */
  readonly terminated: Uint8Array;
  /** 1 where the step just made cut the episode short, `[E]`. */
  readonly truncated: Uint8Array;
  /** 1 where an episode that ended reached its aim, 0 where it did not, 255 where that is not said, `[E]`; other rows mean nothing. */
  readonly successes: Uint8Array;
  /** Numbers of the last observation of the episodes that ended in the step just made, `[E, D]`; other rows mean nothing. */
  readonly finalDense: Float32Array;
  /** Ids of the same, `[E, K]`. */
  readonly finalDiscrete: Int32Array;
  /**
   * Begins an episode in every row, whatever is under way.
   *
   * @param next - Gives the random stream and the stage of a row's next episode. Called once an episode, also for those that begin in later
   * steps.
   * @returns Nothing where all is done; a promise where something has to be awaited.
   */
  reset(next: (row: number) => ResetContext): void | Promise<void>;
  /**
   * Takes an action in every row.
   *
   * @param actions - Ids, `[E]`.
   * @returns Nothing where all is done; a promise where something has to be awaited.
   */
  step(actions: Int32Array): void | Promise<void>;
  /**
   * Takes out, between two steps, all that decides how the episodes under way go on; what is seen next need not be in it. With `setState`, a run that
   * is resumed goes on bit for bit; without, its episodes begin anew.
   *
   * @returns Plain data.
   */
  getState?(): unknown;
  /**
   * Goes on with episodes, in place of `reset`. `dense`, `discrete` and `actionMask` are written by the caller afterwards.
   *
   * @param state - A copy of what `getState` gave, of another vector of the same kind and size.
   * @param next - As for `reset`: for the episodes to come.
   * @returns Nothing where all is done; a promise where something has to be awaited.
   */
  setState?(state: unknown, next: (row: number) => ResetContext): void | Promise<void>;
  /**
   * Gives back what it holds.
   *
   * @returns Nothing, or a promise that is awaited.
   */
  close?(): void | Promise<void>;
}
