import type { MachineOutcome } from '../task-machine.js';
import type { Graph, Walkable } from './graph.js';

/** A state of all problems. */
interface JointNode {
  /** The state of each problem, `[problems]`. */
  readonly ids: readonly number[];
  readonly ended: boolean;
  /** Token, or for those that end a program token and steps → node after it. Absent until asked for. */
  readonly next: Map<number | string, number>;
  choices: readonly number[] | undefined;
}

/** The states of all problems together under one program. Problems that have ended stay as they are. */
export class JointGraph<Problem, State, Tool extends string> implements Walkable {
  readonly #graphs: readonly Graph<Problem, State, Tool>[];
  readonly #nodes: JointNode[] = [];
  readonly #ids = new Map<string, number>();

  constructor(graphs: readonly Graph<Problem, State, Tool>[]) {
    this.#graphs = graphs;
    this.#intern(graphs.map(() => 0));
  }

  next(id: number, token: number, steps: number): number {
    const node = this.#node(id);
    let next = node.next.get(token) ?? node.next.get(`${token}:${steps}`);
    if (next === undefined) {
      let ends = false;
      const ids = this.#graphs.map((graph, at) => {
        const before = node.ids[at] ?? 0;
        if (graph.ended(before)) {
          return before;
        }
        const after = graph.next(before, token, steps);
        ends ||= graph.ended(after);
        return after;
      });
      next = this.#intern(ids);
      node.next.set(ends ? `${token}:${steps}` : token, next);
    }
    return next;
  }

  /** What may be emitted on any of the problems. */
  choices(id: number): readonly number[] {
    const node = this.#node(id);
    node.choices ??= this.#choices(node.ids);
    return node.choices;
  }

  ended(id: number): boolean {
    return this.#node(id).ended;
  }

  within(id: number): boolean {
    return this.#node(id).ids.some((of, at) => this.#graphs[at]?.within(of) === true);
  }

  outcomes(id: number): readonly MachineOutcome[] {
    const { ids } = this.#node(id);
    return this.#graphs.map((graph, at) => graph.outcome(ids[at] ?? 0));
  }

  #choices(ids: readonly number[]): readonly number[] {
    const choices = new Set<number>();
    let last: readonly number[] | undefined;
    this.#graphs.forEach((graph, at) => {
      const of = ids[at] ?? 0;
      const here = graph.ended(of) ? undefined : graph.choices(of);
      if (here !== undefined && here !== last) {
        for (const token of here) {
          choices.add(token);
        }
        last = here;
      }
    });
    return [...choices].sort((a, b) => a - b);
  }

  #intern(ids: readonly number[]): number {
    const key = ids.join();
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#nodes.length;
      this.#nodes.push({ ids, ended: ids.every((of, at) => this.#graphs[at]?.ended(of) === true), next: new Map(), choices: undefined });
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
