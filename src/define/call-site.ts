import { TaskError } from '../errors/task-error.js';

/** Which of the user's functions is at work: one guard around a whole batch can then name the one that threw without any work for each step. */
export class CallSite {
  /** The user's function that was called last. */
  where = 'task';
  /** The problem of a batch that is at work; undefined where there is no batch. */
  problemIndex: number | undefined;

  /**
   * Calls `action` and turns what the user's functions throw into a {@link TaskError}.
   *
   * @param action - What may call the user's functions.
   * @returns What `action` returned.
   */
  guard<Result>(action: () => Result): Result {
    this.problemIndex = undefined;
    try {
      return action();
    } catch (error) {
      throw TaskError.wrap(error, this.where, this.problemIndex);
    }
  }
}
