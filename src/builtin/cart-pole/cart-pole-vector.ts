import type { ResetContext } from '../../environment/environment.js';
import { InputError } from '../../errors/input-error.js';
import { OptionsError } from '../../errors/options-error.js';
import { layoutOf, type SpaceLayout } from '../../spaces/layout.js';
import { Issues } from '../../util/issues.js';
import { COUNT } from '../../util/number-rule.js';
import { Random, type RandomState } from '../../util/random.js';
import type { BuiltInVectorEnvironment } from '../shared/built-in-environment.js';
import { advance, STATE } from './dynamics.js';
import type { CartPoleOptions } from './options.js';
import { type CartPoleSetup, drawStart, readSetup } from './setup.js';

/** Written to `successes` where an episode goes on. */
const NOT_SAID = 255;

/**
 * Many of {@link cartPole} side by side over typed arrays, for speed: the same numbers, bit by bit, as as many environments of their own.
 *
 * @param size - How many, 1 to 2²⁰.
 * @param options - See {@link CartPoleOptions}; the same for all.
 * @returns The environments.
 * @throws `OptionsError` saying what is wrong with the size, or all that is wrong with the options.
 */
export function cartPoleVector(size: number, options: CartPoleOptions = {}): BuiltInVectorEnvironment {
  const issues = new Issues();
  issues.number('size', size, COUNT);
  issues.throwIfAny(OptionsError);
  return new CartPoleVector(size, readSetup(options));
}

/** How the episodes under way go on. */
interface CartPoleState {
  /** `[size, 4]`. */
  readonly states: Float64Array;
  readonly steps: Int32Array;
  readonly randoms: readonly RandomState[];
}

class CartPoleVector implements BuiltInVectorEnvironment {
  readonly size: number;
  readonly layout: SpaceLayout;
  readonly actionCount = 2;
  readonly stages: readonly string[] = ['default'];
  readonly masked = false;
  readonly actionMask: undefined;
  readonly dense: Float32Array;
  readonly discrete = new Int32Array(0);
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete = new Int32Array(0);
  readonly #setup: CartPoleSetup;
  /** `[size, 4]`. */
  readonly #states: Float64Array;
  /** Steps of each episode. */
  readonly #steps: Int32Array;
  /** What each episode's observations draw. */
  readonly #draws: (() => number)[] = [];
  /** The same streams. */
  readonly #randoms: Random[] = [];
  #next: ((row: number) => ResetContext) | undefined;

  constructor(size: number, setup: CartPoleSetup) {
    this.size = size;
    this.layout = layoutOf(setup.space);
    this.dense = new Float32Array(size * setup.width);
    this.finalDense = new Float32Array(size * setup.width);
    this.rewards = new Float32Array(size);
    this.terminated = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.successes = new Uint8Array(size).fill(NOT_SAID);
    this.#setup = setup;
    this.#states = new Float64Array(size * STATE);
    this.#steps = new Int32Array(size);
  }

  reset(next: (row: number) => ResetContext): void {
    this.#next = next;
    this.rewards.fill(0);
    this.terminated.fill(0);
    this.truncated.fill(0);
    this.successes.fill(NOT_SAID);
    for (let row = 0; row < this.size; row += 1) {
      this.#begin(row, next);
    }
  }

  step(actions: Int32Array): void {
    const next = this.#next;
    if (next === undefined) {
      throw new InputError([{ path: 'step', message: 'has no episodes to step.', remedy: 'Call reset first.' }]);
    }
    this.#check(actions);
    const { width, limit, reward, observe } = this.#setup;
    for (let row = 0; row < this.size; row += 1) {
      const fell = advance(this.#states, row * STATE, actions[row] as number);
      const steps = (this.#steps[row] as number) + 1;
      const cut = !fell && steps >= limit;
      this.#steps[row] = steps;
      this.rewards[row] = reward;
      this.terminated[row] = fell ? 1 : 0;
      this.truncated[row] = cut ? 1 : 0;
      if (fell || cut) {
        this.successes[row] = cut ? 1 : 0;
        observe(this.#states, row * STATE, this.#draws[row] as () => number, this.finalDense, row * width);
        this.#begin(row, next);
      } else {
        this.successes[row] = NOT_SAID;
        observe(this.#states, row * STATE, this.#draws[row] as () => number, this.dense, row * width);
      }
    }
  }

  getState(): CartPoleState {
    return { states: this.#states.slice(), steps: this.#steps.slice(), randoms: this.#randoms.map((random) => random.getState()) };
  }

  setState(state: unknown, next: (row: number) => ResetContext): void {
    const { states, steps, randoms } = state as CartPoleState;
    if (states.length !== this.#states.length || steps.length !== this.size || randoms.length !== this.size) {
      throw new InputError([{ path: 'state', message: `must be of ${this.size} environments.`, remedy: 'Pass what getState() returned.' }]);
    }
    this.#next = next;
    this.#states.set(states);
    this.#steps.set(steps);
    for (const [row, words] of randoms.entries()) {
      const random = new Random(0);
      random.setState(words);
      this.#randoms[row] = random;
      this.#draws[row] = this.#setup.draws(random);
    }
  }

  #begin(row: number, next: (row: number) => ResetContext): void {
    const { random } = next(row);
    drawStart(random, this.#states, row * STATE);
    this.#steps[row] = 0;
    this.#randoms[row] = random;
    this.#draws[row] = this.#setup.draws(random);
    this.#setup.observe(this.#states, row * STATE, this.#draws[row] as () => number, this.dense, row * this.#setup.width);
  }

  #check(actions: Int32Array): void {
    let wrong = actions.length !== this.size;
    for (let row = 0; row < actions.length; row += 1) {
      const action = actions[row] as number;
      wrong ||= action !== 0 && action !== 1;
    }
    if (wrong) {
      const message = `must be ${this.size} numbers, each 0 or 1.`;
      throw new InputError([{ path: 'actions', message, remedy: 'Give one action a row: 0 for left, 1 for right.' }]);
    }
  }
}
