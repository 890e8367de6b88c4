import type { ResetContext } from '../../environment/environment.js';
import { episodeRandom } from '../../environment/episode-random.js';

/** Random streams of the episodes in each row, one use of them: episode k of row i has the stream of (seed, use, i, k), whatever happened before. */
export class EpisodeSource {
  /** Stage of the episodes to come. */
  stage = 0;
  readonly #seed: number;
  readonly #stream: number;
  /** Episodes begun in each row; 53 bits. */
  readonly #begun: Float64Array;

  /**
   * @param seed - The run's.
   * @param stream - What the episodes are for, one of {@link STREAMS}.
   * @param rows - How many rows there are.
   */
  constructor(seed: number, stream: number, rows: number) {
    this.#seed = seed;
    this.#stream = stream;
    this.#begun = new Float64Array(rows);
  }

  /** What a row's next episode begins with; to be handed over as it is. */
  readonly next = (row: number): ResetContext => {
    const episode = this.#begun[row] ?? 0;
    this.#begun[row] = episode + 1;
    return { random: episodeRandom(this.#seed, this.#stream, row, episode), stage: this.stage };
  };
}
