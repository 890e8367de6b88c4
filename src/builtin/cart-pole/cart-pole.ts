import type { Step } from '../../environment/environment.js';
import { discrete } from '../../spaces/make.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { advance, STATE } from './dynamics.js';
import type { CartPoleOptions } from './options.js';
import { type CartPoleSetup, drawStart, readSetup } from './setup.js';

/**
 * A pole on a cart that is pushed to the left (action 0) or to the right (action 1), after Barto, Sutton and Anderson (1983), with the numbers
 * of Gymnasium's CartPole-v1: gravity 9.8, cart 1, pole 0.1, half its length 0.5, force 10, steps of 0.02 s by Euler's method. It starts with
 * four numbers uniform in [−0.05, 0.05). An episode ends when the cart is more than 2.4 from the middle or the pole more than 12° from the
 * vertical, and is cut short after `limit` steps, which is its success.
 *
 * | `observation` | what is seen | `limit` | reward of a step | known as |
 * |---|---|---|---|---|
 * | `'full'` | position, velocity, angle, angular velocity | 500 | 1 | CartPole-v1 |
 * | `'position'` | position, angle | 200 | 1 / `limit` | POPGym's PositionOnlyCartPole |
 * | `'noisy'` | position, angle, each with noise | 200 | 1 / `limit` | POPGym's NoisyPositionOnlyCartPole |
 * | `'flickering'` | as `'full'`, or zeros | 500 | 1 | flickering, after Hausknecht and Stone (2015) |
 *
 * Positions are in meters, angles in radians. An episode that ends in the last step that is allowed is terminated and not truncated; Gymnasium
 * says both.
 *
 * @param options - See {@link CartPoleOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function cartPole(options: CartPoleOptions = {}): BuiltInEnvironment<readonly number[]> {
  const setup = readSetup(options);
  return builtInEnvironment<readonly number[]>({
    observationSpace: setup.space,
    actionSpace: discrete(2),
    begin: (random) => {
      const state = new Float64Array(STATE);
      drawStart(random, state, 0);
      return new CartPoleEpisode(setup, state, setup.draws(random));
    },
  });
}

/** An episode from a state that is given. */
export class CartPoleEpisode implements Episode<readonly number[]> {
  readonly first: readonly number[];
  readonly #setup: CartPoleSetup;
  readonly #state: Float64Array;
  readonly #draw: () => number;
  #steps = 0;

  /**
   * @param setup - What the options say.
   * @param state - The first state, `[4]`, which is changed in place.
   * @param draw - Draws what observations need.
   */
  constructor(setup: CartPoleSetup, state: Float64Array, draw: () => number) {
    this.#setup = setup;
    this.#state = state;
    this.#draw = draw;
    this.first = this.#observe();
  }

  step(action: number): Step<readonly number[]> {
    const { limit, reward } = this.#setup;
    this.#steps += 1;
    const terminated = advance(this.#state, 0, action);
    const truncated = !terminated && this.#steps >= limit;
    return { observation: this.#observe(), reward, terminated, truncated, success: terminated || truncated ? truncated : undefined };
  }

  #observe(): readonly number[] {
    // As long as it will be: a list that grows where it is written makes the same store slow for the typed arrays of vectors too.
    const observation = new Array<number>(this.#setup.width);
    this.#setup.observe(this.#state, 0, this.#draw, observation, 0);
    return observation;
  }
}
