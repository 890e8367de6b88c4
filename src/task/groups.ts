import { TaskError } from '../errors/task-error.js';
import { show } from '../util/show.js';
import { checkedDescribe } from './checked.js';
import { refuseDeferred } from './returned.js';
import type { ProblemBatch, Task } from './task.js';

/** Names the group of each problem of a batch. */
export type Grouping = (batch: ProblemBatch, index: number) => string;

/**
 * How the problems of a task are told apart, with every name checked.
 *
 * @param task - The task.
 * @param groupBy - The caller's own way, of a problem and its stage; the task's where absent.
 * @returns Undefined where nothing names groups. It throws {@link TaskError} for whatever is thrown, and for what is no name, with the `problemIndex`.
 */
export function groupingOf(task: Task, groupBy?: (problem: unknown, stage: unknown) => unknown): Grouping | undefined {
  if (groupBy !== undefined) {
    return (batch, index) => named('groupBy', index, () => groupBy(problemOf(task, batch, index), stageOf(task, batch, index)));
  }
  return task.group === undefined ? undefined : (batch, index) => named('task.group', index, () => task.group?.(batch, index));
}

function named(path: string, problemIndex: number, name: () => unknown): string {
  let group: unknown;
  try {
    group = name();
    refuseDeferred(group, path);
  } catch (error) {
    throw TaskError.wrap(error, path, problemIndex);
  }
  if (typeof group !== 'string' || group === '') {
    throw new TaskError(`returned ${show(group)}.`, { path, remedy: 'Return a text with at least one character.', problemIndex });
  }
  return group;
}

/** As the task's functions know it: what `defineTask` keeps in the batch, or else its description. */
function problemOf(task: Task, batch: ProblemBatch, index: number): unknown {
  const { problems } = batch as ProblemBatch & { readonly problems?: readonly unknown[] };
  return problems === undefined ? checkedDescribe(task, batch, index) : problems[index];
}

function stageOf(task: Task, { stages }: ProblemBatch, index: number): unknown {
  const { declaredStages = task.stages } = task as Task & { readonly declaredStages?: readonly unknown[] };
  return declaredStages[stages[index] ?? -1];
}
