import type { ObservationSpace, Space } from '../spaces/space.js';
import type { Random } from '../util/random.js';
import type { VectorEnvironment } from './vector-environment.js';

/** What a new episode begins with. */
export interface ResetContext {
  /** The episode's own stream: all that is random in the episode is drawn from it, at once or later. */
  readonly random: Random;
  /** Id of the stage, from 0; 0 where the environment has no stages. */
  readonly stage: number;
}

/**
 * What an environment answers to an action.
 *
 * @typeParam O - What the observations are.
 */
export interface Step<O> {
  /** What is seen after the action; after an end the last observation of the episode. Copied at once. */
  readonly observation: O;
  /** Reward of the action: finite, in 32 bits. */
  readonly reward: number;
  /** Whether the episode is over by its own rules: nothing can be earned after it. */
  readonly terminated: boolean;
  /** Whether the episode was cut short, by a limit of time say: more could have been earned, and learning reckons with that. */
  readonly truncated: boolean;
  /**
   * The actions allowed at the next step, 1 or true for each: `[n]` for `discrete(n)`, those of the components one after the other for
   * `multiDiscrete`. Absent: what {@link Environment.actionMask} says; all, where there is none.
   */
  readonly actionMask?: ArrayLike<number | boolean> | undefined;
  /** Whether the episode reached its aim; read where it ended. Absent: not said. */
  readonly success?: boolean | undefined;
  /** Anything else: never read. */
  readonly info?: unknown;
}

/**
 * Something to act in, after Gymnasium: `reset` begins an episode, `step` takes an action. Each object is one environment with one episode
 * at a time; all its methods may be asynchronous but `actionMask`.
 *
 * Episodes follow each other by themselves: in the step that ends one, `reset` is called for the next. `step` is never called after an end.
 *
 * @typeParam O - What the observations are: `number` for `discrete`, an array or typed array of numbers for `multiDiscrete` and `box`, a
 * record of these for a record of spaces.
 * @typeParam A - What the actions are: `number` for `discrete`, `readonly number[]` for `multiDiscrete`.
 */
export interface Environment<O = unknown, A = unknown> {
  /** What the observations are one of. */
  readonly observationSpace: ObservationSpace<O>;
  /** What the actions are one of: `discrete` or `multiDiscrete`. */
  readonly actionSpace: Space<A>;
  /**
   * Names of its stages, from easy to hard: `context.stage` is an index into them.
   *
   * @defaultValue one stage, called `default`
   */
  readonly stages?: readonly string[] | undefined;
  /**
   * Whether some actions may be forbidden. False promises that none ever is, which saves the network the looking.
   *
   * @defaultValue true
   */
  readonly masked?: boolean | undefined;
  /**
   * How it is best trained, such as `{ gamma: 0.9 }`: goes before the library's defaults and after the caller's options.
   *
   * @defaultValue nothing of its own
   */
  readonly algorithmOptions?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Begins an episode. Nothing of an earlier one may be left.
   *
   * @param context - The episode's random stream and stage.
   * @returns The first observation. Copied at once.
   */
  reset(context: ResetContext): O | Promise<O>;
  /**
   * Takes an action.
   *
   * @param action - One of the action space, among the allowed ones.
   * @returns What came of it.
   */
  step(action: A): Step<O> | Promise<Step<O>>;
  /**
   * The actions allowed now: asked after each reset, and after each step that does not say so itself. Absent: all.
   *
   * @returns As {@link Step.actionMask}.
   */
  actionMask?(): ArrayLike<number | boolean>;
  /**
   * Takes out all that decides how the episode under way goes on, its random stream among it. With `setState`, a run that is resumed goes on from
   * here; without, the episode is begun again with its own stream, and what was done in it is done again.
   *
   * @returns Plain data.
   */
  getState?(): unknown;
  /**
   * Goes on with an episode, in place of `reset`.
   *
   * @param state - A copy of what `getState` gave, of another object of the same kind.
   * @returns Nothing, or a promise that is awaited.
   */
  setState?(state: unknown): void | Promise<void>;
  /**
   * Gives back what it holds. Called once, after which nothing else is.
   *
   * @returns Nothing, or a promise that is awaited.
   */
  close?(): void | Promise<void>;
}

/**
 * Makes one of several environments that are stepped side by side. Each call makes a new one.
 *
 * @typeParam O - What the observations are.
 * @typeParam A - What the actions are.
 * @param index - Which one, from 0.
 * @param size - How many there will be.
 * @returns The environment.
 */
export type EnvironmentFactory<O = unknown, A = unknown> = (index: number, size: number) => Environment<O, A> | Promise<Environment<O, A>>;

/**
 * Makes all environments at once, over typed arrays. Called once.
 *
 * @param index - 0.
 * @param size - How many environments it must hold.
 * @returns The environments.
 */
export type VectorEnvironmentFactory = (index: number, size: number) => VectorEnvironment | Promise<VectorEnvironment>;
