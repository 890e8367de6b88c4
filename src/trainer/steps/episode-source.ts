import type { ResetContext } from '../../environment/environment.js';
import { episodeRandom } from '../../environment/episode-random.js';
import type { ReplayEntry } from '../collect/replay-buffer.js';
import type { EpisodeId, EpisodeReplay, EpisodeReplayState } from './episode-replay.js';

/** An episode of a row. */
interface Begun {
  readonly id: EpisodeId;
  readonly stage: number;
  /** Where it has come back. */
  readonly entry: ReplayEntry<EpisodeId> | undefined;
}

/** A {@link Begun} with its entry by its place in the buffer; −1 where it has left that. */
interface SavedEpisode {
  readonly id: EpisodeId;
  readonly stage: number;
  readonly entry: number | undefined;
}

/** Which episodes have begun. Plain data. */
export interface EpisodeSourceState {
  readonly begun: Float64Array;
  /** Undefined where none comes back. */
  readonly replay: EpisodeReplayState | undefined;
  /** The episode under way in each row, where episodes come back. */
  readonly under: readonly SavedEpisode[];
}

/**
 * Random streams of the episodes in each row, one use of them: episode k of row i has the stream of (seed, use, i, k), whatever happened before.
 * Between fresh episodes some that failed may come back, with the streams that they had.
 */
export class EpisodeSource {
  /** Stage of the episodes to come. */
  stage = 0;
  readonly #seed: number;
  readonly #stream: number;
  /** Fresh episodes begun in each row; 53 bits. */
  readonly #begun: Float64Array;
  readonly #replay: EpisodeReplay | undefined;
  /** With replay: the episode under way in each row, and the one before it. */
  readonly #under: Begun[] = [];
  readonly #before: Begun[] = [];

  /**
   * @param seed - The run's.
   * @param stream - What the episodes are for, one of {@link STREAMS}.
   * @param rows - How many rows there are.
   * @param replay - Episodes that failed; absent: none comes back.
   */
  constructor(seed: number, stream: number, rows: number, replay?: EpisodeReplay) {
    this.#seed = seed;
    this.#stream = stream;
    this.#begun = new Float64Array(rows);
    this.#replay = replay;
  }

  /** How episodes that failed come back; undefined where they do not. */
  get replay(): EpisodeReplay | undefined {
    return this.#replay;
  }

  /** @returns A copy of which episodes have begun, and which of those that failed come back. */
  getState(): EpisodeSourceState {
    const entries = this.#replay?.entries ?? [];
    const under = this.#under.map(({ id, stage, entry }) => ({ id: { ...id }, stage, entry: entry && entries.indexOf(entry) }));
    return { begun: this.#begun.slice(), replay: this.#replay?.getState(), under };
  }

  /** @param state - What {@link EpisodeSource.getState} returned, of as many rows. */
  setState({ begun, replay, under }: EpisodeSourceState): void {
    this.#begun.set(begun);
    if (this.#replay !== undefined && replay !== undefined) {
      this.#replay.setState(replay);
      const { entries } = this.#replay;
      const saved = under.map(({ id, stage, entry }) => ({
        id: { ...id },
        stage,
        entry: entry === undefined ? undefined : (entries[entry] ?? { item: { ...id }, stage, score: 0 }),
      }));
      this.#under.splice(0, Infinity, ...saved);
    }
  }

  /** What a row's next episode begins with; to be handed over as it is. */
  readonly next = (row: number): ResetContext => {
    const { stage } = this;
    const entry = this.#replay?.draw(stage);
    const id = entry?.item ?? { row, episode: this.#begun[row] ?? 0 };
    if (entry === undefined) {
      this.#begun[row] = id.episode + 1;
    }
    if (this.#replay !== undefined) {
      const under = this.#under[row];
      if (under !== undefined) {
        this.#before[row] = under;
      }
      this.#under[row] = { id, stage, entry };
    }
    return { random: episodeRandom(this.#seed, this.#stream, id.row, id.episode), stage };
  };

  /**
   * Notes how the episode did that ended in the step in which the row's present one began.
   *
   * @param row - The row.
   * @param episodeReturn - What it earned.
   * @param success - 1, 0 or, where that was not said, 255.
   * @returns Whether it was a fresh one.
   */
  readonly ended = (row: number, episodeReturn: number, success: number): boolean => {
    const before = this.#before[row];
    if (this.#replay === undefined || before === undefined) {
      return true;
    }
    this.#replay.note(before.id, before.entry, before.stage, episodeReturn, success);
    return before.entry === undefined;
  };
}
