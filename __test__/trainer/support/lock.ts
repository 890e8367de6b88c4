import { defineTask } from 'innate';

const DIGITS = ['D0', 'D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8', 'D9', 'D10', 'D11'] as const;
const DOORS = ['red', 'green', 'blue', 'white'] as const;
type Digit = (typeof DIGITS)[number];

/** The code of a door: six of the twelve digits. */
const codeOf = (door: number): number[] => [0, 1, 2, 3, 4, 5].map((place) => (door * 5 + place * 7 + place * place) % DIGITS.length);

interface Lock {
  /** Digits that were right so far; −1 once one was wrong. */
  right: number;
}

/** A lock of six tokens out of twelve, paid when it opens and not before: one program in three million is right by chance. */
export const lock = defineTask({
  name: 'lock',
  stages: ['closed'],
  horizon: 6,
  symbols: DOORS,
  sample: (random): number => random.int(DOORS.length),
  encode: (door) => [DOORS[door] ?? 'red'],
  start: (): Lock => ({ right: 0 }),
  tools: Object.fromEntries(
    DIGITS.map((name, digit) => [
      name,
      {
        run: (state: Lock, door: number): void => {
          state.right = state.right >= 0 && codeOf(door)[state.right] === digit ? state.right + 1 : -1;
        },
      },
    ]),
  ) as Record<Digit, { readonly run: (state: Lock, door: number) => void }>,
  success: ({ right }) => right === 6,
});

/** Tokens of a door's code. */
export const openingOf = (door: number): Int32Array => Int32Array.from(codeOf(door), (digit) => lock.token(DIGITS[digit] ?? 'D0'));
