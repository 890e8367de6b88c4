import { Random, type RandomState } from '../util/random.js';
import type { ResetContext } from './environment.js';

/** An episode under way, as what it was begun with and what was done in it: of a deterministic environment that is all there is to know. */
export interface RecordedEpisode {
  /** The episode's stream, at its beginning. */
  readonly random: RandomState;
  readonly stage: number;
  /** Ids of the actions taken so far. */
  readonly actions: Int32Array;
}

const LEAST = 64;

/** Writes down the episode under way in a row. */
export class EpisodeRecord {
  #random: RandomState = [1, 0, 0, 0];
  #stage = 0;
  #actions = new Int32Array(LEAST);
  #count = 0;

  /** @param context - What an episode begins with; its stream has not been drawn from. */
  begin({ random, stage }: ResetContext): void {
    this.#random = random.getState();
    this.#stage = stage;
    this.#count = 0;
  }

  /** @param action - Id of an action that was taken. */
  add(action: number): void {
    if (this.#count === this.#actions.length) {
      const longer = new Int32Array(2 * this.#count);
      longer.set(this.#actions);
      this.#actions = longer;
    }
    this.#actions[this.#count] = action;
    this.#count += 1;
  }

  /** @returns A copy of what was written down. */
  take(): RecordedEpisode {
    return { random: this.#random, stage: this.#stage, actions: this.#actions.slice(0, this.#count) };
  }

  /**
   * Goes on writing behind what was written down.
   *
   * @param episode - What {@link EpisodeRecord.take} gave.
   * @returns What the episode was begun with, anew.
   */
  resume({ random: state, stage, actions }: RecordedEpisode): ResetContext {
    const random = new Random(0);
    random.setState(state);
    this.begin({ random, stage });
    this.#actions = new Int32Array(Math.max(LEAST, 2 * actions.length));
    this.#actions.set(actions);
    this.#count = actions.length;
    return { random, stage };
  }
}
