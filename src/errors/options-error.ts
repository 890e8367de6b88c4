import { InnateError } from './innate-error.js';
import { joinProblems, type Problem } from './problem.js';

/** Options that cannot be used: unknown keys, values of the wrong type or out of range. All that is wrong is said at once. Code `ERR_OPTIONS`. */
export class OptionsError extends InnateError {
  /** Everything that is wrong, in the order of the options. `path` is that of the first. */
  readonly problems: readonly Problem[];

  /** @param problems - Everything that is wrong, at least one. */
  constructor(problems: readonly Problem[]) {
    const { path, problem, remedy } = joinProblems(problems);
    super('ERR_OPTIONS', problem, { path, remedy });
    this.problems = problems;
  }
}
