import type { Episodes } from '../../agent/inputs.js';
import type { Rollout } from '../../agent/results.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import type { RolloutMetrics } from '../../metrics/events.js';
import { addPrompts } from '../../task/checked-prompts.js';
import { attempt, attemptSamples, type Solver } from './attempt.js';
import { type ProblemContext, type ProblemStreams, Problems } from './problems.js';
import { sliceScores } from './samples.js';
import { type FullScores, makeScores, rolloutMetrics } from './scores.js';

/** What a collector works with. */
export interface CollectorContext extends Solver, ProblemContext {
  /**
   * Programs a problem; `batchSize` is a multiple of it.
   *
   * @defaultValue 1
   */
  readonly samples?: number | undefined;
}

/** A batch of episodes. The scores among them are written again by the next batch. */
export interface Collected {
  /** What the agent is updated with. */
  readonly episodes: Episodes & Pick<FullScores, 'returns' | 'lengths'>;
  /** What the agent thought of them when it chose. */
  readonly chosen: Rollout;
  /** One step of each that was any of those allowed, −1 for none, `[n]`; undefined: none was. */
  readonly randomSteps: Int32Array | undefined;
  /** How the programs of the current stage did. */
  readonly rollout: RolloutMetrics;
}

/** Draws batches of problems, has the agent sample a program for each, and the task score them. Keeps its arrays. */
export class Collector {
  readonly #context: CollectorContext;
  readonly #problems: Problems;
  readonly #scores: FullScores;
  readonly #samples: readonly FullScores[];

  /** @param context - What it works with. */
  constructor(context: CollectorContext) {
    this.#context = context;
    const { batchSize, samples = 1 } = context;
    this.#problems = new Problems({ ...context, batchSize: batchSize / samples });
    this.#scores = makeScores(batchSize);
    this.#samples = sliceScores(this.#scores, samples);
  }

  /**
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   * @returns The batch.
   */
  async collect(entry: PlannedStage, k: number): Promise<Collected> {
    const drawn = this.#problems.take(entry, k);
    const { batch, current } = drawn;
    const { length } = this.#samples;
    // Programs that judge one another are all the policy's own.
    const randomSteps = length === 1 ? drawn.randomSteps : undefined;
    const { prompts, rollout } =
      length === 1
        ? await attempt(this.#context, batch, false, this.#scores, randomSteps)
        : await attemptSamples(this.#context, batch, length, this.#samples);
    this.#problems.note(drawn, this.#samples[0] as FullScores);
    const { lengths, returns } = this.#scores;
    return {
      episodes: addPrompts(prompts, { actions: rollout.actions, lengths, returns }),
      chosen: rollout,
      randomSteps,
      rollout: rolloutMetrics(this.#samples, current),
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

  /** See {@link Problems.streams}. */
  get streams(): ProblemStreams {
    return this.#problems.streams;
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  drop(): void {
    this.#problems.drop();
  }
}
