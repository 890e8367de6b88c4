import { OptionsError } from '../errors/options-error.js';
import type { Problem } from '../errors/problem.js';
import { isAbortSignal, isArray } from './kind.js';
import { adviseOn, listOptions } from './option-names.js';

/** The range of a number. */
export interface NumberRule {
  /** Smallest value allowed. */
  readonly min?: number;
  /** All values above this one are allowed, it is not. */
  readonly above?: number;
  /** Largest value allowed. */
  readonly max?: number;
  /** All values below this one are allowed, it is not. */
  readonly below?: number;
  /** Only whole numbers. */
  readonly integer?: boolean;
  /** Whether Infinity is allowed. */
  readonly infinite?: boolean;
  /** Whether it is judged in 32 bits, as the kernels compute with it: 1e39 is infinite there, and 1e-46 is 0. */
  readonly single?: boolean;
}

/**
 * Reads an options object key by key, collecting all that is wrong instead of throwing at the first. A key that was never read is unknown.
 */
export class OptionReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #prefix: string;
  readonly #problems: Problem[];
  readonly #known = new Set<string>();

  /**
   * @param options - What the caller passed; `undefined` stands for no options.
   * @param problems - Where problems are added.
   * @param path - The options' own place, such as `stages[2]`; empty for the argument itself.
   */
  constructor(options: unknown, problems: Problem[], path = '') {
    this.#problems = problems;
    this.#prefix = path === '' ? '' : `${path}.`;
    if (options !== undefined && !isRecord(options)) {
      this.add(path === '' ? 'options' : path, `must be an object, got ${show(options)}.`, 'Pass an object with named options.');
      this.#values = {};
    } else {
      this.#values = options ?? {};
    }
  }

  /** Where problems are added. */
  get problems(): Problem[] {
    return this.#problems;
  }

  /**
   * @param path - Full path.
   * @param message - What is wrong.
   * @param remedy - What to do.
   */
  add(path: string, message: string, remedy?: string): void {
    this.#problems.push({ path, message, remedy });
  }

  /**
   * @param key - Option.
   * @returns Its value as it stands; `undefined` where absent, or where reading it throws.
   */
  raw(key: string): unknown {
    const first = !this.#known.has(key);
    this.#known.add(key);
    try {
      return this.#values[key];
    } catch (error) {
      if (first) {
        this.#problems.push(unreadable(this.#prefix + key, error));
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
    if (value === undefined) {
      return fallback;
    }
    const problem = numberProblem(value, rule);
    if (problem !== undefined) {
      this.add(this.#prefix + key, problem, `Pass ${describeRule(rule)}.`);
      return fallback;
    }
    return value as number;
  }

  /**
   * @param key - Option.
   * @param fallback - Where absent or wrong.
   * @returns True or false.
   */
  boolean(key: string, fallback: boolean): boolean {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') {
      return value ?? fallback;
    }
    this.add(this.#prefix + key, `must be true or false, got ${show(value)}.`, 'Pass true or false.');
    return fallback;
  }

  /**
   * @param key - Option.
   * @param fallback - Where absent or wrong.
   * @param choices - What is allowed.
   * @returns The choice.
   */
  choice<const T extends string>(key: string, fallback: NoInfer<T>, choices: readonly T[]): T {
    const value = this.raw(key);
    if (value === undefined) {
      return fallback;
    }
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      const list = choices.map((choice) => `'${choice}'`).join(', ');
      this.add(this.#prefix + key, `must be one of ${list}, got ${show(value)}.`, `Pass one of ${list}.`);
      return fallback;
    }
    return found;
  }

  /**
   * @param key - Option.
   * @returns The signal, if one was given.
   */
  signal(key: string): AbortSignal | undefined {
    const value = this.raw(key);
    if (value !== undefined && !isAbortSignal(value)) {
      this.add(this.#prefix + key, `must be an AbortSignal, got ${show(value)}.`, 'Pass the signal of an AbortController.');
      return undefined;
    }
    return value;
  }

  /**
   * Adds a problem for every key that was never read.
   */
  finish(): void {
    addUnknownKeys(this.#values, this.#known, this.#problems, this.#prefix);
  }

  /** @throws {@link OptionsError} when problems were added. */
  check(): void {
    if (this.#problems.length > 0) {
      throw new OptionsError(this.#problems);
    }
  }
}

/**
 * Adds a problem for every key of an object that is not known.
 *
 * @param values - The object.
 * @param known - The keys there are.
 * @param problems - Where problems are added.
 * @param prefix - What the keys' paths begin with.
 * @param options - For an object that may bring more than is asked for: then only for keys that are among these, or look like a known one.
 */
export function addUnknownKeys(
  values: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
  problems: Problem[],
  prefix = '',
  options?: ReadonlySet<string>,
): void {
  let key = '';
  try {
    for (key of Object.keys(values)) {
      if (!known.has(key) && values[key] !== undefined) {
        const advice = adviseOn(key, known);
        if (advice !== undefined || options === undefined || options.has(key)) {
          problems.push({ path: prefix + key, message: 'is not an option.', remedy: advice ?? listOptions(known) });
        }
      }
    }
  } catch (error) {
    problems.push(unreadable(prefix + key || 'options', error));
  }
}

/**
 * @param path - Full path.
 * @param error - What reading it threw.
 * @param remedy - What to do.
 * @returns The problem.
 */
export function unreadable(path: string, error: unknown, remedy = 'Pass a plain object.'): Problem {
  return { path, message: `could not be read: reading it threw ${showThrown(error)}.`, remedy };
}

/**
 * Reads options whole.
 *
 * @param options - What the caller passed.
 * @param read - Reads every option there is.
 * @returns What that returned.
 * @throws {@link OptionsError} saying all that is wrong, unknown names included.
 */
export function readOptions<T>(options: unknown, read: (reader: OptionReader) => T): T {
  const reader = new OptionReader(options, []);
  const result = read(reader);
  reader.finish();
  reader.check();
  return result;
}

/**
 * @param value - Anything.
 * @returns Whether it is an object with string keys, and not an array.
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isArray(value);
}

/**
 * @param value - Anything.
 * @param rule - Range.
 * @returns What is wrong with it, or `undefined`.
 */
export function numberProblem(value: unknown, rule: NumberRule): string | undefined {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity, integer = false, infinite = false, single = false } = rule;
  const judged = single && typeof value === 'number' ? Math.fround(value) : value;
  const good =
    typeof judged === 'number' &&
    (Number.isFinite(judged) || (infinite && judged === Infinity)) &&
    (!integer || Number.isSafeInteger(judged)) &&
    judged >= min &&
    (judged > above || above === -Infinity) &&
    judged <= max &&
    (judged < below || below === Infinity);
  return good ? undefined : `must be ${describeRule(rule)}, got ${show(value)}.`;
}

/**
 * @param value - Anything.
 * @returns It in a few characters, for a message.
 */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return `'${value.length > 40 ? `${value.slice(0, 40)}…` : value}'`;
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined || value === null) {
    return String(value);
  }
  if (isArray(value)) {
    return `an array of ${value.length}`;
  }
  if (typeof value === 'object') {
    return `an object (${className(value) ?? 'no prototype'})`;
  }
  return typeof value === 'bigint' ? `${value}n` : `a ${typeof value}`;
}

/**
 * @param thrown - Anything that was thrown.
 * @returns It in one clause, for a message: `RangeError: out of order`.
 */
export function showThrown(thrown: unknown): string {
  try {
    const { name, message } = thrown as { readonly name?: unknown; readonly message?: unknown };
    if (typeof name === 'string' && typeof message === 'string') {
      return `${name}: ${message}`.replace(/\.$/, '');
    }
  } catch {
    // No object, or one that cannot be read.
  }
  return show(thrown);
}

function className(value: object): string | undefined {
  try {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return 'unreadable';
  }
}

function describeRule({ min, above, below, integer = false, infinite = false, single = false, ...rule }: NumberRule): string {
  const max = rule.max ?? (integer ? Number.MAX_SAFE_INTEGER : undefined);
  const bounds = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}${single ? ' when rounded to them' : ''}`]),
  ];
  const number = infinite ? 'a number' : 'a finite number';
  const real = single ? `${number} that 32 bits can hold (1.4e-45 to 3.4e+38 in size)` : number;
  const kind = integer ? 'an integer' : real;
  const join = single ? ', ' : ' of ';
  const of = !single && min === undefined && above !== undefined ? ' ' : join;
  return bounds.length === 0 ? kind : `${kind}${of}${bounds.join(' and ')}`;
}
