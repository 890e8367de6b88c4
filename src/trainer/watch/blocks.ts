import type { GroupMetrics } from '../../metrics/events.js';

/** What one iteration says of how a stage goes. */
export interface IterationSign {
  /** Problems or episodes that the other numbers are over; fresh ones alone. */
  readonly count: number;
  /** Share of them that succeeded; NaN where nothing says. */
  readonly successRate: number;
  /** Their mean return; NaN where there are none. */
  readonly meanReturn: number;
  /** Entropy of the policy, nats a step. */
  readonly entropy: number;
  /** Whether the returns of the batch differ at all; without, there is nothing to learn from. */
  readonly varied: boolean;
  /** Success by group over the iterations of a block. */
  readonly groups: readonly GroupMetrics[];
}

/** Some iterations together. */
export interface Block {
  /** The first iteration, from 1. */
  readonly first: number;
  readonly count: number;
  readonly successRate: number;
  readonly meanReturn: number;
  readonly entropy: number;
  readonly groups: readonly GroupMetrics[];
}

/** What {@link Blocks} has seen. Plain data. */
export interface BlocksState {
  readonly whole: readonly Block[];
  readonly signs: readonly IterationSign[];
}

/** Sums iterations up to blocks. */
export class Blocks {
  /** The blocks that are whole. */
  readonly whole: Block[] = [];
  readonly #length: number;
  readonly #begun: number;
  #signs: IterationSign[] = [];

  /**
   * @param length - Iterations of a block.
   * @param begun - Iterations that were done before.
   */
  constructor(length: number, begun: number) {
    this.#length = length;
    this.#begun = begun;
  }

  /** @returns What was seen; what is in it does not change. */
  getState(): BlocksState {
    return { whole: [...this.whole], signs: [...this.#signs] };
  }

  /** @param state - What {@link Blocks.getState} returned. */
  setState({ whole, signs }: BlocksState): void {
    this.whole.splice(0, Infinity, ...whole);
    this.#signs = [...signs];
  }

  /**
   * @param sign - Of the next iteration.
   * @returns Whether it completed a block.
   */
  add(sign: IterationSign): boolean {
    this.#signs.push(sign);
    if (this.#signs.length < this.#length) {
      return false;
    }
    const counted = this.#signs.filter(({ count }) => count > 0);
    this.whole.push({
      first: 1 + this.#begun + this.whole.length * this.#length,
      count: counted.reduce((sum, { count }) => sum + count, 0),
      successRate: weighed(counted, ({ successRate }) => successRate),
      meanReturn: weighed(counted, ({ meanReturn }) => meanReturn),
      entropy: this.#signs.reduce((sum, { entropy }) => sum + entropy, 0) / this.#length,
      groups: sign.groups,
    });
    this.#signs = [];
    return true;
  }
}

/**
 * @param parts - Blocks, or iterations.
 * @param value - A mean of each.
 * @returns The mean over all that is counted; NaN where nothing is.
 */
export function weighed<T extends { readonly count: number }>(parts: readonly T[], value: (part: T) => number): number {
  let sum = 0;
  let total = 0;
  for (const part of parts) {
    if (part.count > 0) {
      sum += part.count * value(part);
      total += part.count;
    }
  }
  return sum / total;
}

/**
 * The groups of several blocks together.
 *
 * @param blocks - The blocks.
 * @returns Success by group, in the order of their names.
 */
export function groupsOf(blocks: readonly Block[]): GroupMetrics[] {
  const names = [...new Set(blocks.flatMap(({ groups }) => groups.map(({ group }) => group)))].sort();
  return names.map((group) => {
    const own = blocks.flatMap(({ groups }) => groups.filter((other) => other.group === group));
    const problems = own.reduce((sum, each) => sum + each.problems, 0);
    return { group, problems, successRate: own.reduce((sum, each) => sum + each.problems * each.successRate, 0) / problems };
  });
}
