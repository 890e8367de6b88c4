import { TaskError } from '../../errors/task-error.js';
import type { Task } from '../../task/task.js';
import type { ToolTask } from '../tool-task.js';

/**
 * @param task - Any task.
 * @returns Whether it was made by `defineTask`, and so has a machine.
 */
export function hasMachine(task: Task): task is ToolTask {
  return 'machine' in task && typeof task.machine === 'object' && task.machine !== null && 'program' in task;
}

/**
 * @param task - A task.
 * @param verb - What is to be done with it.
 * @returns The same.
 * @throws {@link TaskError} when it has no machine.
 */
export function requireMachine(task: Task, verb: 'checked' | 'searched'): ToolTask {
  if (!hasMachine(task)) {
    throw new TaskError('is absent: its programs cannot be searched.', {
      path: 'task.machine',
      remedy: `Make the task with defineTask, which gives it one; a task written by hand can be trained on, but not ${verb}.`,
    });
  }
  return task;
}
