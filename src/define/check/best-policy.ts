import type { TaskMachine } from '../task-machine.js';
import { Graph } from './graph.js';

/** A problem, and how often it was drawn. */
export interface WeighedProblem<Problem> {
  readonly problem: Problem;
  readonly weight: number;
}

/** What can be reached on problems that look the same at first. */
export interface BestPolicy {
  /** Weight of the problems that one and the same agent can be right for, hearing what it hears; no less than that, if not `complete`. */
  readonly solved: number;
  /** Weight of the problems that have a right program each. */
  readonly solvable: number;
}

/** The longest horizon looked through: the search goes as deep as a program is long. */
const MAX_DEPTH = 500;

/** A problem in a state: place among the problems, and state in its graph. */
type Place = readonly [problem: number, node: number];

/** How many more states may be looked at, over several searches. */
export class SearchBudget {
  #left: number;

  /** @param states - States that may be looked at. */
  constructor(states: number) {
    this.#left = states;
  }

  /** Whether it ran out. */
  get spent(): boolean {
    return this.#left <= 0;
  }

  /** Takes one state. */
  take(): void {
    this.#left -= 1;
  }
}

/**
 * Finds the most successful behaviour on problems that look the same: a tree of tokens that branches where the problems sound different, or
 * allow different tokens. In open loop, where they never do, it is one program for all.
 *
 * Branch and bound: no tree is right for more than the problems that each have a right program by themselves. States that the budget does not
 * reach count as if that much were possible.
 *
 * @param machine - The machine.
 * @param problems - The problems.
 * @param stage - Stage id.
 * @param horizon - Tokens of a program.
 * @param budget - Shared with other searches.
 * @returns What can be reached.
 */
export function searchPolicy<Problem, State, Tool extends string>(
  machine: TaskMachine<Problem, State, Tool>,
  problems: readonly WeighedProblem<Problem>[],
  stage: number,
  horizon: number,
  budget: SearchBudget,
): BestPolicy {
  if (horizon > MAX_DEPTH) {
    while (!budget.spent) {
      budget.take();
    }
  }
  const search = new PolicySearch(machine, problems, stage, horizon, budget);
  const start = problems.map((_, at): Place => [at, 0]);
  return { solvable: search.bound(start, 0), solved: search.best(start, 0) };
}

class PolicySearch<Problem, State, Tool extends string> {
  readonly #graphs: readonly Graph<Problem, State, Tool>[];
  readonly #weights: readonly number[];
  readonly #horizon: number;
  readonly #canIdle: boolean;
  readonly #budget: SearchBudget;
  /** For each problem: steps and state → whether a right program goes on from there. */
  readonly #solvable: readonly Map<string, boolean>[];
  /** Steps and places → the most that can be solved. */
  readonly #best = new Map<string, number>();

  constructor(
    machine: TaskMachine<Problem, State, Tool>,
    problems: readonly WeighedProblem<Problem>[],
    stage: number,
    horizon: number,
    budget: SearchBudget,
  ) {
    this.#graphs = problems.map(({ problem }) => new Graph(machine, problem, stage, horizon));
    this.#weights = problems.map(({ weight }) => weight);
    this.#horizon = horizon;
    this.#canIdle = machine.canIdle;
    this.#budget = budget;
    this.#solvable = problems.map(() => new Map());
  }

  /** Weight of the problems that can each be solved from where they are. */
  bound(places: readonly Place[], steps: number): number {
    return this.#sum(places.filter((place) => this.#canSolve(place, steps)));
  }

  /** Weight of the problems that one behaviour can solve from where they are. */
  best(places: readonly Place[], steps: number): number {
    const over = places.filter((place) => this.#over(place, steps));
    const classes = new Map<string, Place[]>();
    for (const place of places) {
      if (!this.#over(place, steps)) {
        const view = this.#graph(place).view(place[1]);
        classes.set(view, [...(classes.get(view) ?? []), place]);
      }
    }
    let solved = this.bound(over, steps);
    for (const alike of classes.values()) {
      solved += this.#bestOfAlike(alike, steps);
    }
    return solved;
  }

  #bestOfAlike(places: readonly Place[], steps: number): number {
    const bound = this.bound(places, steps);
    if (places.length === 1 || bound === 0) {
      return bound;
    }
    const key = `${steps}:${places.join(';')}`;
    const known = this.#best.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#budget.spent) {
      return bound;
    }
    this.#budget.take();
    const branches = this.#branches(places, steps).map((after) => ({ after, most: this.bound(after, steps + 1) }));
    branches.sort((a, b) => b.most - a.most);
    let best = 0;
    for (const { after, most } of branches) {
      // Sums of equal weights may differ in their last bits.
      if (most <= best + 1e-9) {
        break;
      }
      best = Math.max(best, this.best(after, steps + 1));
    }
    this.#best.set(key, best);
    return best;
  }

  /** Where the problems are after each token that does something, and after one that does nothing where there is such a one. */
  #branches(places: readonly Place[], steps: number): Place[][] {
    const tokens = [...new Set(places.flatMap((place) => this.#graph(place).choices(place[1])))];
    const branches = tokens.map((token) => places.map(([at, node]): Place => [at, this.#graph([at, node]).next(node, token, steps + 1)]));
    const idle = this.#canIdle && places.every((place) => !this.#graph(place).within(place[1]));
    return idle ? [...branches, [...places]] : branches;
  }

  #canSolve(place: Place, steps: number): boolean {
    const [at, node] = place;
    const graph = this.#graph(place);
    if (this.#over(place, steps)) {
      return graph.outcome(node).success;
    }
    const known = this.#solvable[at];
    const key = `${steps}:${node}`;
    let solvable = known?.get(key);
    if (solvable === undefined) {
      if (this.#budget.spent) {
        return true;
      }
      this.#budget.take();
      solvable = this.#branches([place], steps).some(([after]) => after !== undefined && this.#canSolve(after, steps + 1));
      known?.set(key, solvable);
    }
    return solvable;
  }

  #over(place: Place, steps: number): boolean {
    return steps >= this.#horizon || this.#graph(place).ended(place[1]);
  }

  #sum(places: readonly Place[]): number {
    return places.reduce((sum, [at]) => sum + (this.#weights[at] ?? 0), 0);
  }

  #graph([at]: Place): Graph<Problem, State, Tool> {
    const graph = this.#graphs[at];
    if (graph === undefined) {
      throw new RangeError(`no problem ${at}`);
    }
    return graph;
  }
}
