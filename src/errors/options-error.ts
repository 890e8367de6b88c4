import { InnateError } from './innate-error.js';
import { type Issue, joinIssues } from './issue.js';

/** Options that cannot be used: unknown keys, values of the wrong type or out of range. All that is wrong is said at once. Code `ERR_OPTIONS`. */
export class OptionsError extends InnateError {
  /** Everything that is wrong, in the order of the options. `path` is that of the first. */
  readonly issues: readonly Issue[];

  /** @param issues - Everything that is wrong, at least one. */
  constructor(issues: readonly Issue[]) {
    const { path, message, remedy } = joinIssues(issues);
    super('ERR_OPTIONS', message, { path, remedy });
    this.issues = issues;
  }
}
