import { type ErrorDetails, InnateError } from './innate-error.js';
import { type Issue, joinIssues } from './issue.js';

/** Data that the network cannot take: an array of the wrong length, a token out of range, a tensor of the wrong shape. Code `ERR_INPUT`. */
export class InputError extends InnateError {
  /** Everything that is wrong. `path` is that of the first. */
  readonly issues: readonly Issue[];

  /**
   * @param issues - Everything that is wrong, at least one.
   * @param details - Cause.
   */
  constructor(issues: readonly Issue[], details: Pick<ErrorDetails, 'cause'> = {}) {
    const { path, message, remedy } = joinIssues(issues);
    super('ERR_INPUT', message, { path, remedy, cause: details.cause });
    this.issues = issues;
  }
}
