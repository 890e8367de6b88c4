import { discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { DIFFICULTIES, type Difficulty } from '../shared/cards.js';
import { type KnownScore, POPGYM } from '../shared/known-score.js';

/** Options of {@link multiarmedBandit}. */
export interface MultiarmedBanditOptions {
  /**
   * How hard it is, by POPGym's names: 10 arms and 200 steps, 20 and 400, or 30 and 600.
   *
   * @defaultValue `'easy'`
   */
  readonly difficulty?: Difficulty | undefined;
  /**
   * Arms to choose from, 1 to 4096.
   *
   * @defaultValue what `difficulty` says
   */
  readonly arms?: number | undefined;
  /**
   * Steps of an episode, at least 1.
   *
   * @defaultValue what `difficulty` says
   */
  readonly steps?: number | undefined;
}

const SETTINGS = { easy: { arms: 10, steps: 200 }, medium: { arms: 20, steps: 400 }, hard: { arms: 30, steps: 600 } } as const;

/**
 * POPGym's MultiarmedBandit: in each episode every arm pays with a probability of its own, uniform in [0, 1), which has to be found out.
 *
 * Observation: whether the arm just pulled paid, 0 or 1; 0 at first. Action: an arm. Each of the `steps` steps pays 1 / `steps` when its arm
 * pays and costs as much otherwise: returns are −1 to 1. The last step truncates. What was pulled is not seen: the network needs its previous
 * action among its inputs. Success is not said.
 *
 * @param options - See {@link MultiarmedBanditOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function multiarmedBandit(options: MultiarmedBanditOptions = {}): BuiltInEnvironment<number> {
  const { arms, steps } = readOptions(options, (reader) => {
    const settings = SETTINGS[reader.choice('difficulty', 'easy', DIFFICULTIES)];
    return {
      arms: reader.number('arms', settings.arms, { integer: true, min: 1, max: 4096 }),
      steps: reader.number('steps', settings.steps, { integer: true, min: 1 }),
    };
  });
  return builtInEnvironment<number>({
    observationSpace: discrete(2),
    actionSpace: discrete(arms),
    begin: (random) => {
      const payouts = Float64Array.from({ length: arms }, () => random.float());
      return beginMultiarmedBandit(payouts, steps, () => random.float());
    },
  });
}

/**
 * @param payouts - Probability of each arm to pay, `[arms]`.
 * @param steps - Steps of the episode.
 * @param draw - Draws a number from [0, 1): an arm pays where it is below the arm's probability.
 * @returns The episode.
 */
export function beginMultiarmedBandit(payouts: ArrayLike<number>, steps: number, draw: () => number): Episode<number> {
  let pulled = 0;
  return {
    first: 0,
    step: (action) => {
      pulled += 1;
      const paid = draw() < (payouts[action] as number);
      return { observation: paid ? 1 : 0, reward: (paid ? 1 : -1) / steps, terminated: false, truncated: pulled === steps };
    },
  };
}

/** Scores of MultiarmedBandit by name. */
export const multiarmedBanditScores = {
  MultiarmedBanditEasy: score('MultiarmedBanditEasy', 'easy', 0.619),
  MultiarmedBanditMedium: score('MultiarmedBanditMedium', 'medium', 0.538),
  MultiarmedBanditHard: score('MultiarmedBanditHard', 'hard', 0.516),
} as const satisfies Record<string, KnownScore>;

function score(name: string, difficulty: Difficulty, published: number): KnownScore {
  const { arms, steps } = SETTINGS[difficulty];
  const create = () => multiarmedBandit({ difficulty });
  // Of an oracle that knows the best arm, which pays arms / (arms + 1) of the time: a bound.
  const best = (2 * arms) / (arms + 1) - 1;
  return { name, create, limit: steps, published, source: POPGYM, random: 0, best, needsMemory: true };
}
