import { type KnownScore, POPGYM } from '../shared/known-score.js';
import { cartPole } from './cart-pole.js';

/** Steps of an episode under uniformly drawn actions: mean of a million episodes, of which none was longer than 168. */
const RANDOM_STEPS = 22.26;

/** Scores of CartPole by name. */
export const cartPoleScores = {
  'CartPole-v1': {
    name: 'CartPole-v1',
    create: () => cartPole(),
    limit: 500,
    published: 490,
    source: 'CleanRL, PPO: 490 ± 6 at 500 k steps. Gymnasium calls 475 solved',
    random: RANDOM_STEPS,
    best: 500,
    needsMemory: false,
  },
  FlickeringCartPole: {
    name: 'FlickeringCartPole',
    create: () => cartPole({ observation: 'flickering' }),
    limit: 500,
    published: undefined,
    source:
      'CartPole-v1 whose observations are left out with probability 0.5, after Hausknecht and Stone (2015), who did so with Atari games',
    random: RANDOM_STEPS,
    best: 500,
    needsMemory: true,
  },
  PositionOnlyCartPoleEasy: position('PositionOnlyCartPoleEasy', 200),
  PositionOnlyCartPoleMedium: position('PositionOnlyCartPoleMedium', 400),
  PositionOnlyCartPoleHard: position('PositionOnlyCartPoleHard', 600),
  NoisyPositionOnlyCartPoleEasy: noisy('NoisyPositionOnlyCartPoleEasy', 0.1, 0.995),
  NoisyPositionOnlyCartPoleMedium: noisy('NoisyPositionOnlyCartPoleMedium', 0.2, 0.642),
  NoisyPositionOnlyCartPoleHard: noisy('NoisyPositionOnlyCartPoleHard', 0.3, 0.39),
} as const satisfies Record<string, KnownScore>;

function position(name: string, limit: number): KnownScore {
  const random = RANDOM_STEPS / limit;
  const create = () => cartPole({ observation: 'position', limit });
  return { name, create, limit, published: 1, source: POPGYM, random, best: 1, needsMemory: true };
}

function noisy(name: string, noiseSigma: number, published: number): KnownScore {
  const random = RANDOM_STEPS / 200;
  const create = () => cartPole({ observation: 'noisy', noiseSigma });
  return { name, create, limit: 200, published, source: POPGYM, random, best: 1, needsMemory: true };
}
