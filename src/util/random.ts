import { InputError } from '../errors/input-error.js';
import { Issues } from './issues.js';
import type { NumberRule } from './number-rule.js';
import { show } from './show.js';

/** Streams of this package under one seed, one a use: what is measured or searched never moves what is trained on. 0 is the caller's own. */
export const STREAMS = {
  training: 1,
  evaluation: 2,
  onDemand: 3,
  explanation: 4,
  /** Which rows of a batch are learned from together. */
  minibatches: 5,
  /** Which problems, or episodes, that failed come back, and what is random in it. */
  replay: 6,
  environmentCheck: 7,
  /** Programs that are sampled to be measured. */
  measuredPrograms: 2 ** 32 - 2,
  diagnosis: 2 ** 32 - 3,
  /** Of the first stage; each later one has the next. */
  taskCheck: 8,
  /** Problems that say whether the order of a context matters. */
  contextOrder: 2 ** 32 - 4,
  /** Which scores a confidence interval draws again. */
  bootstrap: 2 ** 32 - 1,
  /** Which programs are imitated together. */
  imitation: 2 ** 32 - 5,
  /** Problems whose programs are searched. */
  search: 2 ** 32 - 6,
} as const;

/** The whole state of a {@link Random}: four unsigned 32-bit words. Plain data, so that it can be saved as JSON. */
export type RandomState = readonly [number, number, number, number];

/**
 * A seeded stream of random numbers, xoshiro128** of Blackman and Vigna (2018). The same seed gives the same numbers on every platform, and
 * the state can be read and put back.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /**
   * Every pair of seed and stream has a state of its own.
   *
   * @param seed - An integer from 0 to 2⁵³ − 1.
   * @param stream - Distinguishes streams under one seed: an integer from 0 to 2³² − 1; 0 where absent.
   * @throws {@link InputError} when one of them is not.
   */
  constructor(seed: number, stream = 0) {
    if (!(Number.isSafeInteger(seed) && seed >= 0)) {
      check('seed', seed, { integer: true, min: 0, max: Number.MAX_SAFE_INTEGER });
    }
    if (!isWord(stream)) {
      check('stream', stream, WORD);
    }
    // SplitMix32 from 32 bits, which tell seeds below 2¹⁶ and streams below 8 apart. What is above goes into the other words.
    let x = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85eb_ca6b) ^ Math.imul(stream, 0xc2b2_ae35);
    const next = (): number => {
      x = (x + 0x9e37_79b9) | 0;
      let z = x ^ (x >>> 16);
      z = Math.imul(z, 0x21f0_aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a_2d97);
      return z ^ (z >>> 15);
    };
    this.#a = next();
    this.#b = next() ^ Math.floor(seed / 2 ** 16);
    this.#c = next() ^ Math.floor(seed / 2 ** 48);
    this.#d = (next() | 1) ^ ((stream >>> 3) << 1);
  }

  /**
   * Draws 32 bits.
   *
   * @returns An integer in [0, 2³²).
   */
  uint32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotateLeft(this.#d, 11);
    return result;
  }

  /**
   * Draws a number.
   *
   * @returns Uniform in [0, 1), with 32 bits.
   */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /**
   * Draws an integer, without bias.
   *
   * @param bound - An integer from 1 to 2³².
   * @returns Uniform in [0, bound).
   * @throws {@link InputError} when the bound is none of these.
   */
  int(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32)) {
      check('bound', bound, { integer: true, min: 1, max: 2 ** 32 });
    }
    if (bound === 1) {
      return 0;
    }
    // As many leading bits as bound − 1 has, drawn again where they say bound or more: no division.
    const shift = Math.clz32(bound - 1);
    let x = this.uint32() >>> shift;
    while (x >= bound) {
      x = this.uint32() >>> shift;
    }
    return x;
  }

  /**
   * Takes the state out.
   *
   * @returns A copy, which later draws do not change.
   */
  getState(): RandomState {
    return [this.#a >>> 0, this.#b >>> 0, this.#c >>> 0, this.#d >>> 0];
  }

  /**
   * Puts a state back.
   *
   * @param state - What {@link Random.getState} returned.
   * @throws {@link InputError} when it is no state; the stream is as it was.
   */
  setState(state: RandomState): void {
    if (isState(state)) {
      this.#a = state[0];
      this.#b = state[1];
      this.#c = state[2];
      this.#d = state[3];
      return;
    }
    const issues = new Issues();
    if (!Array.isArray(state) || state.length !== 4) {
      issues.add('state', `must be four 32-bit words, got ${show(state)}.`, STATE_REMEDY);
    } else {
      for (const [index, word] of state.entries()) {
        issues.number(`state[${index}]`, word, WORD, STATE_REMEDY);
      }
      if (issues.list.length === 0) {
        issues.add('state', 'is all zeros, from which only zeros follow.', STATE_REMEDY);
      }
    }
    issues.throwIfAny(InputError);
  }
}

/** Whether a state is four words, not all of them 0. */
function isState(state: unknown): boolean {
  if (!Array.isArray(state) || state.length !== 4) {
    return false;
  }
  const [a, b, c, d]: readonly unknown[] = state;
  return isWord(a) && isWord(b) && isWord(c) && isWord(d) && (a | b | c | d) !== 0;
}

function isWord(value: unknown): value is number {
  return typeof value === 'number' && value >>> 0 === value;
}

const WORD = { integer: true, min: 0, max: 2 ** 32 - 1 } as const;
const STATE_REMEDY = 'Pass what getState() returned.';

function check(path: string, value: number, rule: NumberRule): void {
  const issues = new Issues();
  issues.number(path, value, rule, `Pass an integer from ${rule.min} to ${rule.max}.`);
  issues.throwIfAny(InputError);
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
