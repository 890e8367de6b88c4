import { checkedSample } from '../../task/checked.js';
import type { Task } from '../../task/task.js';
import { dataKey } from '../../util/plain-data.js';
import { Random, STREAMS } from '../../util/random.js';
import { lookInOrder, lookWithoutOrder, type ShownSymbol, shownSymbols } from '../shown-symbols.js';
import type { ToolBatch, ToolTask } from '../tool-task.js';
import { SearchBudget, searchPolicy } from './best-policy.js';
import { hasMachine } from './has-machine.js';

/** Problems of a stage that are looked at. */
const PROBLEMS = 1024;
/** Of these, how many are asked whether symbols change places: each has as many pairs of symbols as its length squared. */
const ORDERED = 256;
/** Pairs of problems of a stage whose programs are compared. */
const PAIRS = 8;
/** States that are looked at for each pair. */
const STATES = 2000;

/** What was found out about tasks, so that making many agents costs one search. */
const known = new WeakMap<Task, boolean>();

/**
 * Whether the order of a context's symbols decides which program is right. Where a task does not say so itself ({@link Task.contextOrder}), its
 * problems are looked at, always the same ones, stage by stage:
 *
 * 1. Where no two symbols ever stand in both orders, and one symbol at most has a number beside it, what is in a context says in which order it is:
 *    the order does not matter.
 * 2. Of problems that show the same symbols in different orders, up to 8 pairs are searched for one behaviour that is right for both. It matters
 *    where a pair has none, or where the search is cut short.
 * 3. Where there is no such pair to compare, it may matter.
 *
 * @param task - A checked task.
 * @returns Whether it matters; false for a task that cannot be searched, that averages contexts over a batch, or whose functions throw.
 */
export function orderMatters(task: Task): boolean {
  const { contextOrder, pooling } = task;
  if (contextOrder !== undefined || pooling === 'batch' || !hasMachine(task)) {
    return contextOrder === 'matters';
  }
  let matters = known.get(task);
  if (matters === undefined) {
    matters = search(task);
    known.set(task, matters);
  }
  return matters;
}

function search(task: ToolTask): boolean {
  const random = new Random(0, STREAMS.contextOrder);
  try {
    return task.stages.map((_, stage) => stage).some((stage) => matteringIn(task, task.stages.length - 1 - stage, random));
  } catch {
    // Training says what is wrong with the task.
    return false;
  }
}

function matteringIn(task: ToolTask, stage: number, random: Random): boolean {
  const batch = checkedSample(task, new Int32Array(PROBLEMS).fill(stage), random, 'train');
  const contexts = batch.problems.map((_, row) => shownSymbols(batch, row, task.startToken));
  const some = contexts.slice(0, ORDERED);
  if (!(changesPlaces(some) || numbersMix(some))) {
    return false;
  }
  let compared = 0;
  for (const [first, second] of reordered(batch, contexts)) {
    const budget = new SearchBudget(STATES);
    const alike = [first, second].map((problem) => ({ problem, weight: 1 }));
    const { solvable, solved } = searchPolicy(task.machine, alike, stage, task.horizon, budget);
    if (budget.spent || solvable - solved > 1e-9) {
      return true;
    }
    compared += solvable > 1 ? 1 : 0;
  }
  return compared === 0;
}

/** Whether some symbol stands before another in one place, and after it in another. */
function changesPlaces(contexts: readonly (readonly ShownSymbol[])[]): boolean {
  const before = new Map<number, Set<number>>();
  for (const context of contexts) {
    for (const [at, { id: symbol }] of context.entries()) {
      const after = before.get(symbol) ?? new Set();
      before.set(symbol, after);
      for (const { id: later } of context.slice(at + 1)) {
        if (later !== symbol) {
          if (before.get(later)?.has(symbol) === true) {
            return true;
          }
          after.add(later);
        }
      }
    }
  }
  return false;
}

/** Whether there are numbers beside more than one symbol: an average has their sum alone. */
function numbersMix(contexts: readonly (readonly ShownSymbol[])[]): boolean {
  const bearers = new Set<number>();
  return contexts.some((context) => {
    const valued = context.filter(({ value }) => value !== 0);
    for (const { id } of valued) {
      bearers.add(id);
    }
    return valued.length > 1 || bearers.size > 1;
  });
}

/** Pairs of different problems that show the same symbols in different orders, one pair a set of symbols. */
function reordered(batch: ToolBatch<unknown>, contexts: readonly (readonly ShownSymbol[])[]): (readonly [unknown, unknown])[] {
  const firsts = new Map<string, { readonly order: string; readonly row: number }>();
  const paired = new Set<string>();
  const pairs: (readonly [unknown, unknown])[] = [];
  for (const [row, context] of contexts.entries()) {
    const order = lookInOrder(context);
    const look = lookWithoutOrder(context);
    const first = firsts.get(look);
    if (first === undefined) {
      firsts.set(look, { order, row });
    } else if (first.order !== order && !paired.has(look) && pairs.length < PAIRS) {
      const pair = [batch.problems[first.row], batch.problems[row]] as const;
      if (dataKey(pair[0]) !== dataKey(pair[1])) {
        paired.add(look);
        pairs.push(pair);
      }
    }
  }
  return pairs;
}
