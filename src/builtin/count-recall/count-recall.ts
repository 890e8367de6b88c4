import { discrete, multiDiscrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import { DIFFICULTIES, type Difficulty, readCards, shuffledCards } from '../shared/cards.js';
import { type KnownScore, POPGYM } from '../shared/known-score.js';

/** What {@link countRecall} tells cards apart by: 2 colours, 4 suits or 13 ranks. */
export type CardKind = 'colors' | 'suits' | 'ranks';

/** Options of {@link countRecall}. */
export interface CountRecallOptions {
  /**
   * How hard it is, by POPGym's names: 1 deck and colours, 2 and suits, or 4 and ranks.
   *
   * @defaultValue `'easy'`
   */
  readonly difficulty?: Difficulty | undefined;
  /**
   * Decks of 52 cards that are shuffled together, 1 to 1024, once for values and once for queries. An episode has one step fewer than there
   * are cards.
   *
   * @defaultValue what `difficulty` says
   */
  readonly decks?: number | undefined;
  /**
   * What cards are told apart by.
   *
   * @defaultValue what `difficulty` says
   */
  readonly kind?: CardKind | undefined;
}

const KINDS = ['colors', 'suits', 'ranks'] as const;
const COUNTS = { colors: 2, suits: 4, ranks: 13 } as const;
const SETTINGS = {
  easy: { decks: 1, kind: 'colors' },
  medium: { decks: 2, kind: 'suits' },
  hard: { decks: 4, kind: 'ranks' },
} as const;

/**
 * POPGym's CountRecall: cards are dealt one by one, and each action must say how many of a kind there have been.
 *
 * Two shuffles of the same cards are dealt side by side, one of values and one of queries. Observation: the kind of the value just dealt and the
 * kind that is asked for. Action: a count, 0 to cards / kinds − 1, so that the full count cannot be said, as in POPGym up to 1.0.6, by which the
 * published scores are. With N cards there are N − 1 steps, each of which pays 1 / (N − 1) when the action is how many values of the kind asked
 * for have been dealt so far, the one just seen included, and costs as much otherwise: returns are −1 to 1. Success is not said.
 *
 * @param options - See {@link CountRecallOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function countRecall(options: CountRecallOptions = {}): BuiltInEnvironment<readonly number[]> {
  const { cards, kind } = readOptions(options, (reader) => {
    const settings = SETTINGS[reader.choice('difficulty', 'easy', DIFFICULTIES)];
    return { cards: readCards(reader, settings.decks), kind: reader.choice('kind', settings.kind, KINDS) };
  });
  const kinds = COUNTS[kind];
  return builtInEnvironment<readonly number[]>({
    observationSpace: multiDiscrete([kinds, kinds]),
    actionSpace: discrete(cards / kinds),
    begin: (random) => {
      const values = shuffledCards(cards, random, (card) => kindOf(card, kind));
      const queries = shuffledCards(cards, random, (card) => kindOf(card, kind));
      return beginCountRecall(values, queries, kinds);
    },
  });
}

/** The kind of a card of several decks, by its number. */
function kindOf(card: number, kind: CardKind): number {
  return kind === 'ranks' ? Math.floor(card / 4) % 13 : card % COUNTS[kind];
}

/**
 * @param values - Kinds of the values in the order in which they are dealt, `[cards]`.
 * @param queries - Kinds that are asked for, `[cards]`.
 * @param kinds - How many kinds there are.
 * @returns The episode.
 */
export function beginCountRecall(values: ArrayLike<number>, queries: ArrayLike<number>, kinds: number): Episode<readonly number[]> {
  const last = values.length - 1;
  const worth = 1 / last;
  const counts = new Uint32Array(kinds);
  let dealt = 0;
  const observe = (): readonly number[] => [values[dealt] as number, queries[dealt] as number];
  counts[values[0] as number] = 1;
  return {
    first: observe(),
    step: (action) => {
      const reward = action === counts[queries[dealt] as number] ? worth : -worth;
      dealt += 1;
      const value = values[dealt] as number;
      counts[value] = (counts[value] as number) + 1;
      return { observation: observe(), reward, terminated: dealt === last, truncated: false };
    },
  };
}

/** Scores of CountRecall by name. */
export const countRecallScores = {
  CountRecallEasy: score('CountRecallEasy', 'easy', 0.177),
  CountRecallMedium: score('CountRecallMedium', 'medium', undefined),
  CountRecallHard: score('CountRecallHard', 'hard', undefined),
} as const satisfies Record<string, KnownScore>;

function score(name: string, difficulty: Difficulty, published: number | undefined): KnownScore {
  const { decks, kind } = SETTINGS[difficulty];
  const cards = 52 * decks;
  const actions = cards / COUNTS[kind];
  const create = () => countRecall({ difficulty });
  const source = published === undefined ? 'POPGym (Morad et al., ICLR 2023), whose score is not at hand' : POPGYM;
  // All cards of a kind are among the first t of N in C(t, n) of C(N, n) cases: the mean over steps of what cannot be said.
  const full = (cards - actions) / ((actions + 1) * (cards - 1));
  const random = (2 * (1 - full)) / actions - 1;
  return { name, create, limit: cards - 1, published, source, random, best: 1 - 2 * full, needsMemory: true };
}
