import { box } from '../../spaces/make.js';
import type { BoxSpace } from '../../spaces/space.js';
import { readOptions } from '../../util/option-reader.js';
import type { Random } from '../../util/random.js';
import { normal } from '../shared/normal.js';
import { MAX_ANGLE, MAX_POSITION, STATE } from './dynamics.js';
import type { CartPoleOptions } from './options.js';

/** What the options say, ready for steps. */
export interface CartPoleSetup {
  /** What the observations are one of. */
  readonly space: BoxSpace;
  /** Numbers of an observation. */
  readonly width: number;
  /** Steps after which an episode is cut short. */
  readonly limit: number;
  /** Reward of each step. */
  readonly reward: number;
  /** What observations draw: a number a call. */
  readonly draws: (random: Random) => () => number;
  /**
   * Writes an observation.
   *
   * @param states - States, `[rows, 4]`.
   * @param at - Where the state begins.
   * @param draw - Draws what is needed.
   * @param out - Where the observation goes.
   * @param outAt - Where it begins there.
   */
  readonly observe: (states: Float64Array, at: number, draw: () => number, out: number[] | Float32Array, outAt: number) => void;
}

const START = 0.05;

/** As 32 bits have them, so that what is clipped to them lies within the space. */
const POSITION_BOUND = Math.fround(2 * MAX_POSITION);
const ANGLE_BOUND = Math.fround(2 * MAX_ANGLE);

const POSITION_HIGH = [POSITION_BOUND, ANGLE_BOUND];
const FULL_HIGH = [POSITION_BOUND, Infinity, ANGLE_BOUND, Infinity];

/**
 * @param options - What the caller passed.
 * @returns The set-up.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function readSetup(options: CartPoleOptions): CartPoleSetup {
  return readOptions(options, (reader) => {
    const observation = reader.choice('observation', 'full', ['full', 'position', 'noisy', 'flickering']);
    const positionOnly = observation === 'position' || observation === 'noisy';
    const limit = reader.number('limit', positionOnly ? 200 : 500, { integer: true, min: 1 });
    const sigma = observation === 'noisy' ? reader.number('noiseSigma', 0.1, { min: 0, max: 100 }) : 0;
    const probability = observation === 'flickering' ? reader.number('flickerProbability', 0.5, { min: 0, max: 1 }) : 0;
    const space = spaceOf(positionOnly ? POSITION_HIGH : FULL_HIGH);
    const shared = { space, width: space.low.length, limit, reward: positionOnly ? 1 / limit : 1 };
    switch (observation) {
      case 'full':
        return { ...shared, draws: nothing, observe: observeFull };
      case 'position':
        return { ...shared, draws: nothing, observe: observePosition };
      case 'noisy':
        return { ...shared, draws: (random) => () => sigma * normal(random), observe: observeNoisy };
      case 'flickering':
        return { ...shared, draws: (random) => () => (random.float() < probability ? 0 : 1), observe: observeFlickering };
    }
  });
}

/**
 * Draws the state that an episode begins with: four numbers, uniform in [−0.05, 0.05).
 *
 * @param random - Where they are drawn from.
 * @param states - States, `[rows, 4]`, of which one is written.
 * @param at - Where that one begins.
 */
export function drawStart(random: Random, states: Float64Array, at: number): void {
  for (let i = 0; i < STATE; i += 1) {
    states[at + i] = 2 * START * random.float() - START;
  }
}

function spaceOf(high: readonly number[]): BoxSpace {
  return box({ shape: [high.length], low: high.map((bound) => -bound), high });
}

function nothing(): () => number {
  return () => 0;
}

const observeFull: CartPoleSetup['observe'] = (states, at, _draw, out, outAt) => {
  out[outAt] = states[at] as number;
  out[outAt + 1] = states[at + 1] as number;
  out[outAt + 2] = states[at + 2] as number;
  out[outAt + 3] = states[at + 3] as number;
};

const observePosition: CartPoleSetup['observe'] = (states, at, _draw, out, outAt) => {
  out[outAt] = states[at] as number;
  out[outAt + 1] = states[at + 2] as number;
};

const observeNoisy: CartPoleSetup['observe'] = (states, at, draw, out, outAt) => {
  out[outAt] = clip((states[at] as number) + draw(), POSITION_BOUND);
  out[outAt + 1] = clip((states[at + 2] as number) + draw(), ANGLE_BOUND);
};

const observeFlickering: CartPoleSetup['observe'] = (states, at, draw, out, outAt) => {
  const seen = draw() === 1;
  for (let i = 0; i < STATE; i += 1) {
    out[outAt + i] = seen ? (states[at + i] as number) : 0;
  }
};

function clip(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}
