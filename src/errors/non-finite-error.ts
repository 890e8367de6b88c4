import { type ErrorDetails, InnateError } from './innate-error.js';

/** The loss or the gradient stopped being a finite number. The weights and Adam's state are as they were before the update. Code `ERR_NON_FINITE`. */
export class NonFiniteError extends InnateError {
  /**
   * @param problem - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(problem: string, details: ErrorDetails = {}) {
    super('ERR_NON_FINITE', problem, details);
  }
}
