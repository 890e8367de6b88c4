import type { Task } from '../../task/task.js';
import type { ToolTask } from '../tool-task.js';

/**
 * @param task - Any task.
 * @returns Whether it was made by `defineTask`, and so has a machine.
 */
export function hasMachine(task: Task): task is ToolTask {
  return 'machine' in task && typeof task.machine === 'object' && task.machine !== null && 'program' in task;
}
