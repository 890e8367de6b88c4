import { type ErrorDetails, InnateError } from './innate-error.js';

/** A bug in this package rather than a mistake of its user. Code `ERR_INTERNAL`. */
export class InternalError extends InnateError {
  /**
   * @param reason - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(reason: string, details: ErrorDetails = {}) {
    super('ERR_INTERNAL', reason, details);
  }
}
