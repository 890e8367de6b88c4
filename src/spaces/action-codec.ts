import { isArray, isTypedArray } from '../util/kind.js';
import { show } from '../util/show.js';
import { Misfit } from './misfit.js';
import { sizesOf } from './parts.js';
import type { DiscreteSpace, MultiDiscreteSpace, Space } from './space.js';

/**
 * Actions of a space as one categorical: those of a discrete space as they are, those of a multi-discrete one as their combinations, the
 * last component changing fastest.
 *
 * @typeParam A - What the actions are.
 */
export class ActionCodec<A> {
  /** How many actions there are, 1 to 4096 for a multi-discrete space. */
  readonly size: number;
  /** How many values each component has. */
  readonly sizes: readonly number[];
  /** Entries of a mask: one a value of each component. */
  readonly maskLength: number;
  /** Each id's action; undefined where that is the id itself. */
  readonly #actions: readonly (readonly number[])[] | undefined;

  /** @param space - A discrete or a multi-discrete space that has been checked; {@link checkedActions} does. */
  constructor(space: Space<A>) {
    const known = space as unknown as DiscreteSpace | MultiDiscreteSpace;
    const sizes = sizesOf(known);
    const size = sizes.reduce((product, next) => product * next, 1);
    this.size = size;
    this.sizes = Object.freeze([...sizes]);
    this.maskLength = sizes.reduce((sum, next) => sum + next, 0);
    this.#actions = known.kind === 'discrete' ? undefined : Array.from({ length: size }, (_, id) => Object.freeze(combination(id, sizes)));
  }

  /**
   * @param id - 0 … size − 1.
   * @returns Its action. Lists are frozen and made once.
   */
  decode(id: number): A {
    return (this.#actions === undefined ? id : this.#actions[id]) as A;
  }

  /**
   * Writes which actions are allowed.
   *
   * @param mask - True or 1 for each allowed value: `[n]` for a discrete space, those of the components one after the other for a
   * multi-discrete one, where an action is allowed if all its components are.
   * @param row - Which row.
   * @param out - Allowed actions, `[rows, size]`, zeros and ones.
   * @throws {@link Misfit} where it is no mask, or allows nothing.
   */
  writeMask(mask: unknown, row: number, out: Uint8Array): void {
    if (!isArray(mask) && !isTypedArray(mask)) {
      throw new Misfit('', `is ${show(mask)}.`, `Give ${this.maskLength} zeros and ones, or booleans.`);
    }
    if (mask.length !== this.maskLength) {
      throw new Misfit('', `has ${mask.length} entries.`, `Give ${this.maskLength}: ${this.#maskText()}.`);
    }
    let from = 0;
    for (const [index, size] of this.sizes.entries()) {
      let allowed = 0;
      for (let at = from; at < from + size; at += 1) {
        allowed += bit(mask[at], at);
      }
      if (allowed === 0) {
        const which = this.#actions === undefined ? 'every action' : `every value of component ${index}`;
        throw new Misfit('', `forbids ${which}.`, 'Allow at least one; end the episode where there is nothing left to do.');
      }
      from += size;
    }
    const begin = row * this.size;
    if (this.#actions === undefined) {
      for (let at = 0; at < this.size; at += 1) {
        out[begin + at] = Number(mask[at]);
      }
      return;
    }
    for (let id = 0; id < this.size; id += 1) {
      const action = this.#actions[id] ?? [];
      let allowed = 1;
      let offset = 0;
      for (let i = 0; i < action.length; i += 1) {
        allowed &= Number(mask[offset + (action[i] ?? 0)]);
        offset += this.sizes[i] ?? 0;
      }
      out[begin + id] = allowed;
    }
  }

  #maskText(): string {
    return this.#actions === undefined ? 'one an action' : `one a value of each component, ${this.sizes.join(' + ')}`;
  }
}

function bit(value: unknown, at: number): number {
  if (value === 1 || value === true) {
    return 1;
  }
  if (value === 0 || value === false) {
    return 0;
  }
  throw new Misfit(`[${at}]`, `is ${show(value)}.`, 'Use 0 and 1, or false and true.');
}

function combination(id: number, sizes: readonly number[]): number[] {
  const action: number[] = [];
  let rest = id;
  for (const size of [...sizes].reverse()) {
    action.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return action;
}
