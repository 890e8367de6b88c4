import { type ErrorDetails, InnateError } from './innate-error.js';

/**
 * A file that cannot be written or read, is not a checkpoint, is damaged, or does not fit the task it is loaded for; or an agent that could
 * not be loaded again and was therefore not saved. `path` is the file, or the tensor inside it. Code `ERR_CHECKPOINT`.
 */
export class CheckpointError extends InnateError {
  /**
   * @param reason - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(reason: string, details: ErrorDetails = {}) {
    super('ERR_CHECKPOINT', reason, details);
  }
}
