import type { ReplayMetrics } from '../../metrics/events.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import { cloneData } from '../../util/plain-data.js';
import { Random, type RandomState, STREAMS } from '../../util/random.js';
import { ReplayBuffer, type ReplayEntry } from './replay-buffer.js';
import type { ReplayConfig } from './replay-options.js';
import type { FullScores } from './scores.js';

/** A problem that failed. */
export interface FailedProblem {
  /** What {@link Task.problemAt} gave. */
  readonly problem: unknown;
  /** Steps of its last program that count, at least 1. */
  length: number;
}

/** Problems that come back in one batch, its last ones. */
export interface Replayed {
  readonly entries: readonly ReplayEntry<FailedProblem>[];
  /** The step of each of them that is any of those allowed, −1 for none. */
  readonly steps: readonly number[];
}

/** All that decides which problems come back next. Plain data, when problems are. */
export interface ReplayState {
  readonly random: RandomState;
  /** The oldest first. */
  readonly entries: readonly ReplayEntry<FailedProblem>[];
}

/** The problems of a task that failed, and which of them come back; see {@link ReplayOptions}. */
export class Replay {
  readonly #config: ReplayConfig;
  readonly #buffer: ReplayBuffer<FailedProblem>;
  readonly #random: Random;
  #share = 0;

  /**
   * @param config - How they come back.
   * @param seed - The run's.
   */
  constructor(config: ReplayConfig, seed: number) {
    this.#config = config;
    this.#buffer = new ReplayBuffer(config.size);
    this.#random = new Random(seed, STREAMS.replay);
  }

  /** How much is kept, and how much of the last batch came back. */
  get metrics(): ReplayMetrics {
    return { share: this.#share, fill: this.#buffer.fill, scoreMean: this.#buffer.meanScore };
  }

  /** The state of the stream that problems are drawn from. */
  get random(): RandomState {
    return this.#random.getState();
  }

  set random(state: RandomState) {
    this.#random.setState(state);
  }

  /**
   * Draws the problems that come back in a batch.
   *
   * @param batchSize - Problems of the batch, of which one at least stays fresh.
   * @param stages - Which stages they may be of.
   * @returns The problems; none where none has failed yet.
   */
  draw(batchSize: number, stages: ReadonlySet<number>): Replayed {
    const { share, randomStep } = this.#config;
    const random = this.#random;
    const entries = this.#buffer.draw(Math.min(Math.round(share * batchSize), batchSize - 1), stages, random);
    const steps = entries.map(({ item }) => (random.float() < randomStep ? random.int(item.length) : -1));
    return { entries, steps };
  }

  /**
   * Notes how the problems of a batch did.
   *
   * @param task - The task.
   * @param batch - The problems: fresh ones, then those that came back.
   * @param replayed - Those that came back.
   * @param scores - How they did.
   */
  note(task: Task, batch: ProblemBatch, { entries }: Replayed, { successes, lengths }: FullScores): void {
    const fresh = batch.size - entries.length;
    for (const [at, entry] of entries.entries()) {
      this.#buffer.settle(entry, successes[fresh + at] === 0);
      entry.item.length = lengths[fresh + at] as number;
    }
    for (let row = 0; row < fresh; row += 1) {
      if (successes[row] === 0) {
        const problem = cloneData(task.problemAt?.(batch, row));
        this.#buffer.admit({ problem, length: lengths[row] as number }, batch.stages[row] as number);
      }
    }
    this.#share = entries.length / batch.size;
  }

  /** @returns A copy of the state; taken between batches. */
  getState(): ReplayState {
    return cloneData({ random: this.random, entries: [...this.#buffer.entries] });
  }

  /** @param state - What {@link Replay.getState} returned. */
  setState({ random, entries }: ReplayState): void {
    this.#random.setState(random);
    this.#buffer.restore(cloneData(entries));
  }
}
