import { type ErrorDetails, InnateError } from './innate-error.js';

/**
 * Something stopped being a finite number, and `path` says what: `loss`, `grad_norm`, the `weights` (or Adam's moments) that a step would have
 * made, or the `logits` of a row. The weights and Adam's state are as they were before. Code `ERR_NON_FINITE`.
 */
export class NonFiniteError extends InnateError {
  /**
   * @param reason - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(reason: string, details: ErrorDetails = {}) {
    super('ERR_NON_FINITE', reason, details);
  }
}
