import { setTimeout as sleep } from 'node:timers/promises';
import { box, discrete, type Environment, episodeRandom, type Random, type ResetContext, type Step, type VectorEnvironment } from 'innate';

/** What a corridor shows. */
export interface Seen {
  readonly door: number;
  readonly place: Float32Array;
}

/** A corridor of cells, of which the last is the aim; each episode draws where it begins. The right number of a door opens it. */
export class Corridor implements Environment<Seen, number> {
  readonly observationSpace = { door: discrete(3), place: box({ shape: [2], low: 0, high: 20 }) };
  readonly actionSpace = discrete(4);
  readonly stages = ['near', 'far'];
  closed = 0;
  #place = 0;
  #door = 0;
  #steps = 0;
  #random: Random | undefined;
  readonly #seen = new Float32Array(2);

  reset({ random, stage }: ResetContext): Seen {
    this.#random = random;
    this.#place = random.int(stage === 0 ? 3 : 10);
    this.#door = random.int(3);
    this.#steps = 0;
    return this.#see();
  }

  step(action: number): Step<Seen> {
    this.#steps += 1;
    const opened = action === this.#door;
    this.#place += opened ? 1 : 0;
    this.#door = this.#random?.int(3) ?? 0;
    const terminated = this.#place >= 12;
    const truncated = this.#steps >= 20;
    return { observation: this.#see(), reward: opened ? 0.25 : -0.1, terminated, truncated, success: terminated };
  }

  /** Action 3 does nothing, and is forbidden at doors of number 0. */
  actionMask(): number[] {
    return [1, 1, 1, this.#door === 0 ? 0 : 1];
  }

  close(): void {
    this.closed += 1;
  }

  /** Always the same array, written in place. */
  #see(): Seen {
    this.#seen.set([this.#place, this.#steps]);
    return { door: this.#door, place: this.#seen };
  }
}

/** The same, answering after delays that are given. */
export class SlowCorridor implements Environment<Seen, number> {
  readonly #inner = new Corridor();
  readonly #delay: () => number;
  readonly observationSpace = this.#inner.observationSpace;
  readonly actionSpace = this.#inner.actionSpace;
  readonly stages = this.#inner.stages;

  constructor(delay: () => number) {
    this.#delay = delay;
  }

  async reset(context: ResetContext): Promise<Seen> {
    await this.#wait();
    return this.#inner.reset(context);
  }

  async step(action: number): Promise<Step<Seen>> {
    await this.#wait();
    return this.#inner.step(action);
  }

  actionMask(): number[] {
    return this.#inner.actionMask();
  }

  async #wait(): Promise<void> {
    const delay = this.#delay();
    if (delay > 0) {
      await sleep(delay);
    }
  }
}

/** Gives each row's episodes their streams, and counts them. */
export function episodes(size: number, stage: (row: number, episode: number) => number = () => 0) {
  const counts = new Array<number>(size).fill(0);
  const next = (row: number): ResetContext => {
    const episode = counts[row] ?? 0;
    counts[row] = episode + 1;
    return { random: episodeRandom(5, 1, row, episode), stage: stage(row, episode) };
  };
  return { counts, next };
}

/** All that a vector says, copied. */
export function snapshot(vector: VectorEnvironment) {
  const { dense, discrete: ids, actionMask, rewards, terminated, truncated, successes, finalDense, finalDiscrete } = vector;
  const ended = Array.from(terminated, (bit, row) => (bit | (truncated[row] ?? 0)) === 1);
  const widths = [vector.layout.dense, vector.layout.discrete.length] as const;
  return {
    dense: Array.from(dense),
    ids: Array.from(ids),
    mask: actionMask === undefined ? undefined : Array.from(actionMask),
    rewards: Array.from(rewards),
    terminated: Array.from(terminated),
    truncated: Array.from(truncated),
    successes: Array.from(successes).filter((_, row) => ended[row]),
    finalDense: Array.from(finalDense).filter((_, at) => ended[Math.floor(at / widths[0])]),
    finalIds: Array.from(finalDiscrete).filter((_, at) => ended[Math.floor(at / widths[1])]),
  };
}
