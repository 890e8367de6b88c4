import { functionIssue, SYNCHRONOUS } from '../task/returned.js';
import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import type { StageDeclaration, TaskDefinition } from './definition.js';

/** Any definition, by the names of its parts. */
export type Definition = TaskDefinition<never, never, string, StageDeclaration, string, string>;

/** The longest horizon accepted. */
export const MAX_HORIZON = 10_000;

/** Reads any definition without its types: what a caller without a compiler may have passed. */
export function loose(definition: object): Record<keyof Definition, unknown> {
  return definition as Record<keyof Definition, unknown>;
}

/** Asks for a plain function; `need` says what for. */
export function requireFunction(value: unknown, path: string, need: string, issues: Issues): void {
  const issue = functionIssue(value);
  if (issue !== undefined) {
    issues.add(path, issue, typeof value === 'function' ? SYNCHRONOUS : need);
  }
}

/** Asks for a plain function, or for nothing. */
export function optionalFunction(value: unknown, path: string, issues: Issues): void {
  if (value !== undefined) {
    requireFunction(value, path, 'Leave it out, or give a function.', issues);
  }
}

/** The entries of a record; none of anything else. */
export function entriesOf(value: unknown): [string, unknown][] {
  return Object.entries(isRecord(value) ? value : {});
}

/** Whether it is a number that is finite. */
export function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Whether it is an integer within bounds. */
export function isInteger(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}

/** Whether JavaScript orders such a key by its number. */
export function isArrayIndex(name: string): boolean {
  return /^(0|[1-9]\d*)$/.test(name);
}
