import type { Random } from '../../util/random.js';

/** How far a score moves to what just happened. */
const RATE = 0.3;

/** Something that failed, to be tried again. */
export interface ReplayEntry<Item> {
  /** What is tried. */
  readonly item: Item;
  /** Stage id. */
  readonly stage: number;
  /** How much it fails, 0 to 1. */
  score: number;
}

/**
 * What failed, each with a score that it is drawn in proportion to. Bounded: what fares best makes room, the oldest of equals.
 *
 * @typeParam Item - What is tried again; plain data.
 */
export class ReplayBuffer<Item> {
  readonly #size: number;
  /** The oldest first. */
  #entries: ReplayEntry<Item>[] = [];

  /** @param size - Entries at most. */
  constructor(size: number) {
    this.#size = size;
  }

  /** What is kept, the oldest first. */
  get entries(): readonly ReplayEntry<Item>[] {
    return this.#entries;
  }

  /** Share of the room that is taken, 0 to 1. */
  get fill(): number {
    return this.#entries.length / this.#size;
  }

  /** Mean score; 0 where there is nothing. */
  get meanScore(): number {
    return this.#entries.reduce((sum, { score }) => sum + score, 0) / Math.max(1, this.#entries.length);
  }

  /**
   * Draws entries in proportion to their scores, with replacement.
   *
   * @param count - How many.
   * @param stages - Which stages may be drawn.
   * @param random - The stream to draw from.
   * @returns The entries; none where there are none of these stages.
   */
  draw(count: number, stages: ReadonlySet<number>, random: Random): ReplayEntry<Item>[] {
    const entries = this.#entries;
    const sums = new Float64Array(entries.length);
    let total = 0;
    for (const [at, { stage, score }] of entries.entries()) {
      total += stages.has(stage) ? score : 0;
      sums[at] = total;
    }
    return total > 0 ? Array.from({ length: count }, () => entries[firstAbove(sums, random.float() * total)] as ReplayEntry<Item>) : [];
  }

  /**
   * Moves a score to what just happened.
   *
   * @param entry - What {@link ReplayBuffer.draw} gave.
   * @param failed - Whether it failed again.
   */
  settle(entry: ReplayEntry<Item>, failed: boolean): void {
    entry.score += RATE * ((failed ? 1 : 0) - entry.score);
  }

  /**
   * Takes in what failed when it was fresh.
   *
   * @param item - What is to be tried again.
   * @param stage - Stage id.
   */
  admit(item: Item, stage: number): void {
    const entries = this.#entries;
    if (entries.length >= this.#size) {
      entries.splice(lowest(entries), 1);
    }
    entries.push({ item, stage, score: 1 });
  }

  /** @param entries - What is kept from now on, the oldest first; at most as many as there is room for. */
  restore(entries: readonly ReplayEntry<Item>[]): void {
    this.#entries = entries.slice(-this.#size).map((entry) => ({ ...entry }));
  }
}

/** The first of the lowest scores. */
function lowest(entries: readonly ReplayEntry<unknown>[]): number {
  let found = 0;
  let least = Infinity;
  for (let at = 0; at < entries.length; at += 1) {
    const { score } = entries[at] as ReplayEntry<unknown>;
    if (score < least) {
      found = at;
      least = score;
    }
  }
  return found;
}

/** The first of ascending sums that is above a number; the first of the largest where none is. */
function firstAbove(sums: Float64Array, number: number): number {
  let [low, high] = [0, sums.length - 1];
  const target = Math.min(number, (sums[high] as number) * (1 - Number.EPSILON));
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sums[middle] as number) > target) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
