import type { Mixture } from '../../curriculum/mixture.js';
import { fillBatch } from '../../curriculum/rehearsal.js';
import type { PlannedStage } from '../../curriculum/stage-spec.js';
import { checkedJoin, checkedSample } from '../../task/checked.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import type { Random, RandomState } from '../../util/random.js';
import type { BatchWatch } from '../watch/stage-watch.js';
import type { Replay, Replayed } from './replay.js';
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
  /** Problems that failed; absent: none comes back. */
  readonly replay?: Replay | undefined;
}

/** Problems: fresh ones of the current stage, fresh ones of earlier stages, and those that come back. */
export interface Drawn {
  readonly batch: ProblemBatch;
  /** How many of them, the first ones, are fresh and of the current stage. */
  readonly current: number;
  /** Those that come back, the last ones. */
  readonly replayed: Replayed;
  /** One step of each program that is any of those allowed, −1 for none, `[n]`; undefined where no program has one. */
  readonly randomSteps: Int32Array | undefined;
}

/** Where the streams are that batches are drawn from. */
export interface ProblemStreams {
  readonly problems: RandomState;
  /** Undefined where nothing comes back. */
  readonly replay: RandomState | undefined;
}

const NONE: Replayed = { entries: [], steps: [] };

/** A batch drawn while the update before it ran, and the state of the stream before it. */
interface Ahead {
  readonly before: RandomState;
  readonly replayBefore: RandomState | undefined;
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
    const replayBefore = this.#context.replay?.random;
    try {
      this.#ahead = { before, replayBefore, drawn: this.#draw(entry, k) };
    } catch (error) {
      this.#ahead = { before, replayBefore, drawn: { error } };
    }
  }

  /** A batch drawn ahead that is not used goes back into the stream. */
  drop(): void {
    const { problemRandom, mixture, replay } = this.#context;
    if (this.#ahead !== undefined) {
      const { before, replayBefore } = this.#ahead;
      problemRandom.setState(before);
      mixture?.revert();
      if (replay !== undefined && replayBefore !== undefined) {
        replay.random = replayBefore;
      }
      this.#ahead = undefined;
    }
  }

  /** The streams as they would be if the batch drawn ahead were dropped: the same batch is drawn from them again. */
  get streams(): ProblemStreams {
    const { problemRandom, replay } = this.#context;
    const { before = problemRandom.getState(), replayBefore = replay?.random } = this.#ahead ?? {};
    return { problems: before, replay: replayBefore };
  }

  /**
   * Notes how the problems of a batch did: which fail comes back, and how fresh ones do may decide what the next ones are.
   *
   * @param drawn - The batch.
   * @param scores - How it did.
   */
  note({ batch, current, replayed }: Drawn, scores: FullScores): void {
    const { task, mixture, replay, watch } = this.#context;
    watch?.saw(batch, scores, current);
    mixture?.note(batch.stages.subarray(0, batch.size - replayed.entries.length), scores.successes);
    replay?.note(task, batch, replayed, scores);
  }

  #draw(entry: PlannedStage, k: number): Drawn {
    const { task, plan, rehearsal, problemRandom, batchSize, mixture, replay } = this.#context;
    const reached = mixture === undefined ? reachedStages(plan, entry, rehearsal) : new Set(plan.map(({ stage }) => stage));
    const replayed = replay?.draw(batchSize, reached) ?? NONE;
    const { entries, steps } = replayed;
    const fresh = batchSize - entries.length;
    const stages = this.#stages.subarray(0, fresh);
    const current = mixture?.fill(stages) ?? fillBatch(stages, plan, entry.index, rehearsal, k - 1);
    const drawn = checkedSample(task, stages, problemRandom, 'train');
    if (entries.length === 0) {
      return { batch: drawn, current, replayed, randomSteps: undefined };
    }
    const problems = entries.map(({ item }) => item.problem);
    const batch = checkedJoin(
      task,
      drawn,
      problems,
      entries.map(({ stage }) => stage),
    );
    const random = steps.some((step) => step >= 0);
    return { batch, current, replayed, randomSteps: random ? padded(steps, batchSize) : undefined };
  }
}

/** Stages that problems may come back of: the current one, and the earlier ones where these are rehearsed at all. */
function reachedStages(plan: readonly PlannedStage[], { index, stage }: PlannedStage, rehearsal: number): ReadonlySet<number> {
  return rehearsal === 0 ? new Set([stage]) : new Set(plan.slice(0, index + 1).map((entry) => entry.stage));
}

/** The last steps of a batch, after programs without a random one. */
function padded(steps: readonly number[], size: number): Int32Array {
  const all = new Int32Array(size).fill(-1);
  all.set(steps, size - steps.length);
  return all;
}
