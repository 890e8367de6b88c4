import type { Episodes } from '../../agent/inputs.js';
import { fillBatch } from '../../curriculum/rehearsal.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { RolloutMetrics } from '../../metrics/events.js';
import { checkedSample } from '../../task/checked.js';
import { addPrompts } from '../../task/checked-prompts.js';
import type { ProblemBatch } from '../../task/task.js';
import type { Random, RandomState } from '../../util/random.js';
import { attempt, type Solver } from './attempt.js';
import { addScores, type FullScores, makeScores } from './scores.js';

/** What a collector works with. */
export interface CollectorContext extends Solver {
  readonly plan: readonly PlannedStage[];
  readonly batchSize: number;
  readonly rehearsal: number;
  /** Problems to train on. */
  readonly problemRandom: Random;
}

/** A batch of episodes. The scores among them are written again by the next batch. */
export interface Collected {
  /** What the agent is updated with. */
  readonly episodes: Episodes;
  /** How the programs of the current stage did. */
  readonly rollout: RolloutMetrics;
}

/** Problems, and how many of them, the first ones, are of the current stage. */
interface Drawn {
  readonly batch: ProblemBatch;
  readonly current: number;
}

/** A batch drawn while the update before it ran, and the state of the stream before it. */
interface Ahead {
  readonly before: RandomState;
  readonly drawn: Drawn | { readonly error: unknown };
}

/** Draws batches of problems, has the agent sample a program for each, and the task score them. Keeps its arrays. */
export class Collector {
  readonly #context: CollectorContext;
  readonly #stages: Int32Array;
  readonly #scores: FullScores;
  #ahead: Ahead | undefined;

  /** @param context - What it works with. */
  constructor(context: CollectorContext) {
    this.#context = context;
    this.#stages = new Int32Array(context.batchSize);
    this.#scores = makeScores(context.batchSize);
  }

  /**
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   * @returns The batch.
   */
  async collect(entry: PlannedStage, k: number): Promise<Collected> {
    const { batch, current } = this.#take(entry, k);
    const { prompts, rollout } = await attempt(this.#context, batch, false, this.#scores);
    const { lengths, returns } = this.#scores;
    const totals = { successes: 0, returns: 0, steps: 0 };
    addScores(totals, this.#scores, current);
    return {
      episodes: addPrompts(prompts, { actions: rollout.actions, lengths, returns }),
      rollout: {
        problems: current,
        successRate: totals.successes / current,
        episodeReturnMean: totals.returns / current,
        episodeLengthMean: totals.steps / current,
      },
    };
  }

  /**
   * Draws the problems of a batch that will be collected next, while something else runs. What the task throws is thrown when it is.
   *
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   */
  drawAhead(entry: PlannedStage, k: number): void {
    const before = this.#context.problemRandom.getState();
    try {
      this.#ahead = { before, drawn: this.#draw(entry, k) };
    } catch (error) {
      this.#ahead = { before, drawn: { error } };
    }
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  drop(): void {
    if (this.#ahead !== undefined) {
      this.#context.problemRandom.setState(this.#ahead.before);
      this.#ahead = undefined;
    }
  }

  #take(entry: PlannedStage, k: number): Drawn {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead === undefined) {
      return this.#draw(entry, k);
    }
    if ('error' in ahead.drawn) {
      throw ahead.drawn.error;
    }
    return ahead.drawn;
  }

  #draw(entry: PlannedStage, k: number): Drawn {
    const { task, plan, rehearsal, problemRandom } = this.#context;
    const current = fillBatch(this.#stages, plan, entry.index, rehearsal, k - 1);
    return { batch: checkedSample(task, this.#stages, problemRandom), current };
  }
}
