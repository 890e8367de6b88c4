import { type ErrorDetails, InnateError } from './innate-error.js';
import { joinProblems, type Problem } from './problem.js';

/** Data that the network cannot take: an array of the wrong length, a token out of range, a tensor of the wrong shape. Code `ERR_INPUT`. */
export class InputError extends InnateError {
  /** Everything that is wrong. `path` is that of the first. */
  readonly problems: readonly Problem[];

  /**
   * @param problems - Everything that is wrong, at least one.
   * @param details - Cause.
   */
  constructor(problems: readonly Problem[], details: Pick<ErrorDetails, 'cause'> = {}) {
    const { path, problem, remedy } = joinProblems(problems);
    super('ERR_INPUT', problem, { path, remedy, cause: details.cause });
    this.problems = problems;
  }
}
