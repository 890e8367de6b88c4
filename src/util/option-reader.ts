import { isAbortSignal } from './kind.js';
import { show } from './show.js';
import { readWhole, ValueReader } from './value-reader.js';

/** Reads an options object with all that options are. */
export class OptionReader extends ValueReader {
  readonly #replaced = new Map<string, unknown>();

  override raw(key: string): unknown {
    return this.#replaced.has(key) ? this.#replaced.get(key) : super.raw(key);
  }

  /**
   * Refuses an option that is of no use here. Where it is absent it is not known either, so that nobody is advised to give it.
   *
   * @param key - Option.
   * @param message - What is wrong with giving it.
   * @param remedy - What to do about it.
   */
  refuse(key: string, message: string, remedy: string): void {
    const known = this.known.has(key);
    if (this.has(key)) {
      this.issues.add(key, message, remedy);
    } else if (!known) {
      this.known.delete(key);
    }
  }

  /**
   * Reads on as if another value had been given.
   *
   * @param key - Option.
   * @param value - Its value from now on.
   */
  replace(key: string, value: unknown): void {
    this.known.add(key);
    this.#replaced.set(key, value);
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
    this.issues.add(key, `must be true or false, got ${show(value)}.`, 'Pass true or false.');
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
      this.issues.add(key, `must be one of ${list}, got ${show(value)}.`, `Pass one of ${list}.`);
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
      this.issues.add(key, `must be an AbortSignal, got ${show(value)}.`, 'Pass the signal of an AbortController.');
      return undefined;
    }
    return value;
  }
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
  return readWhole(new OptionReader(options), read);
}
