import type { Issues } from './issues.js';
import { isArray, isRecord, kindOf } from './kind.js';
import { show } from './show.js';

/** Deeper than anybody nests; what contains itself is deeper still. */
const DEEPEST = 100;

/** A value as JSON has it. */
export type JsonData = null | boolean | number | string | readonly JsonData[] | { readonly [key: string]: JsonData };

/** @param text - Anything. @returns The object that it says in JSON; undefined where it says none. */
export function recordFromJson(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Adds an issue where a value is not what JSON gives back as it was.
 *
 * @param value - Anything.
 * @param issues - Where an issue is added, at the value's own place; one is enough.
 * @returns A copy; undefined where an issue was added.
 */
export function readJson(value: unknown, issues: Issues): JsonData | undefined {
  const before = issues.list.length;
  check(value, issues, 0);
  return issues.list.length > before ? undefined : (JSON.parse(JSON.stringify(value)) as JsonData);
}

function check(value: unknown, issues: Issues, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) {
    return true;
  }
  if (depth > DEEPEST) {
    issues.add('', `is nested more than ${DEEPEST} deep.`, 'Pass less, and nothing that contains itself.');
    return false;
  }
  if (isArray(value)) {
    return value.every((each: unknown, i) => check(each, issues.at(`[${i}]`), depth + 1));
  }
  if (isRecord(value) && kindOf(value) === 'Object' && typeof value['toJSON'] !== 'function') {
    return Object.keys(value).every((key) => check(value[key], issues.at(key), depth + 1));
  }
  issues.add('', `is ${show(value)}, which JSON has no word for.`, 'Pass null, booleans, finite numbers, texts, lists and plain objects.');
  return false;
}
