import { CLOCK } from './model-spec.js';

/**
 * Writes sines and cosines of the step within an episode, once around in 4, 8, … 512 steps.
 *
 * @param age - The step, from 0.
 * @param out - Where they go, sixteen numbers.
 * @param at - From where on.
 */
export function writeClock(age: number, out: Float64Array, at: number): void {
  for (let place = 0; place < CLOCK; place += 2) {
    const period = 4 << (place / 2);
    const angle = (2 * Math.PI * (age % period)) / period;
    out[at + place] = Math.fround(Math.sin(angle));
    out[at + place + 1] = Math.fround(Math.cos(angle));
  }
}
