import type { Issues } from '../util/issues.js';
import { isArray, isFloat32Array, isRecord, isTypedArray } from '../util/kind.js';
import { COUNT } from '../util/number-rule.js';
import { show } from '../util/show.js';
import type { Space } from './space.js';

const MAKE = 'Make it with discrete, multiDiscrete or box.';
const COUNT_REMEDY = 'Pass how many values there are, 1 to 2²⁰.';

/** Adds an issue where a value does not count 1 to 2²⁰ things. */
export function checkCount(value: unknown, key: string, issues: Issues): value is number {
  return issues.number(key, value, COUNT, COUNT_REMEDY);
}

/** Adds an issue for each entry that does not count things, and for a list without any. */
export function checkSizes(value: unknown, key: string, issues: Issues): void {
  if (!isArray(value) || value.length === 0) {
    issues.add(key, `must be an array of at least one size, got ${show(value)}.`, 'Pass how many values each component has.');
    return;
  }
  for (const [index, size] of [...value].entries()) {
    checkCount(size, `${key}[${index}]`, issues);
  }
}

/**
 * Adds what is wrong with the axes of a box.
 *
 * @returns How many numbers a value has; undefined where the shape is none.
 */
export function checkShape(value: unknown, key: string, issues: Issues): number | undefined {
  const remedy = 'Pass the sizes of the axes, such as [4] for four numbers.';
  if (!isArray(value) || value.length === 0) {
    issues.add(key, `must be an array of at least one size, got ${show(value)}.`, remedy);
    return undefined;
  }
  const before = issues.list.length;
  let count = 1;
  for (const [index, size] of [...value].entries()) {
    count *= issues.number(`${key}[${index}]`, size, COUNT, remedy) ? size : 1;
  }
  if (count > COUNT.max) {
    issues.add(key, `has ${count} numbers.`, 'Use at most 2²⁰.');
  }
  return issues.list.length === before ? count : undefined;
}

/**
 * Reads a bound of a box: a number for all, or one a number.
 *
 * @param count - How many numbers a value has; undefined where that is not known.
 * @returns The bounds, `[count]`.
 */
export function readBound(value: unknown, key: 'low' | 'high', count: number | undefined, issues: Issues): Float32Array {
  const bounds = new Float32Array(count ?? 0);
  if (!isArray(value) && !isTypedArray(value)) {
    if (checkBound(value, key, key, issues)) {
      bounds.fill(value);
    }
  } else if (count !== undefined && value.length !== count) {
    issues.add(key, `has ${value.length} numbers, and the shape ${count}.`, 'Give a number for all, or one a number.');
  } else {
    for (let at = 0; at < bounds.length; at += 1) {
      const bound = value[at];
      if (checkBound(bound, key, `${key}[${at}]`, issues)) {
        bounds[at] = bound;
      }
    }
  }
  return bounds;
}

/** Adds an issue where a lower bound is above the upper one. */
export function checkOrder(low: Float32Array, high: Float32Array, key: string, issues: Issues): void {
  const at = low.findIndex((bound, index) => bound > (high[index] ?? Infinity));
  if (at >= 0) {
    issues.add(key, `is above high at number ${at}: ${low[at]} and ${high[at]}.`, 'Give bounds of which low is the smaller one.');
  }
}

function checkBound(value: unknown, end: 'low' | 'high', key: string, issues: Issues): value is number {
  const open = end === 'low' ? -Infinity : Infinity;
  const good = typeof value === 'number' && (Number.isFinite(Math.fround(value)) || value === open);
  if (!good) {
    issues.add(
      key,
      `must be a number that 32 bits can hold, or ${open}, got ${show(value)}.`,
      `Pass a finite number, or ${open} where there is no bound.`,
    );
  }
  return good;
}

/**
 * Adds what is wrong with a space, whoever made it.
 *
 * @param value - What ought to be a space.
 * @param issues - Where issues are added, at the space's own place.
 * @returns Whether it is one.
 */
export function checkSpace(value: unknown, issues: Issues): value is Space<unknown> {
  const before = issues.list.length;
  if (!isRecord(value)) {
    issues.add('', `is ${show(value)}, not a space.`, MAKE);
    return false;
  }
  switch (value['kind']) {
    case 'discrete':
      checkCount(value['n'], 'n', issues);
      break;
    case 'multi-discrete':
      checkSizes(value['sizes'], 'sizes', issues);
      break;
    case 'box':
      checkBox(value, issues);
      break;
    default:
      issues.add('', `is ${show(value)}, not a space.`, MAKE);
  }
  return issues.list.length === before;
}

function checkBox({ shape, low, high }: Readonly<Record<string, unknown>>, issues: Issues): void {
  const count = checkShape(shape, 'shape', issues);
  for (const [key, bounds] of [['low', low] as const, ['high', high] as const]) {
    if (isFloat32Array(bounds)) {
      readBound(bounds, key, count, issues);
    } else {
      issues.add(key, `must be a Float32Array, got ${show(bounds)}.`, MAKE);
    }
  }
  if (isFloat32Array(low) && isFloat32Array(high)) {
    checkOrder(low, high, 'low', issues);
  }
}
