import { checkedScore } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import type { Measured } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import type { ToolCall } from '../tool-parameters.js';
import type { ToolBatch, ToolTask } from '../tool-task.js';

/** What programs earned, `[n]` each. */
export interface MeasuredScores {
  readonly returns: Float32Array;
  readonly successes: Uint8Array;
}

/**
 * One program on all problems of a batch.
 *
 * @param task - The task.
 * @param batch - The problems.
 * @param calls - The program.
 * @returns What it earned.
 */
export function scoreProgram(task: ToolTask, batch: ToolBatch<unknown>, calls: readonly ToolCall[]): MeasuredScores {
  const program = task.program(...calls);
  const actions = new Int32Array(batch.size * task.horizon);
  for (let at = 0; at < actions.length; at += task.horizon) {
    actions.set(program, at);
  }
  return score(task, batch, actions);
}

/**
 * A random program for each problem, drawn uniformly from what may be emitted at each step.
 *
 * @param task - The task.
 * @param batch - The problems.
 * @param random - The stream.
 * @returns What they earned.
 */
export function scoreRandom(task: ToolTask, batch: ToolBatch<unknown>, random: Random): MeasuredScores {
  const allowed = task.vocabulary.map((_, token) => token).filter((token) => task.actionMask?.[token] !== 0);
  if (task.interaction?.masked !== true) {
    const actions = Int32Array.from({ length: batch.size * task.horizon }, () => allowed[random.int(allowed.length)] ?? 0);
    return score(task, batch, actions);
  }
  const scores = makeScores(batch.size);
  const episodes = checkedBegin(task, batch);
  const actions = new Int32Array(batch.size);
  const size = task.vocabulary.length;
  for (let step = 0; step < task.horizon && episodes.ended.includes(0); step += 1) {
    for (let row = 0; row < batch.size; row += 1) {
      if (episodes.ended[row] === 0) {
        const tokens = allowed.filter((token) => episodes.allowed?.[row * size + token] === 1);
        actions[row] = tokens[random.int(tokens.length)] ?? 0;
      }
    }
    episodes.step(actions);
  }
  episodes.score(scores);
  return scores;
}

/**
 * @param scores - What programs earned.
 * @returns Success and mean return.
 */
export function summarize({ returns, successes }: MeasuredScores): Measured {
  return { successRate: mean(successes), meanReturn: mean(returns) };
}

/**
 * Names a program in a report.
 *
 * @param task - The task.
 * @param program - Its calls.
 * @returns Names of its tools, and the calls themselves where any tool of the task has parameters.
 */
export function describeProgram(
  task: ToolTask,
  program: readonly ToolCall[],
): { readonly tools: readonly string[]; readonly calls?: readonly ToolCall[] } {
  const tools = program.map((call) => (typeof call === 'string' ? call : call[0]));
  return task.machine.tools.some(({ parameters }) => parameters !== undefined) ? { tools, calls: program } : { tools };
}

/**
 * @param values - Numbers.
 * @returns Their mean; 0 of none.
 */
export function mean(values: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < values.length; at += 1) {
    total += values[at] ?? 0;
  }
  return values.length === 0 ? 0 : total / values.length;
}

function score(task: ToolTask, batch: ToolBatch<unknown>, actions: Int32Array): MeasuredScores {
  const scores = makeScores(batch.size);
  checkedScore(task, batch, actions, scores);
  return scores;
}

function makeScores(size: number): MeasuredScores {
  return { returns: new Float32Array(size), successes: new Uint8Array(size) };
}
