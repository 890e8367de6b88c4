import { arithmetic, createArithmetic } from '#dist/task/arithmetic/arithmetic.js';
import type { ToolTask } from '#dist/task/tool-task.js';
import { tutorial } from '#dist/task/tutorial/tutorial.js';

/** Every built-in task, with the bounds of its returns. */
export const builtIn: readonly { readonly title: string; readonly task: ToolTask; readonly low: number; readonly high: number }[] = [
  { title: 'arithmetic', task: arithmetic, low: 0, high: 1.9 },
  { title: 'arithmetic without mask', task: createArithmetic({ mask: false }), low: 0, high: 1.9 },
  { title: 'tutorial, batch context', task: tutorial.task({ context: 'batch' }), low: 0, high: 1.36 },
  { title: 'tutorial, own context', task: tutorial.task({ context: 'own' }), low: 0, high: 1.36 },
];
