import type { Random } from './random.js';

/**
 * Puts an array in a random order, in place: Fisher and Yates's, from the last place down.
 *
 * @param array - What is shuffled.
 * @param random - Says how; drawn from once a place but the first.
 */
export function shuffle(array: Uint32Array, random: Random): void {
  for (let last = array.length - 1; last > 0; last -= 1) {
    const other = random.int(last + 1);
    const value = array[last] as number;
    array[last] = array[other] as number;
    array[other] = value;
  }
}
