import { linear } from '../../algorithm/schedule.js';
import { discrete } from '../../spaces/make.js';
import { readOptions } from '../../util/option-reader.js';
import { type BuiltInEnvironment, builtInEnvironment, type Episode } from '../shared/built-in-environment.js';
import type { KnownScore } from '../shared/known-score.js';

/** Options of {@link guessNumber}. */
export interface GuessNumberOptions {
  /**
   * Numbers to guess from: 1 to this one, which is 2 to 4096.
   *
   * @defaultValue 7
   */
  readonly numbers?: number | undefined;
  /**
   * Guesses of an episode, 1 to 2²⁰.
   *
   * @defaultValue as many as always suffice: 3 for 7 numbers, 4 for 15
   */
  readonly tries?: number | undefined;
}

/** What is heard after a guess, by the observation's id; nothing at first. */
export const guessNumberAnswers = Object.freeze(['', 'HIGHER', 'LOWER', 'CORRECT'] as const);

/**
 * A number to be guessed, with an answer after each guess.
 *
 * Action a guesses a + 1. Observation: 0 at first; 1, the number is HIGHER than the guess; 2, it is LOWER; 3, CORRECT: the names are in
 * {@link guessNumberAnswers}. The guess that finds the number pays 1 and ends the episode, which is its success; the last try ends it too. What
 * was guessed is not seen: the network needs its previous action among its inputs.
 *
 * @param options - See {@link GuessNumberOptions}.
 * @returns The environment.
 * @throws `OptionsError` saying all that is wrong with the options.
 */
export function guessNumber(options: GuessNumberOptions = {}): BuiltInEnvironment<number> {
  const { numbers, tries } = readOptions(options, (reader) => {
    const count = reader.number('numbers', 7, { integer: true, min: 2, max: 4096 });
    // Halving takes as many guesses as the count has binary digits.
    return { numbers: count, tries: reader.count('tries', 32 - Math.clz32(count)) };
  });
  return builtInEnvironment<number>({
    observationSpace: discrete(guessNumberAnswers.length),
    actionSpace: discrete(numbers),
    // Which number to name first is seen only by who knows what to do after each answer: all answers have to be tried for long.
    algorithmOptions: { entropyCoef: linear(0.3, 0.001), learningRate: linear(2e-3, 1e-4) },
    begin: (random) => beginGuessNumber(1 + random.int(numbers), tries),
  });
}

/**
 * @param number - What is to be guessed, from 1.
 * @param tries - Guesses of the episode.
 * @returns The episode.
 */
export function beginGuessNumber(number: number, tries: number): Episode<number> {
  let guesses = 0;
  return {
    first: 0,
    step: (action) => {
      guesses += 1;
      const guess = action + 1;
      const found = guess === number;
      const terminated = found || guesses === tries;
      const direction = guess < number ? 1 : 2;
      const success = terminated ? found : undefined;
      return { observation: found ? 3 : direction, reward: found ? 1 : 0, terminated, truncated: false, success };
    },
  };
}

/** Scores of GuessNumber by name. */
export const guessNumberScores = {
  GuessNumber7: score('GuessNumber7', 7, 3),
  GuessNumber15: score('GuessNumber15', 15, 4),
} as const satisfies Record<string, KnownScore>;

function score(name: string, numbers: number, tries: number): KnownScore {
  const random = 1 - (1 - 1 / numbers) ** tries;
  const source = `Defined here: 1 to ${numbers} in ${tries} tries, which suffice by halving`;
  return {
    name,
    create: () => guessNumber({ numbers, tries }),
    limit: tries,
    published: undefined,
    source,
    random,
    best: 1,
    needsMemory: true,
  };
}
