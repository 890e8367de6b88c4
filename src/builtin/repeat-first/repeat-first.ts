import { discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { DIFFICULTIES, type Difficulty, readCards, SUITS, shuffledSuits } from '../shared/cards.js';
import { type KnownScore, POPGYM } from '../shared/known-score.js';

/** Options of {@link repeatFirst}. */
export interface RepeatFirstOptions {
  /**
   * How hard it is, by POPGym's names: 1, 8 or 16 decks.
   *
   * @defaultValue `'easy'`
   */
  readonly difficulty?: Difficulty | undefined;
  /**
   * Decks of 52 cards that are shuffled together, 1 to 1024. An episode has one step fewer than there are cards.
   *
   * @defaultValue what `difficulty` says
   */
  readonly decks?: number | undefined;
}

const DECKS = { easy: 1, medium: 8, hard: 16 } as const;

/**
 * POPGym's RepeatFirst: cards are dealt one by one, and each action must name the suit of the first.
 *
 * Observation: the suit of the card just dealt, 0 to 3. Action: a suit. With N cards there are N − 1 steps, each of which pays 1 / (N − 1) when
 * the action is the suit of the first card and costs as much otherwise: returns are −1 to 1. Success is not said.
 *
 * @param options - See {@link RepeatFirstOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function repeatFirst(options: RepeatFirstOptions = {}): BuiltInEnvironment<number> {
  const cards = readOptions(options, (reader) => readCards(reader, DECKS[reader.choice('difficulty', 'easy', DIFFICULTIES)]));
  return builtInEnvironment<number>({
    observationSpace: discrete(SUITS),
    actionSpace: discrete(SUITS),
    begin: (random) => beginRepeatFirst(shuffledSuits(cards, random)),
  });
}

/**
 * @param suits - Suits in the order in which they are dealt, `[cards]`.
 * @returns The episode.
 */
export function beginRepeatFirst(suits: ArrayLike<number>): Episode<number> {
  const first = suits[0] as number;
  const last = suits.length - 1;
  const worth = 1 / last;
  let dealt = 0;
  return {
    first,
    step: (action) => {
      dealt += 1;
      const reward = action === first ? worth : -worth;
      return { observation: suits[dealt] as number, reward, terminated: dealt === last, truncated: false };
    },
  };
}

/** Scores of RepeatFirst by name. */
export const repeatFirstScores = {
  RepeatFirstEasy: score('RepeatFirstEasy', 'easy', 1),
  RepeatFirstMedium: score('RepeatFirstMedium', 'medium', 1),
  RepeatFirstHard: score('RepeatFirstHard', 'hard', 0.94),
} as const satisfies Record<string, KnownScore>;

function score(name: string, difficulty: Difficulty, published: number): KnownScore {
  const limit = 52 * DECKS[difficulty] - 1;
  const create = () => repeatFirst({ difficulty });
  return { name, create, limit, published, source: POPGYM, random: -0.5, best: 1, needsMemory: true };
}
