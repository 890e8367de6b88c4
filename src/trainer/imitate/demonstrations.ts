import type { Shown, ShownSteps } from '../../agent/shown.js';
import type { Random } from '../../util/random.js';
import { shuffle } from '../../util/shuffle.js';

/** What is imitated, checked and laid out, and whether it reaches what is wanted. */
export interface Demonstrations {
  /** Programs, or episodes, `n`. */
  readonly count: number;
  readonly shown: Shown;
  /** Share of the programs that meet the task's target, 0 to 1; NaN where nobody can say. */
  readonly successRate: number;
}

/**
 * @param of - What is imitated.
 * @param rows - Which of it.
 * @returns Just these, in the order given.
 */
export function gather({ shown, count }: Pick<Demonstrations, 'shown' | 'count'>, rows: Uint32Array): Shown {
  const { contexts, contextLengths, contextValues, stages, actions, weights, observed } = shown;
  const pick = <T extends Int32Array | Float32Array | Uint8Array>(array: T): T => {
    const width = array.length / count;
    const picked = new (array.constructor as new (length: number) => T)(rows.length * width);
    for (const [at, row] of rows.entries()) {
      picked.set(array.subarray(row * width, (row + 1) * width) as never, at * width);
    }
    return picked;
  };
  const pickSome = <T extends Int32Array | Float32Array | Uint8Array>(array: T | undefined): T | undefined => array && pick(array);
  const steps: ShownSteps | undefined = observed && {
    rows: rows.length,
    discrete: pickSome(observed.discrete),
    dense: pickSome(observed.dense),
    allowed: pickSome(observed.allowed),
  };
  return {
    contexts: pick(contexts),
    contextLengths: pickSome(contextLengths),
    contextValues: pickSome(contextValues),
    stages: pick(stages),
    actions: pick(actions),
    weights: pick(weights),
    observed: steps,
  };
}

/** Where a {@link Deck} is; its stream apart. Plain data. */
export interface DeckState {
  readonly order: Uint32Array;
  readonly at: number;
}

/** Goes through programs in a random order, over and over, some at a time. */
export class Deck {
  #order: Uint32Array;
  readonly #random: Random;
  #at: number;

  /**
   * @param count - Programs.
   * @param random - Says in which order.
   */
  constructor(count: number, random: Random) {
    this.#order = Uint32Array.from({ length: count }, (_, row) => row);
    this.#random = random;
    this.#at = count;
  }

  /** Programs that are left of this round; 0: the next one begins a round. */
  get left(): number {
    return this.#order.length - this.#at;
  }

  /** @returns A copy of where it is. */
  getState(): DeckState {
    return { order: this.#order.slice(), at: this.#at };
  }

  /** @param state - What {@link Deck.getState} returned, of a deck of as many programs. */
  setState({ order, at }: DeckState): void {
    if (order.length !== this.#order.length) {
      throw new RangeError(`a deck of ${order.length} programs is not one of ${this.#order.length}`);
    }
    this.#order = order.slice();
    this.#at = at;
  }

  /**
   * @param most - How many, at least 1.
   * @returns The next ones: fewer at the end of a round, of which each has every program once.
   */
  draw(most: number): Uint32Array {
    if (this.left === 0) {
      shuffle(this.#order, this.#random);
      this.#at = 0;
    }
    const drawn = this.#order.slice(this.#at, this.#at + most);
    this.#at += drawn.length;
    return drawn;
  }
}
