// CartPole twice, an object a step and typed arrays: the same arithmetic, so that what differs is what the step costs around it.
import { box, discrete, type Environment, layoutOf, type Random, type ResetContext, type Step, type VectorEnvironment } from 'innate';

const SPACE = box({ shape: [4] });
/** Radians at which the pole has fallen. */
const FALLEN = (12 * Math.PI) / 180;
const LIMIT = 500;

/** One step of the dynamics, in place: position, velocity, angle, angular velocity at `at`. Returns whether the pole is up. */
function move(state: Float64Array | Float32Array, at: number, action: number): boolean {
  const velocity = state[at + 1] as number;
  const angle = state[at + 2] as number;
  const spin = state[at + 3] as number;
  const force = action === 1 ? 10 : -10;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const pull = (force + 0.05 * spin * spin * sin) / 1.1;
  const turn = (9.8 * sin - cos * pull) / (0.5 * (4 / 3 - (0.1 * cos * cos) / 1.1));
  const push = pull - (0.05 * turn * cos) / 1.1;
  state[at] = (state[at] as number) + 0.02 * velocity;
  state[at + 1] = velocity + 0.02 * push;
  state[at + 2] = angle + 0.02 * spin;
  state[at + 3] = spin + 0.02 * turn;
  return Math.abs(state[at] as number) <= 2.4 && Math.abs(state[at + 2] as number) <= FALLEN;
}

function begin(state: Float64Array | Float32Array, at: number, random: Random): void {
  for (let i = at; i < at + 4; i += 1) {
    state[i] = 0.1 * random.float() - 0.05;
  }
}

/** Returns a new array and a new object each step. */
export class CartPole implements Environment<readonly number[], number> {
  readonly observationSpace = SPACE;
  readonly actionSpace = discrete(2);
  readonly #state = new Float64Array(4);
  #steps = 0;

  reset({ random }: ResetContext): readonly number[] {
    begin(this.#state, 0, random);
    this.#steps = 0;
    return this.#see();
  }

  step(action: number): Step<readonly number[]> {
    this.#steps += 1;
    const up = move(this.#state, 0, action);
    return { observation: this.#see(), reward: 1, terminated: !up, truncated: this.#steps >= LIMIT };
  }

  #see(): readonly number[] {
    const state = this.#state;
    return [state[0] as number, state[1] as number, state[2] as number, state[3] as number];
  }
}

/** Keeps its state in the observations themselves. */
export class CartPoles implements VectorEnvironment {
  readonly layout = layoutOf(SPACE);
  readonly actionCount = 2;
  readonly stages = ['default'];
  readonly masked = false;
  readonly actionMask = undefined;
  readonly size: number;
  readonly dense: Float32Array;
  readonly discrete = new Int32Array(0);
  readonly rewards: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly successes: Uint8Array;
  readonly finalDense: Float32Array;
  readonly finalDiscrete = new Int32Array(0);
  readonly #steps: Int32Array;
  #next: ((row: number) => ResetContext) | undefined;

  constructor(size: number) {
    this.size = size;
    this.dense = new Float32Array(4 * size);
    this.rewards = new Float32Array(size);
    this.terminated = new Uint8Array(size);
    this.truncated = new Uint8Array(size);
    this.successes = new Uint8Array(size).fill(255);
    this.finalDense = new Float32Array(4 * size);
    this.#steps = new Int32Array(size);
  }

  reset(next: (row: number) => ResetContext): void {
    this.#next = next;
    for (let row = 0; row < this.size; row += 1) {
      this.#begin(row, next);
    }
  }

  step(actions: Int32Array): void {
    const next = this.#next;
    for (let row = 0; row < this.size; row += 1) {
      const steps = (this.#steps[row] as number) + 1;
      const up = move(this.dense, 4 * row, actions[row] as number);
      this.#steps[row] = steps;
      this.rewards[row] = 1;
      this.terminated[row] = up ? 0 : 1;
      this.truncated[row] = steps >= LIMIT ? 1 : 0;
      if (next !== undefined && (!up || steps >= LIMIT)) {
        for (let i = 4 * row; i < 4 * row + 4; i += 1) {
          this.finalDense[i] = this.dense[i] as number;
        }
        this.#begin(row, next);
      }
    }
  }

  #begin(row: number, next: (row: number) => ResetContext): void {
    this.#steps[row] = 0;
    begin(this.dense, 4 * row, next(row).random);
  }
}
