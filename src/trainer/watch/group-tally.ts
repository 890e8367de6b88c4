import type { GroupMetrics } from '../../metrics/events.js';
import type { Grouping } from '../../task/groups.js';
import type { ProblemBatch } from '../../task/task.js';

/** Problems of a group, and how many were solved. */
interface Count {
  problems: number;
  right: number;
}

type Counts = Map<string, Count>;

/** What {@link GroupTally} counts, iteration by iteration. Plain data. */
export type GroupTallyState = readonly (readonly (readonly [group: string, problems: number, right: number])[])[];

/** Counts success by group over the last iterations. */
export class GroupTally {
  readonly #grouping: Grouping;
  readonly #window: number;
  readonly #iterations: Counts[] = [];
  readonly #totals: Counts = new Map();

  /**
   * @param grouping - How problems are told apart.
   * @param window - Iterations that count.
   */
  constructor(grouping: Grouping, window: number) {
    this.#grouping = grouping;
    this.#window = window;
  }

  /**
   * Adds an iteration.
   *
   * @param batch - Its problems.
   * @param successes - Whether each was solved, `[n]`.
   * @param count - How many to add, from the first.
   */
  add(batch: ProblemBatch, successes: Uint8Array, count: number): void {
    const counts: Counts = new Map();
    for (let at = 0; at < count; at += 1) {
      const own = countOf(counts, this.#grouping(batch, at));
      own.problems += 1;
      own.right += successes[at] as number;
    }
    this.#iterations.push(counts);
    this.#move(counts, 1);
    const left = this.#iterations.length > this.#window ? this.#iterations.shift() : undefined;
    if (left !== undefined) {
      this.#move(left, -1);
    }
  }

  /** Another stage begins: nothing has been counted. */
  restart(): void {
    this.#iterations.length = 0;
    this.#totals.clear();
  }

  /** @returns A copy of what is counted of each iteration: groups with their problems and how many were solved. */
  getState(): GroupTallyState {
    return this.#iterations.map((counts) => [...counts].map(([group, { problems, right }]) => [group, problems, right] as const));
  }

  /** @param state - What {@link GroupTally.getState} returned. */
  setState(state: GroupTallyState): void {
    this.restart();
    for (const groups of state) {
      const counts: Counts = new Map(groups.map(([group, problems, right]) => [group, { problems, right }]));
      this.#iterations.push(counts);
      this.#move(counts, 1);
    }
  }

  /** @returns Success by group over the last iterations, in the order of the groups' names. */
  lately(): GroupMetrics[] {
    return [...this.#totals]
      .filter(([, { problems }]) => problems > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, { problems, right }]) => ({ group, problems, successRate: right / problems }));
  }

  #move(counts: Counts, sign: 1 | -1): void {
    for (const [group, { problems, right }] of counts) {
      const total = countOf(this.#totals, group);
      total.problems += sign * problems;
      total.right += sign * right;
    }
  }
}

function countOf(counts: Counts, group: string): Count {
  const known = counts.get(group);
  if (known !== undefined) {
    return known;
  }
  const fresh = { problems: 0, right: 0 };
  counts.set(group, fresh);
  return fresh;
}
