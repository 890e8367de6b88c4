import { writeClock } from '../checkpoint/clock.js';
import { CLOCK, HEAD_WIDTH, HEADS, READ_OUT } from '../checkpoint/model-spec.js';
import { softmax } from './softmax.js';
import type { HistoryWeights, Weights } from './weights.js';

/** Steps that there is room for at first; it grows with the episode, up to the window. */
const ROOM = 128;
const SCALE = 1 / Math.sqrt(HEAD_WIDTH);

/** What one row attends to: its states after the steps before, each at the place of its step, around and around. */
export class Past {
  readonly #window: number;
  readonly #hidden: number;
  #room: number;
  /** `[room, H]`, of which the keys and values are made again by other weights. */
  #states: Float32Array;
  /** `[room, 64]` */
  #keys: Float32Array;
  /** `[room, 64]` */
  #values: Float32Array;
  readonly #made = new Float64Array(READ_OUT);
  readonly #looked: Float64Array;
  readonly #scores: Float64Array;

  /** @param weights - The network's. */
  constructor({ model, readsClock }: Weights) {
    const { hidden, window } = model;
    this.#window = window;
    this.#hidden = hidden;
    this.#room = Math.min(window, ROOM);
    this.#states = new Float32Array(this.#room * hidden);
    this.#keys = new Float32Array(this.#room * READ_OUT);
    this.#values = new Float32Array(this.#room * READ_OUT);
    this.#looked = new Float64Array(hidden + (readsClock ? CLOCK : 0));
    this.#scores = new Float64Array(window);
  }

  /**
   * Attends to the steps before, and keeps the present one.
   *
   * @param weights - Of the attention.
   * @param age - The present step, from 0; so many are kept already.
   * @param read - What the heads read: the state, `[H]` from 0 on.
   * @param at - Where in `read` the 64 numbers go that are read out.
   */
  step(weights: HistoryWeights, age: number, read: Float64Array, at: number): void {
    read.fill(0, at, at + READ_OUT);
    const count = Math.min(age, this.#window);
    for (let i = 0; i < this.#hidden; i += 1) {
      this.#looked[i] = read[i] as number;
    }
    this.#writeClock(age);
    if (count > 0) {
      this.#attend(weights, age, count, read, at);
    }
    if (age >= this.#room && this.#room < this.#window) {
      this.#grow();
    }
    const slot = age % this.#room;
    for (let i = 0; i < this.#hidden; i += 1) {
      this.#states[slot * this.#hidden + i] = read[i] as number;
    }
    this.#keep(weights, slot);
  }

  /**
   * Makes what is attended to anew, by other weights.
   *
   * @param weights - Of the attention.
   * @param age - Steps that are kept.
   */
  remake(weights: HistoryWeights, age: number): void {
    for (let step = age - Math.min(age, this.#room); step < age; step += 1) {
      const slot = step % this.#room;
      for (let i = 0; i < this.#hidden; i += 1) {
        this.#looked[i] = this.#states[slot * this.#hidden + i] as number;
      }
      this.#writeClock(step);
      this.#keep(weights, slot);
    }
  }

  #attend({ query, bias }: HistoryWeights, age: number, count: number, read: Float64Array, at: number): void {
    const scores = this.#scores;
    const looked = this.#made;
    query.times(this.#looked, 0, undefined, looked);
    // From step to step back, and around where the arrays begin.
    const last = ((age - 1) % this.#room) * READ_OUT;
    const around = this.#room * READ_OUT;
    for (let head = 0; head < HEADS; head += 1) {
      const from = head * HEAD_WIDTH;
      for (let back = 0, begin = last; back < count; back += 1, begin = (begin === 0 ? around : begin) - READ_OUT) {
        let score = 0;
        for (let i = from; i < from + HEAD_WIDTH; i += 1) {
          score += (looked[i] as number) * (this.#keys[begin + i] as number);
        }
        scores[back] = score * SCALE + (bias[head * this.#window + back] as number);
      }
      softmax(scores, count);
      for (let back = 0, begin = last; back < count; back += 1, begin = (begin === 0 ? around : begin) - READ_OUT) {
        const weight = scores[back] as number;
        for (let i = from; i < from + HEAD_WIDTH; i += 1) {
          read[at + i] = (read[at + i] as number) + weight * (this.#values[begin + i] as number);
        }
      }
    }
  }

  /** Keeps the state that is looked at. */
  #keep({ key, value }: HistoryWeights, slot: number): void {
    key.times(this.#looked, 0, undefined, this.#made);
    this.#keys.set(this.#made, slot * READ_OUT);
    value.times(this.#looked, 0, undefined, this.#made);
    this.#values.set(this.#made, slot * READ_OUT);
  }

  #writeClock(age: number): void {
    if (this.#looked.length > this.#hidden) {
      writeClock(age, this.#looked, this.#hidden);
    }
  }

  /** Twice as much room; nothing has come around yet. */
  #grow(): void {
    const room = Math.min(this.#window, 2 * this.#room);
    const larger = (numbers: Float32Array): Float32Array => {
      const grown = new Float32Array((numbers.length / this.#room) * room);
      grown.set(numbers);
      return grown;
    };
    this.#states = larger(this.#states);
    this.#keys = larger(this.#keys);
    this.#values = larger(this.#values);
    this.#room = room;
  }
}
