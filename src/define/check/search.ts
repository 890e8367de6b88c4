import type { Measured } from '../../task/measured.js';
import { callsOf } from '../program-writer.js';
import type { MachineOutcome, TaskMachine } from '../task-machine.js';
import type { ToolCall } from '../tool-parameters.js';
import { Graph, type Walkable } from './graph.js';
import { JointGraph } from './joint-graph.js';

/** A program found, and what it is worth. */
export interface FoundProgram<Tool extends string> extends Measured {
  /** Its calls: names of tools, with their arguments where they have any. */
  readonly tools: readonly ToolCall<Tool>[];
}

/** What the search of one stage found. */
export interface StageSearch<Tool extends string> {
  /** Whether nothing was left out. */
  readonly complete: boolean;
  /** For each problem: the shortest right program, or undefined. */
  readonly shortest: readonly (readonly ToolCall<Tool>[] | undefined)[];
  /** For each problem: the best return of a right and of a wrong program; −∞ where there is none. */
  readonly bestRight: readonly number[];
  readonly bestWrong: readonly number[];
  /** The constant program that is right most often, the shortest of them. */
  readonly mostSuccessful: FoundProgram<Tool> | undefined;
  /** The constant program of the highest mean return, the shortest of them. */
  readonly bestPaid: FoundProgram<Tool> | undefined;
}

/** A program as a linked list, last token first. */
interface Path {
  readonly token: number;
  readonly before: Path | undefined;
}

interface Frontier {
  readonly id: number;
  readonly path: Path | undefined;
}

/**
 * Searches the programs of one stage breadth-first: first of each problem by itself, then of all together (constant programs).
 *
 * Programs in equal states are merged among those of equal length, so what is found is exact even where rewards depend on the number of steps.
 *
 * @param machine - The machine.
 * @param problems - The problems.
 * @param stage - Stage id.
 * @param horizon - Tokens of a program.
 * @param budget - The most states visited, over all lengths: for each problem, and again for all together.
 * @returns What was found.
 */
export function searchStage<Problem, State, Tool extends string>(
  machine: TaskMachine<Problem, State, Tool>,
  problems: readonly Problem[],
  stage: number,
  horizon: number,
  budget: number,
): StageSearch<Tool> {
  const graphs = problems.map((problem) => new Graph(machine, problem, stage, horizon));
  const callsTo = (path: Path | undefined): ToolCall<Tool>[] => callsOf(tokensOf(path), machine.tools);
  let complete = true;
  const shortest: (readonly ToolCall<Tool>[] | undefined)[] = [];
  const bestRight: number[] = [];
  const bestWrong: number[] = [];
  for (const graph of graphs) {
    let found: readonly ToolCall<Tool>[] | undefined;
    let right = Number.NEGATIVE_INFINITY;
    let wrong = Number.NEGATIVE_INFINITY;
    complete =
      walk(graph, machine, horizon, budget, ([outcome], path) => {
        if (outcome?.success === true) {
          found ??= callsTo(path);
          right = Math.max(right, outcome.episodeReturn);
        } else if (outcome !== undefined) {
          wrong = Math.max(wrong, outcome.episodeReturn);
        }
      }) && complete;
    shortest.push(found);
    bestRight.push(right);
    bestWrong.push(wrong);
  }
  let mostSuccessful: FoundProgram<Tool> | undefined;
  let bestPaid: FoundProgram<Tool> | undefined;
  complete =
    walk(new JointGraph(graphs), machine, horizon, budget, (outcomes, path) => {
      let successes = 0;
      let total = 0;
      for (const outcome of outcomes) {
        successes += outcome.success ? 1 : 0;
        total += outcome.episodeReturn;
      }
      const successRate = successes / outcomes.length;
      const meanReturn = total / outcomes.length;
      // Sums of equal rewards may differ in their last bits: only a real lead replaces a shorter program.
      if (mostSuccessful === undefined || successRate > mostSuccessful.successRate) {
        mostSuccessful = { tools: callsTo(path), successRate, meanReturn };
      }
      if (bestPaid === undefined || meanReturn > bestPaid.meanReturn + 1e-9) {
        bestPaid = { tools: callsTo(path), successRate, meanReturn };
      }
    }) && complete;
  return { complete, shortest, bestRight, bestWrong, mostSuccessful, bestPaid };
}

/**
 * Searches the programs for one problem.
 *
 * @param machine - The machine.
 * @param problem - The problem.
 * @param stage - Stage id.
 * @param horizon - Tokens of a program.
 * @param budget - The most states visited, over all lengths.
 * @returns Tokens of the right program that pays best, the shortest of them, up to its end; undefined where none was found.
 */
export function searchProgram<Problem, State, Tool extends string>(
  machine: TaskMachine<Problem, State, Tool>,
  problem: Problem,
  stage: number,
  horizon: number,
  budget: number,
): readonly number[] | undefined {
  let best: readonly number[] | undefined;
  let most = Number.NEGATIVE_INFINITY;
  walk(new Graph(machine, problem, stage, horizon), machine, horizon, budget, ([outcome], path) => {
    // Sums of equal rewards may differ in their last bits: only a real lead replaces a shorter program.
    if (outcome?.success === true && outcome.episodeReturn > most + 1e-9) {
      most = outcome.episodeReturn;
      best = tokensOf(path);
    }
  });
  return best;
}

function tokensOf(path: Path | undefined): number[] {
  const tokens: number[] = [];
  for (let at = path; at !== undefined; at = at.before) {
    tokens.unshift(at.token);
  }
  return tokens;
}

/**
 * Walks programs, shortest first, and reports each state in which one can end, with the first program that leads there.
 *
 * @returns Whether all were walked within the budget.
 */
function walk<Problem, State, Tool extends string>(
  graph: Walkable,
  machine: TaskMachine<Problem, State, Tool>,
  horizon: number,
  budget: number,
  report: (outcomes: readonly MachineOutcome[], path: Path | undefined) => void,
): boolean {
  const reported = new Set<number>();
  const reportOnce = (id: number, path: Path | undefined): void => {
    if (!reported.has(id)) {
      reported.add(id);
      report(graph.outcomes(id), path);
    }
  };
  // Where steps can pass idly, each program may also be one that runs into the horizon.
  if (machine.canIdle) {
    reportOnce(0, undefined);
  }
  let frontier: Frontier[] = [{ id: 0, path: undefined }];
  let visited = 1;
  for (let steps = 1; steps <= horizon && frontier.length > 0; steps += 1) {
    const seen = new Set<number>();
    const next: Frontier[] = [];
    for (const { id, path } of frontier) {
      for (const token of graph.choices(id)) {
        const after = graph.next(id, token, steps);
        if (seen.has(after)) {
          continue;
        }
        seen.add(after);
        const extended: Path = { token, before: path };
        const ended = graph.ended(after);
        if (ended || (machine.canIdle && !graph.within(after)) || steps === horizon) {
          reportOnce(after, extended);
        }
        if (!ended) {
          visited += 1;
          if (visited > budget) {
            return false;
          }
          next.push({ id: after, path: extended });
        }
      }
    }
    frontier = next;
  }
  return true;
}
