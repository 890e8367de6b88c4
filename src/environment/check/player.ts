import type { EnvironmentError } from '../../errors/environment-error.js';
import { InnateError } from '../../errors/innate-error.js';
import { type Random, STREAMS } from '../../util/random.js';
import { episodeRandom } from '../episode-random.js';
import type { VectorEnvironment } from '../vector-environment.js';

/** Rows of the streams that actions are drawn from; those of episodes are their stages. */
const ACTIONS = 2 ** 31;

/** A step as it is remembered: observations as 53 bits of a hash. */
export interface SeenStep {
  /** What was seen before the action, and what was allowed. */
  readonly observation: number;
  /** Id of the action. */
  readonly action: number;
  /** What it earned. */
  readonly reward: number;
  /** What was seen after it: of an episode that ended its last observation. */
  readonly next: number;
  /** 0, or how the episode ended: 1 terminated, 2 truncated, 3 both. */
  readonly end: number;
}

/** An episode as it was seen. */
export interface SeenEpisode {
  readonly steps: readonly SeenStep[];
  readonly episodeReturn: number;
  readonly ended: boolean;
  /** Whether it reached its aim; undefined where that is not said. */
  readonly success: boolean | undefined;
}

/** An episode to play: which one, and an action to take always where it is allowed; undefined for random ones. */
export interface Plan {
  readonly episode: number;
  readonly action?: number;
}

/** Plays episodes in an environment of one row. */
export class Player {
  readonly vector: VectorEnvironment;
  readonly #seed: number;
  readonly #maxSteps: number;

  constructor(vector: VectorEnvironment, seed: number, maxSteps: number) {
    this.vector = vector;
    this.#seed = seed;
    this.#maxSteps = maxSteps;
  }

  /**
   * Plays episodes one after the other, each a function of seed, stage and plan alone where the environment keeps to the rules.
   *
   * @throws {@link EnvironmentError} for whatever the environment does wrong.
   */
  async play(stage: number, plans: readonly Plan[]): Promise<SeenEpisode[]> {
    let at = 0;
    const next = () => {
      // One more than is planned is begun, by the last one's end.
      const episode = plans[at]?.episode ?? 0;
      at += 1;
      return { random: episodeRandom(this.#seed, STREAMS.environmentCheck, stage, episode), stage };
    };
    const seen: SeenEpisode[] = [];
    let begun = false;
    for (const plan of plans) {
      if (!begun) {
        await this.vector.reset(next);
      }
      const episode = await this.#episode(stage, plan);
      begun = episode.ended;
      seen.push(episode);
    }
    return seen;
  }

  async #episode(stage: number, { episode, action }: Plan): Promise<SeenEpisode> {
    const { vector } = this;
    const random = episodeRandom(this.#seed, STREAMS.environmentCheck, ACTIONS + stage, episode);
    const actions = new Int32Array(1);
    const steps: SeenStep[] = [];
    let observation = this.#look(vector.dense, vector.discrete, vector.actionMask);
    let episodeReturn = 0;
    while (steps.length < this.#maxSteps) {
      actions[0] = choose(vector, random, action);
      const waiting = vector.step(actions);
      if (waiting !== undefined) {
        await waiting;
      }
      const end = (vector.terminated[0] ?? 0) + 2 * (vector.truncated[0] ?? 0);
      const reward = vector.rewards[0] ?? 0;
      const next =
        end === 0
          ? this.#look(vector.dense, vector.discrete, vector.actionMask)
          : this.#look(vector.finalDense, vector.finalDiscrete, undefined);
      steps.push({ observation, action: actions[0], reward, next, end });
      episodeReturn += reward;
      if (end !== 0) {
        const success = vector.successes[0];
        return { steps, episodeReturn, ended: true, success: success === 255 ? undefined : success === 1 };
      }
      observation = next;
    }
    return { steps, episodeReturn, ended: false, success: undefined };
  }

  #look(dense: Float32Array, discrete: Int32Array, mask: Uint8Array | undefined): number {
    const bits = new Int32Array(dense.buffer, dense.byteOffset, dense.length);
    return [bits, discrete, mask ?? []].reduce(hash, 0);
  }
}

/** An allowed action: the given one, otherwise a random one; where the given one is forbidden, the first that is not. */
function choose({ actionCount, actionMask }: VectorEnvironment, random: Random, given: number | undefined): number {
  if (given !== undefined) {
    return actionMask?.[given] === 0 ? actionMask.indexOf(1) : given;
  }
  if (actionMask === undefined) {
    return random.int(actionCount);
  }
  let left = random.int(actionMask.reduce((sum, bit) => sum + bit, 0));
  return actionMask.findIndex((bit) => {
    left -= bit;
    return bit === 1 && left < 0;
  });
}

/**
 * Adds numbers to a hash.
 *
 * @param before - The hash so far, of 53 bits.
 * @param values - Integers of 32 bits.
 * @returns The hash with them.
 */
export function hash(before: number, values: ArrayLike<number>): number {
  let a = before >>> 0;
  let b = Math.floor(before / 2 ** 32) ^ values.length;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    a = Math.imul(a ^ value, 0x0100_0193);
    a ^= a >>> 15;
    b = Math.imul(b ^ value, 0x85eb_ca6b);
    b ^= b >>> 13;
  }
  return (b & 0x1f_ffff) * 2 ** 32 + (Math.imul(a ^ b, 0xc2b2_ae35) >>> 0);
}

/**
 * @param error - What a player threw.
 * @returns It, where the environment is to blame.
 * @throws It, where not.
 */
export function blame(error: unknown): EnvironmentError {
  if (InnateError.isInstance(error) && error.code === 'ERR_ENVIRONMENT') {
    return error as EnvironmentError;
  }
  throw error;
}
