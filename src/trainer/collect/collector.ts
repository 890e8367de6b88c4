import type { Episodes } from '../../agent/inputs.js';
import type { Rollout } from '../../agent/results.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { RolloutMetrics } from '../../metrics/events.js';
import { addPrompts } from '../../task/checked-prompts.js';
import { attempt, type Solver } from './attempt.js';
import { type ProblemContext, Problems } from './problems.js';
import { type FullScores, makeScores, rolloutMetrics } from './scores.js';

/** What a collector works with. */
export interface CollectorContext extends Solver, ProblemContext {}

/** A batch of episodes. The scores among them are written again by the next batch. */
export interface Collected {
  /** What the agent is updated with. */
  readonly episodes: Episodes;
  /** What the agent thought of them when it chose. */
  readonly chosen: Rollout;
  /** How the programs of the current stage did. */
  readonly rollout: RolloutMetrics;
}

/** Draws batches of problems, has the agent sample a program for each, and the task score them. Keeps its arrays. */
export class Collector {
  readonly #context: CollectorContext;
  readonly #problems: Problems;
  readonly #scores: FullScores;

  /** @param context - What it works with. */
  constructor(context: CollectorContext) {
    this.#context = context;
    this.#problems = new Problems(context);
    this.#scores = makeScores(context.batchSize);
  }

  /**
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   * @returns The batch.
   */
  async collect(entry: PlannedStage, k: number): Promise<Collected> {
    const drawn = this.#problems.take(entry, k);
    const { batch, current } = drawn;
    const { prompts, rollout } = await attempt(this.#context, batch, false, this.#scores);
    this.#problems.note(drawn, this.#scores);
    const { lengths, returns } = this.#scores;
    return {
      episodes: addPrompts(prompts, { actions: rollout.actions, lengths, returns }),
      chosen: rollout,
      rollout: rolloutMetrics(this.#scores, current),
    };
  }

  /**
   * Draws the problems of a batch that will be collected next, while something else runs. What the task throws is thrown when it is.
   *
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   */
  drawAhead(entry: PlannedStage, k: number): void {
    this.#problems.drawAhead(entry, k);
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  drop(): void {
    this.#problems.drop();
  }
}
