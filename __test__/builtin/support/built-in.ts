import { arithmetic, createArithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { tutorial } from '#dist/builtin/tutorial/tutorial.js';
import type { ToolTask } from '#dist/define/tool-task.js';

interface BuiltIn {
  readonly title: string;
  readonly task: ToolTask;
  /** Bounds of its returns. */
  readonly low: number;
  readonly high: number;
  /** Whether what follows the end of a program is learned from. */
  readonly pastEnd?: boolean;
}

/** Every built-in task. */
export const builtIn: readonly BuiltIn[] = [
  { title: 'arithmetic', task: arithmetic, low: 0, high: 1.9 },
  { title: 'arithmetic without mask', task: createArithmetic({ mask: false }), low: 0, high: 1.9 },
  { title: 'tutorial, batch context', task: tutorial.task({ context: 'batch' }), low: 0, high: 1.36, pastEnd: true },
  { title: 'tutorial, own context', task: tutorial.task({ context: 'own' }), low: 0, high: 1.36, pastEnd: true },
];
