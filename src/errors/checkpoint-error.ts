import { type ErrorDetails, InnateError } from './innate-error.js';

/** A file that is not a checkpoint, is damaged, or does not fit the task it is loaded for. Code `ERR_CHECKPOINT`. */
export class CheckpointError extends InnateError {
  /**
   * @param problem - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(problem: string, details: ErrorDetails = {}) {
    super('ERR_CHECKPOINT', problem, details);
  }
}
