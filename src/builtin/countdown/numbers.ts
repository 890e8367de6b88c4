import type { Split } from '../../task/task.js';
import type { Random } from '../../util/random.js';
import { holdOut, lazily, type Parts } from '../shared/split.js';

/** Numbers, and what is to be made of them. */
export interface CountdownProblem {
  /** The numbers, `[k]`, each 1 to 10, from small to large. */
  readonly numbers: readonly number[];
  /** What is to be made of some or all of them, 10 to 100. */
  readonly target: number;
}

/** What can be done with two numbers. */
export type Operation = '+' | '-' | '*' | '/';

/** The largest number that is given, and the targets. */
export const LIMITS = { number: 10, least: 10, most: 100, result: 999 } as const;

/** How many numbers are given. */
export type CountdownSize = 3 | 4;

/**
 * @param left - The first number.
 * @param operation - What is done.
 * @param right - The second.
 * @returns What comes of it, 1 to 999; undefined where it is less, more, or no integer.
 */
export function operate(left: number, operation: Operation, right: number): number | undefined {
  const result = compute(left, operation, right);
  return result >= 1 && result <= LIMITS.result && Number.isInteger(result) ? result : undefined;
}

function compute(left: number, operation: Operation, right: number): number {
  switch (operation) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
  }
}

/** Multisets of numbers, of which one in five is held out, those whose texts have the smallest hashes. */
export const MULTISETS: Readonly<Record<CountdownSize, Parts<readonly number[]>>> = {
  3: lazily(() => multisets(3)),
  4: lazily(() => multisets(4)),
};

function multisets(size: CountdownSize): Parts<readonly number[]> {
  let all: (readonly number[])[] = [[]];
  for (let count = 0; count < size; count += 1) {
    all = all.flatMap((numbers) => {
      const least = numbers.at(-1) ?? 1;
      return Array.from({ length: LIMITS.number - least + 1 }, (_, above) => [...numbers, least + above]);
    });
  }
  return holdOut(all, (numbers) => numbers.join(' '), 1 / 5);
}

/** Targets by multiset, with the fewest operations that reach them: made when first asked for. */
const reachable = new Map<string, ReadonlyMap<number, number>>();

/**
 * @param numbers - The numbers.
 * @returns The targets that some or all of them reach, from small to large, and the fewest operations for each. One that is given is none.
 */
export function targetsOf(numbers: readonly number[]): ReadonlyMap<number, number> {
  const key = numbers.join(' ');
  const known = reachable.get(key);
  if (known !== undefined) {
    return known;
  }
  const fewest = new Map<number, number>();
  explore(numbers, 1, fewest);
  const targets = [...fewest]
    .filter(([value]) => value >= LIMITS.least && value <= LIMITS.most && !numbers.includes(value))
    .sort(([a], [b]) => a - b);
  const made = new Map(targets);
  reachable.set(key, made);
  return made;
}

/**
 * What success is told apart by.
 *
 * @param problem - Numbers and a target.
 * @returns The fewest operations that reach it, in words; `no way` where none do.
 */
export function operationsOf({ numbers, target }: CountdownProblem): string {
  return ['no way', 'one operation', 'two operations', 'three operations'][targetsOf(numbers).get(target) ?? 0] ?? '';
}

function explore(pool: readonly number[], operations: number, fewest: Map<number, number>): void {
  for (const [i, left] of pool.entries()) {
    for (const [j, right] of pool.entries()) {
      for (const operation of i === j ? [] : OPERATIONS) {
        const result = operate(left, operation, right);
        if (result !== undefined && (i < j || operation === '-' || operation === '/')) {
          fewest.set(result, Math.min(fewest.get(result) ?? operations, operations));
          if (pool.length > 2) {
            explore([...pool.filter((_, at) => at !== i && at !== j), result], operations + 1, fewest);
          }
        }
      }
    }
  }
}

const OPERATIONS: readonly Operation[] = ['+', '-', '*', '/'];

/**
 * Draws numbers, each by itself, until they are of the split and reach a target, and then one of the targets that they reach.
 *
 * @param random - Where they are drawn from.
 * @param size - How many.
 * @param split - Which of the multisets may be drawn.
 * @returns The problem.
 */
export function drawNumbers(random: Random, size: CountdownSize, split: Split): CountdownProblem {
  for (;;) {
    const numbers = Array.from({ length: size }, () => 1 + random.int(LIMITS.number)).sort((a, b) => a - b);
    if (isHeldOut(numbers, size) === (split === 'test')) {
      const targets = targetsOf(numbers);
      if (targets.size > 0) {
        return { numbers, target: [...targets.keys()][random.int(targets.size)] as number };
      }
    }
  }
}

/** Texts of the multisets that are held out, made when first asked for. */
const heldOut = new Map<CountdownSize, ReadonlySet<string>>();

function isHeldOut(numbers: readonly number[], size: CountdownSize): boolean {
  const known = heldOut.get(size) ?? new Set(MULTISETS[size].test.map((held) => held.join(' ')));
  heldOut.set(size, known);
  return known.has(numbers.join(' '));
}
