import type { Issue } from '../errors/issue.js';
import { describeRule, type NumberRule, numberIssue } from './number-rule.js';
import { showThrown } from './show.js';

/**
 * Collects all that is wrong with what a caller passed, so that one error can say it whole. Keys are relative to a place: `stages[2]`, say,
 * of which `until` becomes `stages[2].until`.
 */
export class Issues {
  /** The place that keys are relative to; empty for the argument itself. */
  readonly path: string;
  readonly #list: Issue[];

  /**
   * @param path - The place that keys are relative to.
   * @param list - Where issues are kept.
   */
  constructor(path = '', list: Issue[] = []) {
    this.path = path;
    this.#list = list;
  }

  /** All that is wrong so far, with whole paths, wherever it was found. */
  get list(): readonly Issue[] {
    return this.#list;
  }

  /**
   * @param key - A place below this one.
   * @returns The same collection, with keys relative to that place.
   */
  at(key: string): Issues {
    return new Issues(this.#pathOf(key), this.#list);
  }

  /**
   * @param key - The bad value: a name, an index such as `[2]`, or nothing for this place itself.
   * @param message - What is wrong, one clause.
   * @param remedy - What to do about it, one sentence.
   */
  add(key: string, message: string, remedy?: string): void {
    this.#list.push({ path: this.#pathOf(key), message, remedy });
  }

  /**
   * Adds an issue where a value is not in a range.
   *
   * @param key - The value's name.
   * @param value - Anything.
   * @param rule - The range.
   * @param remedy - What to do about it.
   * @returns Whether the value is in the range.
   */
  number(key: string, value: unknown, rule: NumberRule, remedy?: string): value is number {
    const message = numberIssue(value, rule);
    if (message !== undefined) {
      this.add(key, message, remedy ?? `Pass ${describeRule(rule)}.`);
    }
    return message === undefined;
  }

  /**
   * Adds the issue of a getter or a proxy that throws.
   *
   * @param key - What was read.
   * @param error - What reading it threw.
   * @param remedy - What to do about it.
   */
  unreadable(key: string, error: unknown, remedy = 'Pass a plain object.'): void {
    this.add(key, `could not be read: reading it threw ${showThrown(error)}.`, remedy);
  }

  /**
   * @param Kind - The class of the error.
   * @throws An error of that class with all issues, when there are any.
   */
  throwIfAny(Kind: new (issues: readonly Issue[]) => Error): void {
    if (this.#list.length > 0) {
      throw new Kind(this.#list);
    }
  }

  #pathOf(key: string): string {
    return this.path === '' || key === '' || key.startsWith('[') ? this.path + key : `${this.path}.${key}`;
  }
}
