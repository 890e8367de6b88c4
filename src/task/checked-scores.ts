import { TaskError } from '../errors/task-error.js';
import { refuseDeferred } from './returned.js';
import type { Scores, Task } from './task.js';

/**
 * Has scores written, and looks through them: shapes, every return written and finite, every length from 1 to `T`.
 *
 * @param task - The task.
 * @param size - Problems, `n`.
 * @param scores - Written in full; after an error its content means nothing.
 * @param path - Who writes.
 * @param write - Writes.
 * @throws {@link TaskError} for whatever `write` throws, with it as `cause`, and for scores that are none.
 */
export function checkScores(task: Pick<Task, 'horizon'>, size: number, scores: Scores, path: string, write: () => unknown): void {
  const { returns, successes, lengths } = scores;
  requireShape(returns, size, 'scores.returns', 'one a problem');
  requireShape(successes, size, 'scores.successes', 'one a problem');
  if (lengths !== undefined) {
    requireShape(lengths, size, 'scores.lengths', 'one a problem');
  }
  // Marks, so that what the task leaves unwritten is seen.
  returns.fill(Number.NaN);
  successes.fill(255);
  lengths?.fill(task.horizon);
  try {
    refuseDeferred(write(), path);
  } catch (error) {
    throw TaskError.wrap(error, path);
  }
  for (let index = 0; index < size; index += 1) {
    const episodeReturn = returns[index];
    if (episodeReturn === undefined || !Number.isFinite(episodeReturn)) {
      throw new TaskError(`is ${String(episodeReturn)}.`, {
        path: 'task.reward',
        remedy: 'Give every program a finite reward that fits 32 bits.',
        problemIndex: index,
      });
    }
  }
  for (let index = 0; index < size; index += 1) {
    if ((successes[index] ?? 255) > 1) {
      throw new TaskError('was not said to be right or wrong.', {
        path,
        remedy: 'Write 1 or 0 to scores.successes for every problem.',
        problemIndex: index,
      });
    }
  }
  lengths?.forEach((length, problemIndex) => {
    if (length < 1 || length > task.horizon) {
      throw new TaskError(`said that a program has ${length} steps.`, {
        path,
        remedy: `Write 1 to ${task.horizon} to scores.lengths, the ending step included, or leave the entry as it is: all steps count then.`,
        problemIndex,
      });
    }
  });
}

/**
 * Refuses an array of another length.
 *
 * @param array - The array.
 * @param length - Its length.
 * @param path - Where it stands.
 * @param what - Of what the length is.
 * @throws {@link TaskError} for another length.
 */
export function requireShape(array: { readonly length: number }, length: number, path: string, what: string): void {
  if (array.length !== length) {
    throw new TaskError(`has ${array.length} numbers.`, { path, remedy: `Give ${length}: ${what}.` });
  }
}
