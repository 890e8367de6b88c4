import type { Agent } from '../../agent/agent.js';
import { InnateError } from '../../errors/innate-error.js';
import type { TrainingKind } from '../../metrics/events.js';
import type { Measured } from '../../task/measured.js';
import { showThrown } from '../../util/show.js';

/** How one stage of a run ended; measured with greedy programs or fresh greedy episodes of the final agent. */
export interface StageResult extends Measured {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** Iterations spent while this was the current stage. */
  readonly iterations: number;
  /** Whether the final agent met the stage's target: its `until`, or success of at least 0.99. */
  readonly mastered: boolean;
}

/** {@link StageResult} of environments. */
export interface EnvironmentStageResult extends StageResult {
  /** Steps of environments spent while this was the current stage. */
  readonly steps: number;
}

/** What every run did. */
export interface RunTotals {
  /** Iterations in all. */
  readonly iterations: number;
  /** Programs sampled in all; or episodes that ended. */
  readonly episodes: number;
  /** Seconds that the run took, evaluations included. */
  readonly seconds: number;
  /** Whether a consumer left the loop over the events, or the trainer was closed, before the end. */
  readonly stopped: boolean;
  /** The trained agent. Yours to use, save and close; {@link Trainer.close} closes it too, unless it was passed in. */
  readonly agent: Agent;
}

/** What a run on a task did. */
export interface TaskTrainingResult extends RunTotals {
  /** One entry for each entry of the run's stages, in order, all measured with the final agent. */
  readonly stages: readonly StageResult[];
}

/** What a run in environments did. */
export interface EnvironmentTrainingResult extends RunTotals {
  /** One entry for each entry of the run's stages, in order, all measured with the final agent. */
  readonly stages: readonly EnvironmentStageResult[];
  /** Steps of environments in all, those of evaluations apart. */
  readonly envSteps: number;
}

/**
 * What a run did.
 *
 * @typeParam Kind - What was trained on.
 */
export type TrainingResult<Kind extends TrainingKind = 'task'> = Kind extends 'task' ? TaskTrainingResult : EnvironmentTrainingResult;

/** {@link StageResult} of a run that did not end by itself: `successRate` and `meanReturn` are the last ones measured, if any. */
export interface PartialStageResult extends Omit<StageResult, keyof Measured> {
  /** Share of problems whose stated target was met, or of episodes that reached their aim, when last measured; absent when never. */
  readonly successRate: number | undefined;
  /** Mean return when last measured; absent when never. */
  readonly meanReturn: number | undefined;
  /** Steps of environments spent while this was the current stage; absent with a task. */
  readonly steps?: number;
}

/** What a run had done when it failed or was aborted. The agent is as the last complete iteration left it. */
export interface PartialTrainingResult extends RunTotals {
  /** One entry for each entry of the run's stages, in order. */
  readonly stages: readonly PartialStageResult[];
  /** Steps of environments in all; absent with a task. */
  readonly envSteps?: number;
}

/** An error that carries what was trained before it happened. */
export interface ErrorWithPartialResult extends Error {
  /** What was trained. */
  readonly partial: PartialTrainingResult;
}

/**
 * Whether an error was thrown by a run after training had begun, and so carries what was trained.
 *
 * @param error - What was caught.
 * @returns True when `error.partial` is there.
 *
 * @example
 * ```ts
 * try {
 *   await trainer.run([0, 1, 2], { signal });
 * } catch (error) {
 *   if (hasPartialResult(error)) await error.partial.agent.save('so-far.safetensors');
 * }
 * ```
 */
export function hasPartialResult(error: unknown): error is ErrorWithPartialResult {
  const partial = typeof error === 'object' && error !== null && 'partial' in error ? error.partial : undefined;
  // What is left of several seeds has no agent.
  return typeof partial === 'object' && partial !== null && 'agent' in partial;
}

/**
 * Hangs what was trained on an error, not enumerable.
 *
 * @param error - Anything that was thrown.
 * @param partial - What was trained.
 * @returns The same error; what cannot be hung on, such as a text or a frozen object, is wrapped in an error first.
 */
export function withPartialResult(error: unknown, partial: PartialTrainingResult): unknown {
  return carries(error, partial) ? error : wrap(error, partial);
}

function carries(error: unknown, partial: PartialTrainingResult): boolean {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && Reflect.defineProperty(error, 'partial', { value: partial, enumerable: false, configurable: true, writable: true });
}

function wrap(error: unknown, partial: PartialTrainingResult): InnateError {
  const wrapper = new InnateError('ERR_INTERNAL', `training stopped: ${showThrown(error)}.`, { cause: error });
  carries(wrapper, partial);
  return wrapper;
}
