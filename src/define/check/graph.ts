import type { MachineOutcome, MachineRun, TaskMachine } from '../tool-task.js';

/** A state of one problem: everything about a program under way but its number of steps, which only programs that have ended keep. */
interface Node<Problem, State> {
  readonly run: MachineRun<Problem, State>;
  /** Tool → node after it; for tools that end, tool and steps → node. Absent until asked for. */
  readonly next: (number | undefined)[];
  /** What the program is worth if it stays here. */
  outcome: MachineOutcome | undefined;
}

/** What a search walks: states by number, 0 the start. */
export interface Walkable {
  /** The state after a tool, of which `steps` says the place in the program, from 1. */
  next(id: number, toolIndex: number, steps: number): number;
  /** Whether no tool changes this state any more. */
  ended(id: number): boolean;
  /** What the program is worth if it stays here, `[problems]`. */
  outcomes(id: number): readonly MachineOutcome[];
}

/** The states of one problem, made as they are reached, so that each tool runs once on each. */
export class Graph<Problem, State, Tool extends string> implements Walkable {
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
export class JointGraph<Problem, State, Tool extends string> implements Walkable {
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
