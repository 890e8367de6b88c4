import type { VectorEnvironment } from '../../environment/vector-environment.js';
import type { EpisodeMetrics } from '../../metrics/events.js';

/** Row, return and success of an episode that ended; says whether it is to be counted. */
export type Ended = (row: number, episodeReturn: number, success: number) => boolean;

/** What {@link EpisodeTally} has of the episodes under way, `[rows]` each. Plain data. */
export interface EpisodeTallyState {
  readonly returns: Float64Array;
  readonly lengths: Float64Array;
}

/** Sums over the episodes that end in rows of environments. */
export class EpisodeTally {
  /** Return so far of the episode under way in each row. */
  readonly #returns: Float64Array;
  /** Steps so far of the same. */
  readonly #lengths: Float64Array;
  #episodes = 0;
  #said = 0;
  #successes = 0;
  #returnSum = 0;
  #lengthSum = 0;

  /** @param rows - How many rows there are. */
  constructor(rows: number) {
    this.#returns = new Float64Array(rows);
    this.#lengths = new Float64Array(rows);
  }

  /** Episodes counted since the last {@link EpisodeTally.take}. */
  get episodes(): number {
    return this.#episodes;
  }

  /** Every row begins an episode. */
  restart(): void {
    this.#returns.fill(0);
    this.#lengths.fill(0);
  }

  /**
   * Adds a step of every row.
   *
   * @param vector - The environments, just stepped.
   * @param left - Episodes of each row that are still to be counted, which is written; absent: all are.
   * @param ended - Told about each episode that ended; says whether it is to be counted. Absent: all are.
   */
  add({ rewards, terminated, truncated, successes }: VectorEnvironment, left?: Int32Array, ended?: Ended): void {
    const returns = this.#returns;
    const lengths = this.#lengths;
    for (let row = 0; row < returns.length; row += 1) {
      returns[row] = (returns[row] as number) + (rewards[row] as number);
      lengths[row] = (lengths[row] as number) + 1;
      if (terminated[row] === 1 || truncated[row] === 1) {
        const remaining = left?.[row];
        const counts = ended?.(row, returns[row] as number, successes[row] as number) !== false;
        if (remaining !== 0 && counts) {
          this.#count(returns[row] as number, lengths[row] as number, successes[row] as number);
        }
        if (left !== undefined && remaining !== undefined && remaining > 0) {
          left[row] = remaining - 1;
        }
        returns[row] = 0;
        lengths[row] = 0;
      }
    }
  }

  /** @returns The row whose episode under way is longest, and how long it is. */
  longest(): { row: number; steps: number } {
    const steps = this.#lengths.reduce((most, length) => Math.max(most, length), 0);
    return { row: this.#lengths.indexOf(steps), steps };
  }

  /** @returns A copy of what the episodes under way have so far; taken when nothing is counted, just after {@link EpisodeTally.take}. */
  getState(): EpisodeTallyState {
    return { returns: this.#returns.slice(), lengths: this.#lengths.slice() };
  }

  /** @param state - What {@link EpisodeTally.getState} returned, of as many rows. */
  setState({ returns, lengths }: EpisodeTallyState): void {
    this.#returns.set(returns);
    this.#lengths.set(lengths);
  }

  /** @returns What was counted; counting begins anew, and the episodes under way go on. */
  take(): EpisodeMetrics {
    const episodes = this.#episodes;
    const metrics = {
      episodes,
      successRate: this.#successes / this.#said,
      episodeReturnMean: this.#returnSum / episodes,
      episodeLengthMean: this.#lengthSum / episodes,
    };
    this.#episodes = 0;
    this.#said = 0;
    this.#successes = 0;
    this.#returnSum = 0;
    this.#lengthSum = 0;
    return metrics;
  }

  #count(episodeReturn: number, length: number, success: number): void {
    this.#episodes += 1;
    this.#returnSum += episodeReturn;
    this.#lengthSum += length;
    if (success !== NOT_SAID) {
      this.#said += 1;
      this.#successes += success;
    }
  }
}

/** Of an episode that does not say whether it reached its aim. */
const NOT_SAID = 255;
