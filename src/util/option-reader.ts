import type { Problem } from '../errors/problem.js';

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
   * @returns Its value as it stands; `undefined` where absent.
   */
  raw(key: string): unknown {
    this.#known.add(key);
    return this.#values[key];
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
    if (value !== undefined && !(value instanceof AbortSignal)) {
      this.add(this.#prefix + key, `must be an AbortSignal, got ${show(value)}.`, 'Pass the signal of an AbortController.');
      return undefined;
    }
    return value;
  }

  /**
   * Adds a problem for every key that was never read.
   *
   * @param lenient - Only for those that look like a misspelt one: for objects that may bring more than options.
   */
  finish(lenient = false): void {
    const known = [...this.#known].sort();
    for (const key of Object.keys(this.#values)) {
      if (!this.#known.has(key) && this.#values[key] !== undefined) {
        const near = known.find((name) => distance(name.toLowerCase(), key.toLowerCase()) <= 2);
        if (lenient && near === undefined) {
          continue;
        }
        const remedy = near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean ${near}?`;
        this.add(this.#prefix + key, 'is not an option.', remedy);
      }
    }
  }
}

/**
 * @param value - Anything.
 * @returns Whether it is an object with string keys, and not an array.
 */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param value - Anything.
 * @param rule - Range.
 * @returns What is wrong with it, or `undefined`.
 */
export function numberProblem(value: unknown, rule: NumberRule): string | undefined {
  const { min = -Infinity, above = -Infinity, max = Infinity, below = Infinity, integer = false, infinite = false } = rule;
  const good =
    typeof value === 'number' &&
    (Number.isFinite(value) || (infinite && value === Infinity)) &&
    (!integer || Number.isSafeInteger(value)) &&
    value >= min &&
    (value > above || above === -Infinity) &&
    value <= max &&
    (value < below || below === Infinity);
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
  if (Array.isArray(value)) {
    return `an array of ${value.length}`;
  }
  if (typeof value === 'object') {
    return `an object (${Object.getPrototypeOf(value)?.constructor?.name ?? 'no prototype'})`;
  }
  return typeof value === 'bigint' ? `${value}n` : `a ${typeof value}`;
}

function describeRule({ min, above, max, below, integer = false, infinite = false }: NumberRule): string {
  const bounds = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined || max === Number.MAX_SAFE_INTEGER ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  const number = infinite ? 'a number' : 'a finite number';
  const kind = integer ? 'an integer' : number;
  const of = min === undefined && above !== undefined ? ' ' : ' of ';
  return bounds.length === 0 ? kind : `${kind}${of}${bounds.join(' and ')}`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
