import type { OptionReader } from '../../util/option-reader.js';
import type { Random } from '../../util/random.js';

/** Suits of a card, which are seen and named. */
export const SUITS = 4;

const DECK = 52;

/** How hard a game of POPGym's is. */
export type Difficulty = 'easy' | 'medium' | 'hard';

/** Difficulties, from easy to hard. */
export const DIFFICULTIES = ['easy', 'medium', 'hard'] as const satisfies readonly Difficulty[];

/**
 * @param reader - Options, of which `decks` is read.
 * @param fallback - How many decks there are where that is absent.
 * @returns How many cards there are.
 */
export function readCards(reader: OptionReader, fallback: number): number {
  return DECK * reader.number('decks', fallback, { integer: true, min: 1, max: 1024 });
}

/**
 * Shuffles whole decks. Card i has suit i mod 4.
 *
 * @param cards - How many cards there are.
 * @param random - Where the order is drawn from.
 * @returns The suits in the order in which they are dealt, `[cards]`.
 */
export function shuffledSuits(cards: number, random: Random): Uint8Array {
  return shuffledCards(cards, random, (card) => card % SUITS);
}

/**
 * Shuffles cards, after Fisher and Yates.
 *
 * @param cards - How many cards there are.
 * @param random - Where the order is drawn from.
 * @param kindOf - What is seen of a card, by its number from 0; at most 255.
 * @returns What is seen, in the order in which they are dealt, `[cards]`.
 */
export function shuffledCards(cards: number, random: Random, kindOf: (card: number) => number): Uint8Array {
  const kinds = new Uint8Array(cards);
  for (let i = 0; i < cards; i += 1) {
    const other = random.int(i + 1);
    kinds[i] = kinds[other] as number;
    kinds[other] = kindOf(i);
  }
  return kinds;
}
