import { OptionsError } from '../errors/options-error.js';
import { Issues } from './issues.js';
import { isRecord } from './kind.js';
import { COUNT, type NumberRule } from './number-rule.js';
import { show } from './show.js';

/**
 * Reads an options object key by key, collecting all that is wrong instead of throwing at the first. A key that was never read is unknown.
 */
export class ValueReader {
  /** Where issues are added; keys are relative to the options' own place. */
  readonly issues: Issues;
  protected readonly values: Readonly<Record<string, unknown>>;
  protected readonly known = new Set<string>();

  /**
   * @param options - What the caller passed; `undefined` stands for no options.
   * @param issues - Where issues are added, at the options' own place.
   */
  constructor(options: unknown, issues: Issues = new Issues()) {
    this.issues = issues;
    if (options !== undefined && !isRecord(options)) {
      issues.add(issues.path === '' ? 'options' : '', `must be an object, got ${show(options)}.`, 'Pass an object with named options.');
      this.values = {};
    } else {
      this.values = options ?? {};
    }
  }

  /**
   * @param key - Option.
   * @returns Its value as it stands; `undefined` where absent, or where reading it throws.
   */
  raw(key: string): unknown {
    const first = !this.known.has(key);
    this.known.add(key);
    try {
      return this.values[key];
    } catch (error) {
      if (first) {
        this.issues.unreadable(key, error);
      }
      return undefined;
    }
  }

  /**
   * @param key - Option.
   * @returns Whether it was given.
   */
  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /**
   * @param key - Option.
   * @param fallback - Where absent or wrong.
   * @param rule - Range.
   * @returns The number.
   */
  number(key: string, fallback: number, rule: NumberRule): number {
    const value = this.raw(key);
    return value !== undefined && this.issues.number(key, value, rule) ? value : fallback;
  }

  /**
   * @param key - Option.
   * @param fallback - Where absent or wrong.
   * @returns How many of something that takes memory, 1 to 2²⁰.
   */
  count(key: string, fallback: number): number {
    return this.number(key, fallback, COUNT);
  }

  /** @returns The option `seed`, a non-negative safe integer; 0 where absent or wrong. */
  seed(): number {
    return this.number('seed', 0, { integer: true, min: 0 });
  }

  /** Adds an issue for every key that was never read. */
  finish(): void {
    addUnknownKeys(this.values, this.known, this.issues);
  }
}

/**
 * Says what a caller meant by a name that is no option: one sentence for a misspelled option, or one of another library; nothing for any other name.
 */
export type Adviser = (key: string, options: ReadonlySet<string>) => string | undefined;

let adviseOn: Adviser = () => undefined;

/** @param adviser - Who is asked from now on: `option-names.ts`, where that is loaded. It is as large as this file, and what acts in a browser goes without. */
export function setAdviser(adviser: Adviser): void {
  adviseOn = adviser;
}

/** What {@link addUnknownKeys} may be told. */
export interface UnknownKeys {
  /** What is wrong with an unknown key. */
  readonly message?: string;
  /** For an object that may bring more than is asked for: only keys that are among these, or look like a known one, are unknown. */
  readonly among?: ReadonlySet<string>;
}

/**
 * Adds an issue for every key of an object that is not known.
 *
 * @param values - The object.
 * @param known - The keys there are.
 * @param issues - Where issues are added, at the object's own place.
 * @param how - See {@link UnknownKeys}.
 */
export function addUnknownKeys(
  values: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  issues: Issues,
  { message = 'is not an option.', among }: UnknownKeys = {},
): void {
  let key = '';
  try {
    for (key of Object.keys(values)) {
      if (!known.has(key) && values[key] !== undefined) {
        const advice = adviseOn(key, known);
        if (advice !== undefined || among === undefined || among.has(key)) {
          issues.add(key, message, advice ?? listOptions(known));
        }
      }
    }
  } catch (error) {
    issues.unreadable(key === '' && issues.path === '' ? 'options' : key, error);
  }
}

/**
 * @param options - The options there are.
 * @returns Them in one sentence.
 */
export function listOptions(options: ReadonlySet<string>): string {
  return options.size === 0 ? 'There are no options here.' : `Known here: ${[...options].sort().join(', ')}.`;
}

/**
 * Reads options whole.
 *
 * @param reader - Over what the caller passed.
 * @param read - Reads every option there is.
 * @returns What that returned.
 * @throws {@link OptionsError} saying all that is wrong, unknown names included.
 */
export function readWhole<R extends ValueReader, T>(reader: R, read: (reader: R) => T): T {
  const result = read(reader);
  reader.finish();
  reader.issues.throwIfAny(OptionsError);
  return result;
}
