import type { Measured } from '../../task/measured.js';
import type { MachineOutcome, MachineRun, TaskMachine } from '../tool-task.js';

/** A program found, and what it is worth. */
export interface FoundProgram<Tool extends string> extends Measured {
  readonly tools: readonly Tool[];
}

/** What the search of one stage found. */
export interface StageSearch<Tool extends string> {
  /** Whether nothing was left out. */
  readonly complete: boolean;
  /** For each problem: the shortest right program, or undefined. */
  readonly shortest: readonly (readonly Tool[] | undefined)[];
  /** For each problem: the best return of a right and of a wrong program; −∞ where there is none. */
  readonly bestRight: readonly number[];
  readonly bestWrong: readonly number[];
  /** The constant program that is right most often, the shortest of them. */
  readonly mostSuccessful: FoundProgram<Tool> | undefined;
  /** The constant program of the highest mean return, the shortest of them. */
  readonly bestPaid: FoundProgram<Tool> | undefined;
}

/** A state of one problem: everything about a program under way but its number of steps, which only programs that have ended keep. */
interface Node<Problem, State> {
  readonly run: MachineRun<Problem, State>;
  /** Tool → node after it; for tools that end, tool and steps → node. Absent until asked for. */
  readonly next: (number | undefined)[];
  /** What the program is worth if it stays here. */
  outcome: MachineOutcome | undefined;
}

/** What {@link walk} walks: states by number, 0 the start. */
interface Walkable {
  /** The state after a tool, of which `steps` says the place in the program, from 1. */
  next(id: number, toolIndex: number, steps: number): number;
  /** Whether no tool changes this state any more. */
  ended(id: number): boolean;
  /** What the program is worth if it stays here, `[problems]`. */
  outcomes(id: number): readonly MachineOutcome[];
}

/** The states of one problem, made as they are reached, so that each tool runs once on each. */
class Graph<Problem, State, Tool extends string> implements Walkable {
  readonly #nodes: Node<Problem, State>[] = [];
  readonly #machine: TaskMachine<Problem, State, Tool>;
  readonly #horizon: number;
  readonly #ids = new Map<string, number>();

  constructor(machine: TaskMachine<Problem, State, Tool>, problem: Problem, stage: number, horizon: number) {
    this.#machine = machine;
    this.#horizon = horizon;
    this.#intern(machine.start(problem, stage));
  }

  next(id: number, toolIndex: number, steps: number): number {
    const { tools } = this.#machine;
    const tool = tools[toolIndex];
    const node = this.#node(id);
    const slot = tool?.ends === true ? toolIndex + steps * tools.length : toolIndex;
    let next = node.next[slot];
    if (next === undefined) {
      const run = this.#machine.fork({ ...node.run, steps: steps - 1 });
      next = this.#machine.step(run, tool?.token ?? -1) ? this.#intern(run) : id;
      node.next[slot] = next;
    }
    return next;
  }

  ended(id: number): boolean {
    return this.#node(id).run.ended;
  }

  outcome(id: number): MachineOutcome {
    const node = this.#node(id);
    const { run } = node;
    node.outcome ??= this.#machine.outcome(run.ended ? run : { ...run, steps: this.#horizon });
    return node.outcome;
  }

  outcomes(id: number): readonly MachineOutcome[] {
    return [this.outcome(id)];
  }

  #intern(run: MachineRun<Problem, State>): number {
    const key = `${run.ended ? run.steps : ''}${this.#machine.key(run)}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#nodes.length;
      this.#nodes.push({ run, next: [], outcome: undefined });
      this.#ids.set(key, id);
    }
    return id;
  }

  #node(id: number): Node<Problem, State> {
    const node = this.#nodes[id];
    if (node === undefined) {
      throw new RangeError(`no node ${id}`);
    }
    return node;
  }
}

/** A state of all problems. */
interface JointNode {
  /** The state of each problem, `[problems]`. */
  readonly ids: readonly number[];
  readonly ended: boolean;
  /** As in {@link Node}. */
  readonly next: (number | undefined)[];
}

/** The states of all problems together under one program. Problems that have ended stay as they are. */
class JointGraph<Problem, State, Tool extends string> implements Walkable {
  readonly #graphs: readonly Graph<Problem, State, Tool>[];
  readonly #ends: readonly boolean[];
  readonly #nodes: JointNode[] = [];
  readonly #ids = new Map<string, number>();

  constructor(graphs: readonly Graph<Problem, State, Tool>[], machine: TaskMachine<Problem, State, Tool>) {
    this.#graphs = graphs;
    this.#ends = machine.tools.map((tool) => tool.ends);
    this.#intern(graphs.map(() => 0));
  }

  next(id: number, toolIndex: number, steps: number): number {
    const node = this.#node(id);
    const slot = this.#ends[toolIndex] === true ? toolIndex + steps * this.#ends.length : toolIndex;
    let next = node.next[slot];
    if (next === undefined) {
      let changed = false;
      const ids = this.#graphs.map((graph, at) => {
        const before = node.ids[at] ?? 0;
        const after = graph.ended(before) ? before : graph.next(before, toolIndex, steps);
        changed ||= after !== before;
        return after;
      });
      next = changed ? this.#intern(ids) : id;
      node.next[slot] = next;
    }
    return next;
  }

  ended(id: number): boolean {
    return this.#node(id).ended;
  }

  outcomes(id: number): readonly MachineOutcome[] {
    const { ids } = this.#node(id);
    return this.#graphs.map((graph, at) => graph.outcome(ids[at] ?? 0));
  }

  #intern(ids: readonly number[]): number {
    const key = ids.join();
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#nodes.length;
      this.#nodes.push({ ids, ended: ids.every((of, at) => this.#graphs[at]?.ended(of) === true), next: [] });
      this.#ids.set(key, id);
    }
    return id;
  }

  #node(id: number): JointNode {
    const node = this.#nodes[id];
    if (node === undefined) {
      throw new RangeError(`no joint node ${id}`);
    }
    return node;
  }
}

/** A program as a linked list, last tool first. */
interface Path {
  readonly tool: number;
  readonly before: Path | undefined;
}

interface Frontier {
  readonly id: number;
  readonly path: Path | undefined;
}

/**
 * Searches the tool programs of one stage breadth-first: first of each problem by itself, then of all together (constant programs).
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
  const namesOf = (path: Path | undefined): Tool[] => {
    const names: Tool[] = [];
    for (let at = path; at !== undefined; at = at.before) {
      const tool = machine.tools[at.tool];
      if (tool !== undefined) {
        names.unshift(tool.name);
      }
    }
    return names;
  };
  let complete = true;
  const shortest: (readonly Tool[] | undefined)[] = [];
  const bestRight: number[] = [];
  const bestWrong: number[] = [];
  for (const graph of graphs) {
    let found: readonly Tool[] | undefined;
    let right = Number.NEGATIVE_INFINITY;
    let wrong = Number.NEGATIVE_INFINITY;
    complete =
      walk(graph, machine, horizon, budget, ([outcome], path) => {
        if (outcome?.success === true) {
          found ??= namesOf(path);
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
    walk(new JointGraph(graphs, machine), machine, horizon, budget, (outcomes, path) => {
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
        mostSuccessful = { tools: namesOf(path), successRate, meanReturn };
      }
      if (bestPaid === undefined || meanReturn > bestPaid.meanReturn + 1e-9) {
        bestPaid = { tools: namesOf(path), successRate, meanReturn };
      }
    }) && complete;
  return { complete, shortest, bestRight, bestWrong, mostSuccessful, bestPaid };
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
      for (let tool = 0; tool < machine.tools.length; tool += 1) {
        const after = graph.next(id, tool, steps);
        if (seen.has(after)) {
          continue;
        }
        seen.add(after);
        const extended: Path = { tool, before: path };
        const ended = graph.ended(after);
        if (ended || machine.canIdle || steps === horizon) {
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
