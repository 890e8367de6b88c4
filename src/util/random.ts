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
   * @param seed - Any non-negative safe integer; spread over the state by SplitMix32.
   * @param stream - Distinguishes streams under one seed, a non-negative integer; 0 where absent.
   */
  constructor(seed: number, stream = 0) {
    let x = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32) >>> 0, 0x85eb_ca6b) ^ Math.imul(stream >>> 0, 0xc2b2_ae35);
    const next = (): number => {
      x = (x + 0x9e37_79b9) | 0;
      let z = x ^ (x >>> 16);
      z = Math.imul(z, 0x21f0_aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a_2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
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
   * @param bound - A positive integer up to 2³².
   * @returns Uniform in [0, bound).
   */
  int(bound: number): number {
    if (bound <= 1) {
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
   */
  setState(state: RandomState): void {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }
}

function rotateLeft(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
