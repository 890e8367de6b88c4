import { discrete, multiDiscrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { DIFFICULTIES, type Difficulty, readCards, SUITS, shuffledSuits } from '../shared/cards.js';
import { type KnownScore, POPGYM } from '../shared/known-score.js';

/** Options of {@link autoencode}. */
export interface AutoencodeOptions {
  /**
   * How hard it is, by POPGym's names: 1, 2 or 3 decks.
   *
   * @defaultValue `'easy'`
   */
  readonly difficulty?: Difficulty | undefined;
  /**
   * Decks of 52 cards that are shuffled together, 1 to 1024. An episode has one step fewer than twice as many as there are cards.
   *
   * @defaultValue what `difficulty` says
   */
  readonly decks?: number | undefined;
}

const DECKS = { easy: 1, medium: 2, hard: 3 } as const;

/** The first number of an observation. */
const PLAY = 0;
const WATCH = 1;

/**
 * POPGym's Autoencode: a whole deck is watched card by card, and then its suits are named from memory, the last one first.
 *
 * Observation: the mode, 1 while cards are watched and 0 from the last card on, and the suit of the card just dealt, 0 to 3; 0 and 0 once the
 * naming has begun. Action: a suit, of no effect while cards are watched. With N cards there are 2N − 1 steps. The last N of them each pay 1 / N
 * when the action is the suit of the last card not named yet, and cost as much otherwise; the others pay nothing. Returns are −1 to 1. Success
 * is not said.
 *
 * @param options - See {@link AutoencodeOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function autoencode(options: AutoencodeOptions = {}): BuiltInEnvironment<readonly number[]> {
  const cards = readOptions(options, (reader) => readCards(reader, DECKS[reader.choice('difficulty', 'easy', DIFFICULTIES)]));
  return builtInEnvironment<readonly number[]>({
    observationSpace: multiDiscrete([2, SUITS]),
    actionSpace: discrete(SUITS),
    begin: (random) => beginAutoencode(shuffledSuits(cards, random)),
  });
}

/**
 * @param suits - Suits in the order in which they are dealt, `[cards]`.
 * @returns The episode.
 */
export function beginAutoencode(suits: ArrayLike<number>): Episode<readonly number[]> {
  const worth = 1 / suits.length;
  let seen = 1;
  let left = suits.length;
  const observe = (): readonly number[] => [seen < suits.length ? WATCH : PLAY, suits[seen - 1] as number];
  return {
    first: observe(),
    step: (action) => {
      if (seen < suits.length) {
        seen += 1;
        return { observation: observe(), reward: 0, terminated: false, truncated: false };
      }
      left -= 1;
      const reward = action === suits[left] ? worth : -worth;
      return { observation: [PLAY, 0], reward, terminated: left === 0, truncated: false };
    },
  };
}

/** Scores of Autoencode by name. */
export const autoencodeScores = {
  AutoencodeEasy: score('AutoencodeEasy', 'easy', -0.283),
  AutoencodeMedium: score('AutoencodeMedium', 'medium', undefined),
  AutoencodeHard: score('AutoencodeHard', 'hard', undefined),
} as const satisfies Record<string, KnownScore>;

function score(name: string, difficulty: Difficulty, published: number | undefined): KnownScore {
  const limit = 2 * 52 * DECKS[difficulty] - 1;
  const create = () => autoencode({ difficulty });
  const source = published === undefined ? 'POPGym (Morad et al., ICLR 2023), whose score is not at hand' : POPGYM;
  return { name, create, limit, published, source, random: -0.5, best: 1, needsMemory: true };
}
