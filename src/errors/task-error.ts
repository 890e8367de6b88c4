import { showThrown } from '../util/show.js';
import { type ErrorDetails, InnateError } from './innate-error.js';

/** What a {@link TaskError} says beside its message. */
export interface TaskErrorDetails extends ErrorDetails {
  /** Which problem of a batch was at work, from 0. Absent where it is not known. */
  readonly problemIndex?: number | undefined;
}

/** A task that is declared wrongly, that throws, or whose rewards, contexts or shapes are not what a task must give. Code `ERR_TASK`. */
export class TaskError extends InnateError {
  /** What is wrong, without path and remedy. */
  readonly reason: string;
  /** Which problem of a batch was at work, from 0, where it is known. */
  readonly problemIndex: number | undefined;

  /**
   * @param reason - What is wrong, without path and remedy.
   * @param details - Path such as `task.tools.MUL.run`, remedy, cause, and which problem of a batch was at work.
   */
  constructor(reason: string, details: TaskErrorDetails = {}) {
    super('ERR_TASK', details.problemIndex === undefined ? reason : `at problem ${details.problemIndex} of the batch: ${reason}`, details);
    this.reason = reason;
    this.problemIndex = details.problemIndex;
  }

  /**
   * Makes a TaskError of anything thrown by a task. One that is a TaskError already keeps its path, remedy and cause.
   *
   * @param error - What was thrown.
   * @param path - The function at fault.
   * @param problemIndex - Which problem of a batch was at work.
   * @returns The error to throw.
   */
  static wrap(error: unknown, path: string, problemIndex?: number): TaskError {
    if (isTaskError(error)) {
      return error.problemIndex !== undefined || problemIndex === undefined
        ? error
        : new TaskError(error.reason, { path: error.path, remedy: error.remedy, cause: error.cause, problemIndex });
    }
    return new TaskError(`threw ${showThrown(error)}.`, {
      path,
      remedy: 'See the cause, and correct the function.',
      cause: error,
      problemIndex,
    });
  }
}

/**
 * @param error - Anything that was thrown.
 * @returns Whether it is a {@link TaskError}, also one of another copy of this package.
 */
export function isTaskError(error: unknown): error is TaskError {
  return InnateError.isInstance(error) && error.code === 'ERR_TASK';
}
