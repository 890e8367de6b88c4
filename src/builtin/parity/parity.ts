import { discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import type { KnownScore } from '../shared/known-score.js';

/** Options of {@link parity}. */
export interface ParityOptions {
  /**
   * Bits of an episode at most, 1 to 2²⁰: how many there are is drawn from 1 to this.
   *
   * @defaultValue 16
   */
  readonly maxBits?: number | undefined;
  /**
   * Bits of every episode, 1 to 2²⁰, in place of a number that is drawn: 64 to test what was trained with up to 16.
   *
   * @defaultValue drawn from 1 to `maxBits`
   */
  readonly length?: number | undefined;
}

/** The observation that asks for the answer. */
const FLAG = 2;

/**
 * Bits one a step, and then the question whether an odd number of them was 1.
 *
 * Observation: a bit, 0 or 1, or 2, which asks for the answer. Action: 0 or 1, of no effect but in the last step, which pays 1 for the parity
 * of the bits and costs 1 otherwise. Success: that the answer was right. An episode has one step more than bits.
 *
 * @param options - See {@link ParityOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function parity(options: ParityOptions = {}): BuiltInEnvironment<number> {
  const { least, most } = readOptions(options, (reader) => {
    const maxBits = reader.count('maxBits', 16);
    const fixed = reader.has('length');
    const length = reader.count('length', maxBits);
    if (fixed && reader.has('maxBits')) {
      reader.issues.add('maxBits', 'has no meaning beside length.', 'Pass one of both.');
    }
    return { least: fixed ? length : 1, most: length };
  });
  return builtInEnvironment<number>({
    observationSpace: discrete(3),
    actionSpace: discrete(2),
    // One answer is paid, at once.
    algorithmOptions: { gamma: 0.5, gaeLambda: 0.5 },
    begin: (random) => {
      const length = least + random.int(most - least + 1);
      return beginParity(Uint8Array.from({ length }, () => random.int(2)));
    },
  });
}

/**
 * @param bits - Bits, `[length]`, each 0 or 1.
 * @returns The episode.
 */
export function beginParity(bits: ArrayLike<number>): Episode<number> {
  let seen = 1;
  let answer = bits[0] as number;
  return {
    first: answer,
    step: (action) => {
      if (seen > bits.length) {
        const success = action === answer;
        return { observation: FLAG, reward: success ? 1 : -1, terminated: true, truncated: false, success };
      }
      const bit = bits[seen];
      answer ^= bit ?? 0;
      seen += 1;
      return { observation: bit ?? FLAG, reward: 0, terminated: false, truncated: false, success: undefined };
    },
  };
}

/** Scores of parity by name. */
export const parityScores = {
  Parity16: {
    name: 'Parity16',
    create: () => parity(),
    limit: 17,
    published: undefined,
    source: 'Defined here: 1 to 16 bits, the classic test of what a recurrence can count',
    random: 0,
    best: 1,
    needsMemory: true,
  },
  Parity64: {
    name: 'Parity64',
    create: () => parity({ length: 64 }),
    limit: 65,
    published: undefined,
    source: 'Defined here: 64 bits, for agents that were trained with up to 16',
    random: 0,
    best: 1,
    needsMemory: true,
  },
} as const satisfies Record<string, KnownScore>;
