import { isArray, isTypedArray } from '../util/kind.js';
import { show } from '../util/show.js';
import { ActionCodec } from './action-codec.js';
import { Misfit } from './misfit.js';

/** A codec that takes actions, too. */
export class ActionEncoder<A> extends ActionCodec<A> {
  /**
   * @param action - An action.
   * @returns Its id.
   * @throws {@link Misfit} where it is none of the space.
   */
  encode(action: A): number {
    const value: unknown = action;
    if (typeof this.decode(0) === 'number') {
      return component(value, this.size, '');
    }
    if (!isArray(value) && !isTypedArray(value)) {
      throw new Misfit('', `is ${show(value)}.`, `Give ${this.sizes.length} integers.`);
    }
    if (value.length !== this.sizes.length) {
      throw new Misfit('', `has ${value.length} components.`, `Give ${this.sizes.length}.`);
    }
    return this.sizes.reduce((id, size, index) => id * size + component(value[index], size, `[${index}]`), 0);
  }
}

function component(value: unknown, size: number, place: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value < size && Number.isInteger(value))) {
    throw new Misfit(place, `is ${show(value)}.`, `Give an integer from 0 to ${size - 1}.`);
  }
  return value;
}
