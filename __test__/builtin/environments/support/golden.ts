import { readFileSync } from 'node:fs';

/**
 * Reads recorded transitions of the Python originals; tools/golden/environments.py makes them.
 *
 * @param name - File below __test__/golden/environments, without extension.
 */
export function golden<T>(name: string): T & { readonly source: string } {
  return JSON.parse(readFileSync(`__test__/golden/environments/${name}.json`, 'utf8'));
}

/** What recorded episodes share. */
export interface GoldenEpisode {
  readonly actions: readonly number[];
  readonly rewards: readonly number[];
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** What recorded games with cards share: actions and suits are digits, rewards `+`, `-` or `0` of one size. */
export interface GoldenCards {
  readonly suits: string;
  readonly actions: string;
  readonly rewards: string;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
}

/** Digits as numbers. */
export function digits(text: string): number[] {
  return Array.from(text, Number);
}

/** Rewards of a recorded game with cards. */
export function rewardsOf({ rewards, reward }: Pick<GoldenCards, 'rewards' | 'reward'>): number[] {
  const signs: Readonly<Record<string, number>> = { '+': 1, '-': -1, '0': 0 };
  return Array.from(rewards, (sign) => (signs[sign] ?? Number.NaN) * reward);
}
