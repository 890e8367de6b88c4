import type { Mixture } from '../../curriculum/mixture.js';
import { fillBatch } from '../../curriculum/rehearsal.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import { checkedSample } from '../../task/checked.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import type { Random, RandomState } from '../../util/random.js';
import type { BatchWatch } from '../watch/stage-watch.js';
import type { FullScores } from './scores.js';

/** What problems are drawn with. */
export interface ProblemContext {
  /** Where problems come from. */
  readonly task: Task;
  readonly plan: readonly PlannedStage[];
  readonly batchSize: number;
  readonly rehearsal: number;
  /** Problems to train on. */
  readonly problemRandom: Random;
  /** Told of each batch. */
  readonly watch?: BatchWatch;
  /** How stages are mixed; absent: one is current, and earlier ones are rehearsed. */
  readonly mixture?: Mixture | undefined;
}

/** Problems, and how many of them, the first ones, are of the current stage. */
export interface Drawn {
  readonly batch: ProblemBatch;
  readonly current: number;
}

/** A batch drawn while the update before it ran, and the state of the stream before it. */
interface Ahead {
  readonly before: RandomState;
  readonly drawn: Drawn | { readonly error: unknown };
}

/** Draws the batches of a run, one ahead if asked to. Keeps its array. */
export class Problems {
  readonly #context: ProblemContext;
  readonly #stages: Int32Array;
  #ahead: Ahead | undefined;

  /** @param context - What they are drawn with. */
  constructor(context: ProblemContext) {
    this.#context = context;
    this.#stages = new Int32Array(context.batchSize);
  }

  /**
   * @param entry - The current stage.
   * @param k - Which batch of it, from 1.
   * @returns The batch: the one drawn ahead, if there is one.
   */
  take(entry: PlannedStage, k: number): Drawn {
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

  /**
   * Draws the batch that will be taken next, while something else runs. What the task throws is thrown when it is.
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

  /**
   * Notes how the problems of a batch did, which may decide what the next ones are.
   *
   * @param drawn - The batch.
   * @param scores - How they did.
   */
  note({ batch, current }: Drawn, scores: FullScores): void {
    this.#context.mixture?.note(batch.stages, scores.successes);
    this.#context.watch?.saw(batch, scores, current);
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  drop(): void {
    if (this.#ahead !== undefined) {
      this.#context.problemRandom.setState(this.#ahead.before);
      this.#context.mixture?.revert();
      this.#ahead = undefined;
    }
  }

  #draw(entry: PlannedStage, k: number): Drawn {
    const { task, plan, rehearsal, problemRandom, mixture } = this.#context;
    const current = mixture?.fill(this.#stages) ?? fillBatch(this.#stages, plan, entry.index, rehearsal, k - 1);
    return { batch: checkedSample(task, this.#stages, problemRandom, 'train'), current };
  }
}
