import type { UpdateOptions } from '../algorithm/a2c.js';
import type { Random } from '../util/random.js';

/** What problems are drawn for: `train` to be learned from, `test` to be measured with. */
export type Split = 'train' | 'test';

/** Problems drawn by {@link Task.sample}: what the network is shown, and what the task needs to score them. */
export interface ProblemBatch {
  /** Number of problems, `n`. */
  readonly size: number;
  /** Tokens of a context, `L`. */
  readonly contextLength: number;
  /** Token ids the network is shown, `[n, L]`. */
  readonly contexts: Int32Array;
  /**
   * Tokens of each context that count, `[n]`, each from 1 to `L`: those after them are padding, and are not read.
   *
   * @defaultValue all
   */
  readonly contextLengths?: Int32Array | undefined;
  /**
   * A number beside each token, `[n, L]`, finite, those beside padding 0: read beside the tokens where {@link Task.contextValues} says so, and
   * there only.
   *
   * @defaultValue none
   */
  readonly contextValues?: Float32Array | undefined;
  /** Stage of each problem, `[n]`. */
  readonly stages: Int32Array;
}

/** Where {@link Task.score} writes; made by the caller and reused. */
export interface Scores {
  /** Return of each program, `[n]`, finite. */
  readonly returns: Float32Array;
  /** 1 where the stated target was met, else 0, `[n]`. */
  readonly successes: Uint8Array;
  /**
   * Steps of each program up to its end, the ending one included, `[n]`, each from 1 to `T`: those after it are not learned from. A trainer
   * fills it with `T` first, so that all steps count where a task writes nothing; tasks made by {@link defineTask} write all of it.
   *
   * @defaultValue not asked for
   */
  readonly lengths?: Int32Array | undefined;
}

/** One problem in words. */
export interface ProblemDescription {
  /** What the network was shown. */
  readonly context: string;
  /** What a right program reaches. */
  readonly target: string;
}

/** How a closed-loop task talks with the network; see {@link Task.interaction}. */
export interface TaskInteraction {
  /** Symbols heard before each step, `K`; 0 where nothing is heard. */
  readonly observationLength: number;
  /** Whether {@link TaskEpisodes.allowed} says, step by step, what may be emitted. */
  readonly masked: boolean;
}

/**
 * The problems of a batch under way, stepped side by side in closed loop; made by {@link Task.begin}. Its arrays are made once and written
 * in place: what they hold before the first step is there when `begin` returns, with no row ended.
 */
export interface TaskEpisodes {
  /** Token ids that the network hears before its next step, `[n, K]`; `V`, one past the vocabulary, where it hears nothing. */
  readonly heard: Int32Array;
  /**
   * 1 for each token that may be emitted next, else 0, `[n, V]`: at least one in each row under way, all in rows that ended. Undefined where
   * `masked` of {@link Task.interaction} is false; then {@link Task.actionMask} says what may be emitted.
   */
  readonly allowed: Uint8Array | undefined;
  /** Reward of the step just made, `[n]`, finite; 0 in rows that had ended before. A row's return is the sum of them. */
  readonly rewards: Float32Array;
  /** 1 once a program is over, `[n]`: after an ending tool, where no tool applies, at the horizon. It stays 1. */
  readonly ended: Uint8Array;
  /** 1 where it ended without an end of its own, `[n]`: cut off by the horizon, or no tool applied. Nothing more could have been earned. */
  readonly truncated: Uint8Array;
  /**
   * One step of each row under way; those that ended stay as they are, whatever their action.
   *
   * @param actions - Token ids, `[n]`.
   */
  step(actions: Int32Array): void;
  /**
   * What {@link Task.score} writes for the programs emitted so far, judged as if they stopped here.
   *
   * @param scores - Written in full, `[n]`; `lengths`, where there is one, as far as programs are over.
   */
  score(scores: Scores): void;
}

/**
 * Something an agent can be trained on. Open loop: the network reads a context and emits `horizon` tokens without hearing back; the task
 * scores the whole program. Closed loop, with `interaction` and `begin`: before each of the `horizon` tokens the task says what is heard and
 * what may be emitted. {@link defineTask} makes one from tools written as functions; implement this interface directly for speed.
 *
 * All methods are synchronous and work on whole batches. What they throw reaches the caller of a run as the `cause` of a {@link TaskError},
 * and so does a batch or a score that is not what is said here.
 */
export interface Task<Batch extends ProblemBatch = ProblemBatch> {
  /** Name, for reports and checkpoints. */
  readonly name: string;
  /** Text of each token id, `[V]`. */
  readonly vocabulary: readonly string[];
  /** Name of each stage, `[S]`. */
  readonly stages: readonly string[];
  /** Tokens emitted in an episode, `T`, at least 1. */
  readonly horizon: number;
  /**
   * Tokens of every context, `L`, at least 1: with it, an agent refuses contexts of another length.
   *
   * @defaultValue contexts of one batch have one length, which may differ from batch to batch
   */
  readonly contextLength?: number | undefined;
  /** Id of the token whose embedding is the network's first input. */
  readonly startToken: number;
  /**
   * 1 for each token that may be emitted, else 0, `[V]`.
   *
   * @defaultValue all may
   */
  readonly actionMask?: Uint8Array | undefined;
  /**
   * `own`: a problem sees its own context; `batch`: the mean over the batch, the tutorial's broadcasting.
   *
   * @defaultValue 'own'
   */
  readonly pooling?: 'own' | 'batch' | undefined;
  /**
   * Whether the order of a context's tokens decides which program is right. Where it `matters`, an agent reads contexts in order and attends to
   * them, unless `network` says otherwise; where it is `ignored`, contexts are averaged.
   *
   * @defaultValue `ignored`; a task made by {@link defineTask} is searched for problems whose order alone tells their programs apart
   */
  readonly contextOrder?: 'matters' | 'ignored' | undefined;
  /**
   * Whether a number is read beside each token of a context: {@link ProblemBatch.contextValues}, which every batch has then.
   *
   * @defaultValue false
   */
  readonly contextValues?: boolean | undefined;
  /**
   * How the task talks with the network, closed loop; {@link Task.begin} goes with it.
   *
   * @defaultValue open loop: nothing is heard on the way, and what may be emitted is the same at each step
   */
  readonly interaction?: TaskInteraction | undefined;
  /**
   * How the task is best trained: defaults that come before the library's and after the caller's.
   *
   * @defaultValue none of its own
   */
  readonly updateOptions?: UpdateOptions | undefined;
  /**
   * Whether problems are held out: `sample` then draws none for `test` that it could draw for `train`. What measures always asks for `test`
   * and training for `train`, whatever stands here: this is what is said of it in reports, and what {@link checkTask} looks at.
   *
   * @defaultValue false: what is measured with may have been trained on; of a task made by {@link defineTask}, whether its `sample` declares
   * a third parameter
   */
  readonly splits?: boolean | undefined;
  /**
   * Whether problems that failed come back in training where the caller does not say; see {@link TaskOptions.replay}.
   *
   * @defaultValue true where there are `problemAt` and `batchOf`
   */
  readonly replay?: boolean | undefined;
  /**
   * Draws one problem for each entry of `stages`.
   *
   * @param stages - Stage ids, `[n]`.
   * @param random - The stream to draw from; nothing else may be random.
   * @param split - What the problems are for; `train` where absent. A task without held-out problems may leave it unread.
   * @returns The problems. All contexts of a batch have one length.
   */
  sample(stages: Int32Array, random: Random, split?: Split): Batch;
  /**
   * Takes one problem out of a batch: with {@link Task.batchOf} it is how problems that failed come back.
   *
   * @param batch - What {@link Task.sample} or {@link Task.batchOf} returned.
   * @param index - Which problem, from 0.
   * @returns The problem, as plain data.
   */
  problemAt?(batch: Batch, index: number): unknown;
  /**
   * Makes a batch of given problems. Nothing is random in it: a problem looks as it did in the batch that it was taken out of.
   *
   * @param problems - What {@link Task.problemAt} returned, `[n]`.
   * @param stages - Stage of each problem, `[n]`.
   * @returns The batch.
   */
  batchOf?(problems: readonly unknown[], stages: Int32Array): Batch;
  /**
   * Scores one program a problem.
   *
   * @param batch - What {@link Task.sample} returned.
   * @param actions - Token ids, `[n, T]`.
   * @param scores - Written in full, `[n]`; `lengths`, where there is one, as far as programs end before the horizon.
   */
  score(batch: Batch, actions: Int32Array, scores: Scores): void;
  /**
   * Begins the problems of a batch, closed loop. Stepping them with the columns of `actions` must come to what {@link Task.score} says of
   * these `actions`. Needed with {@link Task.interaction}.
   *
   * @param batch - What {@link Task.sample} returned.
   * @returns The problems before the first step.
   */
  begin?(batch: Batch): TaskEpisodes;
  /**
   * Names the group of a problem, such as the rule that decides it: success is then told of each group, in training and when measured, so
   * that it is seen which problems fail.
   *
   * @param batch - What {@link Task.sample} returned.
   * @param index - Which problem, from 0.
   * @returns The group's name; a handful of groups is told apart, not each problem.
   * @defaultValue all problems are one group
   */
  group?(batch: Batch, index: number): string;
  /**
   * Says one problem in words.
   *
   * @param batch - What {@link Task.sample} returned.
   * @param index - Which problem, from 0.
   * @returns Context and target as text.
   */
  describe(batch: Batch, index: number): ProblemDescription;
}
