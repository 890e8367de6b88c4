import { arithmetic, createArithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { commands, createCommands } from '#dist/builtin/commands/commands.js';
import { countdown, createCountdown } from '#dist/builtin/countdown/countdown.js';
import { createExpressions, expressions } from '#dist/builtin/expressions/expressions.js';
import { createTriage, triage } from '#dist/builtin/triage/triage.js';
import { tutorial } from '#dist/builtin/tutorial/tutorial.js';
import type { ToolTask } from '#dist/define/tool-task.js';

interface BuiltIn {
  readonly title: string;
  readonly task: ToolTask;
  /** Bounds of its returns. */
  readonly low: number;
  readonly high: number;
  /** What contexts and targets look like. */
  readonly context: RegExp;
  readonly target: RegExp;
  /** Whether what follows the end of a program is learned from. */
  readonly pastEnd?: boolean;
}

const DIGITS = { context: /^\d( \d){2,4} \[CTX\]$/, target: /^-?\d+$/ };
const INFIX = { context: /^\d( [*+-] \d){1,4} \[CTX\]$/, target: /^-?\d+$/ };
const TICKET = { context: /^(app|api|billing)( [\w-]+){6} \[CTX\]$/, target: /^(closed|escalated)$/ };

const NUMBERS = { context: /^\d+( \d+){2,3} =\d+ \[CTX\]$/, target: /^\d+$/ };
const SENTENCE = { context: /^[a-z]+( [a-z]+){0,8} \[CTX\]$/, target: /^[A-Z]+( [A-Z]+)*$/ };

/** Every built-in task. */
export const builtIn: readonly BuiltIn[] = [
  { title: 'arithmetic', task: arithmetic, low: 0, high: 1.9, ...DIGITS },
  { title: 'arithmetic without mask', task: createArithmetic({ mask: false }), low: 0, high: 1.9, ...DIGITS },
  { title: 'tutorial, batch context', task: tutorial.task({ context: 'batch' }), low: 0, high: 1.36, pastEnd: true, ...DIGITS },
  { title: 'tutorial, own context', task: tutorial.task({ context: 'own' }), low: 0, high: 1.36, pastEnd: true, ...DIGITS },
  { title: 'triage', task: triage, low: 0, high: 1.6, ...TICKET },
  { title: 'triage, blind, every tool', task: createTriage({ form: 'blind', mask: true }), low: 0, high: 1.6, ...TICKET },
  { title: 'triage, penalty', task: createTriage({ form: 'penalty' }), low: -0.3, high: 1.6, ...TICKET },
  { title: 'triage, penalty, every token', task: createTriage({ form: 'penalty', mask: false }), low: -0.3, high: 1.6, ...TICKET },
  { title: 'expressions', task: expressions, low: 0, high: 1.4, ...INFIX },
  { title: 'expressions, end only', task: createExpressions({ endOnly: true, mask: true }), low: 0, high: 1, ...INFIX },
  { title: 'countdown', task: countdown, low: 0, high: 1, ...NUMBERS },
  { title: 'countdown, every token', task: createCountdown({ mask: false }), low: 0, high: 1, ...NUMBERS },
  { title: 'commands', task: commands, low: 0, high: 1, ...SENTENCE },
  { title: 'commands by length', task: createCommands({ split: 'length', endOnly: false }), low: 0, high: 1.4, ...SENTENCE },
];
