import { discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { DIFFICULTIES, type Difficulty, readCards, SUITS, shuffledSuits } from '../shared/cards.js';
import { type KnownScore, POPGYM } from '../shared/known-score.js';

/** Options of {@link repeatPrevious}. */
export interface RepeatPreviousOptions {
  /**
   * How hard it is, by POPGym's names: 1 deck and `k` 4, 2 and 32, or 3 and 64.
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
  /**
   * Which card is to be named, counted back from the one just dealt, which is 1; 1 to one fewer than there are cards.
   *
   * @defaultValue what `difficulty` says
   */
  readonly k?: number | undefined;
}

const SETTINGS = { easy: { decks: 1, k: 4 }, medium: { decks: 2, k: 32 }, hard: { decks: 3, k: 64 } } as const;

/**
 * POPGym's RepeatPrevious: cards are dealt one by one, and each action must name the suit of the card seen k − 1 steps ago.
 *
 * Observation: the suit of the card just dealt, 0 to 3. Action: a suit. With N cards there are N − 1 steps. As soon as k cards have been seen,
 * the current one included, a step pays 1 / (N − k) when the action is the suit of the k-th last of them and costs as much otherwise; before
 * that it pays nothing. Returns are −1 to 1. Success is not said.
 *
 * @param options - See {@link RepeatPreviousOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function repeatPrevious(options: RepeatPreviousOptions = {}): BuiltInEnvironment<number> {
  const { cards, k } = readOptions(options, (reader) => {
    const settings = SETTINGS[reader.choice('difficulty', 'easy', DIFFICULTIES)];
    const count = readCards(reader, settings.decks);
    return { cards: count, k: reader.number('k', settings.k, { integer: true, min: 1, max: count - 1 }) };
  });
  return builtInEnvironment<number>({
    observationSpace: discrete(SUITS),
    actionSpace: discrete(SUITS),
    begin: (random) => beginRepeatPrevious(shuffledSuits(cards, random), k),
  });
}

/**
 * @param suits - Suits in the order in which they are dealt, `[cards]`.
 * @param k - Which card is to be named, counted back from the one just dealt, which is 1.
 * @returns The episode.
 */
export function beginRepeatPrevious(suits: ArrayLike<number>, k: number): Episode<number> {
  const worth = 1 / (suits.length - k);
  let seen = 1;
  return {
    first: suits[0] as number,
    step: (action) => {
      const right = action === suits[seen - k];
      const paid = right ? worth : -worth;
      const reward = seen >= k ? paid : 0;
      seen += 1;
      return { observation: suits[seen - 1] as number, reward, terminated: seen === suits.length, truncated: false };
    },
  };
}

/** Scores of RepeatPrevious by name. */
export const repeatPreviousScores = {
  RepeatPreviousEasy: score('RepeatPreviousEasy', 'easy', 1),
  RepeatPreviousMedium: score('RepeatPreviousMedium', 'medium', -0.315),
  RepeatPreviousHard: score('RepeatPreviousHard', 'hard', -0.428),
} as const satisfies Record<string, KnownScore>;

function score(name: string, difficulty: Difficulty, published: number): KnownScore {
  const limit = 52 * SETTINGS[difficulty].decks - 1;
  const create = () => repeatPrevious({ difficulty });
  return { name, create, limit, published, source: POPGYM, random: -0.5, best: 1, needsMemory: true };
}
