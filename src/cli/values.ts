import { OptionsError } from '../errors/options-error.js';

/** What `--seed` is. */
export const SEED = { value: 'n', means: 'seed of everything random, an integer from 0 to 2^53 - 1; 0 where absent' } as const;

/**
 * @param text - `--seed` as it was typed.
 * @returns The number; 0 where absent.
 * @throws {@link OptionsError} when it is no seed.
 */
export function readSeed(text: string | undefined): number {
  const seed = text === undefined || /^\d+$/.test(text) ? Number(text ?? 0) : NaN;
  if (!Number.isSafeInteger(seed)) {
    const message = `must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got '${text}'.`;
    throw new OptionsError([{ path: '--seed', message, remedy: 'Pass such as --seed 7.' }]);
  }
  return seed;
}

/**
 * @param name - Option, with its dashes.
 * @param text - As it was typed.
 * @param choices - What is allowed, the default first.
 * @returns The choice; the first where absent.
 * @throws {@link OptionsError} when it is none.
 */
export function readChoice<const T extends string>(name: string, text: string | undefined, choices: readonly [T, ...T[]]): T {
  const found = text === undefined ? choices[0] : choices.find((choice) => choice === text);
  if (found === undefined) {
    const message = `must be ${choices.join(' or ')}, got '${text}'.`;
    throw new OptionsError([{ path: name, message, remedy: `Pass ${choices.map((choice) => `${name} ${choice}`).join(' or ')}.` }]);
  }
  return found;
}
