import { type ErrorDetails, InnateError } from './innate-error.js';

/** A bug in this package rather than a mistake of its user. Code `ERR_INTERNAL`. */
export class InternalError extends InnateError {
  /**
   * @param problem - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(problem: string, details: ErrorDetails = {}) {
    super('ERR_INTERNAL', problem, details);
  }
}
