import '../../util/option-names.js';
import type { Environment, ResetContext, Step } from '../../environment/environment.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import { InputError } from '../../errors/input-error.js';
import type { DiscreteSpace, Space } from '../../spaces/space.js';
import { Issues } from '../../util/issues.js';
import type { Random } from '../../util/random.js';

/**
 * An environment that comes along: it answers at once, and an episode is a function of the stream it is reset with. `step` throws
 * `InputError` before `reset`, after the end of an episode, and for an action that is none.
 *
 * @typeParam O - What the observations are: `number` where the space is discrete, a list of numbers where it is a box.
 */
export interface BuiltInEnvironment<O extends number | readonly number[]> extends Environment<O, number> {
  /** What the observations are one of. */
  readonly observationSpace: Space<O>;
  /** What the actions are one of. */
  readonly actionSpace: DiscreteSpace;
  /**
   * Begins an episode.
   *
   * @param context - The episode's random stream, which is kept until the episode ends.
   * @returns The first observation, which nothing writes to later.
   */
  reset(context: ResetContext): O;
  /**
   * Takes an action.
   *
   * @param action - Its id.
   * @returns What came of it; its observation is a new one.
   * @throws `InputError` before `reset`, after the end of an episode, and for an action that is none.
   */
  step(action: number): Step<O>;
}

/** Built-in environments side by side, which answer at once: `step` throws `InputError` before `reset`, and for actions that are none. */
export interface BuiltInVectorEnvironment extends VectorEnvironment {
  /**
   * Begins an episode in every row, whatever is under way.
   *
   * @param next - Gives the random stream and the stage of a row's next episode, once an episode.
   */
  reset(next: (row: number) => ResetContext): void;
  /**
   * Takes an action in every row.
   *
   * @param actions - Ids, `[E]`.
   * @throws `InputError` before `reset`, and for actions that are none; nothing is stepped then.
   */
  step(actions: Int32Array): void;
}

/** One episode, of which all that is random is known, or drawn from what it was begun with. */
export interface Episode<O> {
  /** The first observation. */
  readonly first: O;
  /**
   * @param action - One of the action space.
   * @returns What came of it.
   */
  step(action: number): Step<O>;
}

/** What {@link builtInEnvironment} makes an environment of. */
export interface EpisodeSource<O> {
  readonly observationSpace: Space<O>;
  readonly actionSpace: DiscreteSpace;
  /** How it is best trained, where the library's defaults are not it. */
  readonly algorithmOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Draws what an episode begins with. */
  readonly begin: (random: Random) => Episode<O>;
}

/**
 * @param source - Spaces, and what begins an episode.
 * @returns The environment, which checks actions and the order of calls.
 */
export function builtInEnvironment<O extends number | readonly number[]>(source: EpisodeSource<O>): BuiltInEnvironment<O> {
  const { observationSpace, actionSpace, algorithmOptions, begin } = source;
  const { n } = actionSpace;
  let episode: Episode<O> | undefined;
  return {
    observationSpace,
    actionSpace,
    masked: false,
    ...(algorithmOptions === undefined ? {} : { algorithmOptions }),
    reset({ random }: ResetContext): O {
      episode = begin(random);
      return episode.first;
    },
    step(action: number): Step<O> {
      if (episode === undefined) {
        throw new InputError([{ path: 'step', message: 'has no episode to step.', remedy: 'Call reset first, and after each end.' }]);
      }
      if (!(Number.isInteger(action) && action >= 0 && action < n)) {
        const issues = new Issues();
        issues.number('action', action, { integer: true, min: 0, max: n - 1 });
        issues.throwIfAny(InputError);
      }
      const answer = episode.step(action);
      if (answer.terminated || answer.truncated) {
        episode = undefined;
      }
      return answer;
    },
  };
}
