import type { ReplayMetrics } from '../../metrics/events.js';
import { cloneData } from '../../util/plain-data.js';
import { Random, type RandomState, STREAMS } from '../../util/random.js';
import { ReplayBuffer, type ReplayEntry } from '../collect/replay-buffer.js';
import type { EpisodeReplayConfig } from '../collect/replay-options.js';

/** Returns that the running median is of. */
const WINDOW = 101;

/** Of an episode that does not say whether it reached its aim. */
const NOT_SAID = 255;

/** Whose random stream an episode has: that of the fresh episode number `episode` of `row`. */
export interface EpisodeId {
  readonly row: number;
  readonly episode: number;
}

/** All that decides which episodes come back next. Plain data. */
export interface EpisodeReplayState {
  readonly random: RandomState;
  /** The oldest first. */
  readonly entries: readonly ReplayEntry<EpisodeId>[];
  /** Of the last fresh episodes that did not say whether they reached their aim. */
  readonly returns: readonly number[];
}

/** Episodes that failed, which come back by their random streams. */
export class EpisodeReplay {
  readonly #share: number;
  readonly #buffer: ReplayBuffer<EpisodeId>;
  readonly #random: Random;
  #returns: number[] = [];
  #ended = 0;
  #replayed = 0;

  /**
   * @param config - How they come back.
   * @param seed - The run's.
   */
  constructor({ share, size }: EpisodeReplayConfig, seed: number) {
    this.#share = share;
    this.#buffer = new ReplayBuffer(size);
    this.#random = new Random(seed, STREAMS.replay);
  }

  /** What is kept, the oldest first. */
  get entries(): readonly ReplayEntry<EpisodeId>[] {
    return this.#buffer.entries;
  }

  /**
   * @param stage - Stage of an episode that begins.
   * @returns Which of those that failed it is to be; undefined: a fresh one.
   */
  draw(stage: number): ReplayEntry<EpisodeId> | undefined {
    return this.#random.float() < this.#share ? this.#buffer.draw(1, new Set([stage]), this.#random)[0] : undefined;
  }

  /**
   * Notes how an episode did: it failed where it says so, or, where it does not say, where it earned less than the median of the last fresh ones.
   *
   * @param episode - Which one.
   * @param entry - Where it had come back.
   * @param stage - Its stage.
   * @param episodeReturn - What it earned.
   * @param success - 1, 0 or, where that was not said, 255.
   */
  note(episode: EpisodeId, entry: ReplayEntry<EpisodeId> | undefined, stage: number, episodeReturn: number, success: number): void {
    const failed = success === NOT_SAID ? episodeReturn < this.#median() : success === 0;
    this.#ended += 1;
    if (entry !== undefined) {
      this.#replayed += 1;
      this.#buffer.settle(entry, failed);
      return;
    }
    if (failed) {
      this.#buffer.admit(episode, stage);
    }
    if (success === NOT_SAID) {
      this.#returns = [...this.#returns.slice(1 - WINDOW), episodeReturn];
    }
  }

  /** @returns How episodes came back since the last call. */
  take(): ReplayMetrics {
    const share = this.#replayed / Math.max(1, this.#ended);
    this.#ended = 0;
    this.#replayed = 0;
    return { share, fill: this.#buffer.fill, scoreMean: this.#buffer.meanScore };
  }

  /** @returns A copy of the state. */
  getState(): EpisodeReplayState {
    return cloneData({ random: this.#random.getState(), entries: [...this.#buffer.entries], returns: this.#returns });
  }

  /** @param state - What {@link EpisodeReplay.getState} returned. */
  setState({ random, entries, returns }: EpisodeReplayState): void {
    this.#random.setState(random);
    this.#buffer.restore(cloneData(entries));
    this.#returns = [...returns];
  }

  /** Of the last returns; −Infinity before there are any. */
  #median(): number {
    const sorted = [...this.#returns].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? -Infinity;
  }
}
