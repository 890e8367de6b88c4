import { isArray, isRecord } from '../util/kind.js';
import { clip, damaged, newer } from './fault.js';

const NUMBER = 'a whole number of at most 2^53 - 1';

/** Fields of a JSON object of the metadata, taken one after another. */
export class Fields {
  /** Where it stands, such as `model.inputs[1]`. */
  readonly path: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #taken = new Set<string>();

  /**
   * @param path - Where it stands.
   * @param value - Anything.
   * @throws {@link CheckpointError} where that is no object.
   */
  constructor(path: string, value: unknown) {
    if (!isRecord(value)) {
      throw wrong(path, 'an object', value);
    }
    this.path = path;
    this.#values = value;
  }

  /** @param name - A field. @returns Whether it is there. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  /** @param name - A field. @returns Its value, whatever it is. */
  take(name: string): unknown {
    if (!this.has(name)) {
      throw damaged('is missing in the metadata.', this.#at(name));
    }
    this.#taken.add(name);
    return this.#values[name];
  }

  /** @param name - A field. @returns A whole number, 0 to 2⁵³ − 1. */
  size(name: string): number {
    return whole(this.#at(name), this.take(name));
  }

  /** @param name - A field. @returns Whole numbers. */
  sizes(name: string): readonly number[] {
    return this.#each(name, whole);
  }

  /** @param name - A field. @returns Numbers. */
  numbers(name: string): readonly number[] {
    return this.#each(name, finite);
  }

  /** @param name - A field. @returns A number. */
  number(name: string): number {
    return finite(this.#at(name), this.take(name));
  }

  /** @param name - A field. @param absent - What it is where it is not there, if it need not be. @returns True or false. */
  flag(name: string, absent?: boolean): boolean {
    return absent === undefined || this.has(name) ? flag(this.#at(name), this.take(name)) : absent;
  }

  /** @param name - A field. @returns One entry an action; undefined for `null`. */
  mask(name: string): readonly boolean[] | undefined {
    return this.#orNull(name, () => this.#each(name, flag));
  }

  /**
   * @param name - A field.
   * @param choices - What this release knows.
   * @returns One of them.
   */
  choice<const T extends string>(name: string, choices: readonly T[]): T {
    const value = this.take(name);
    if (typeof value !== 'string') {
      throw wrong(this.#at(name), 'a text', value);
    }
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      throw newer(this.#at(name), `is \`${clip(value)}\`, which this release does not know`);
    }
    return found;
  }

  /** @param name - A field. @returns An object. */
  object(name: string): Fields {
    return new Fields(this.#at(name), this.take(name));
  }

  /** @param name - A field. @returns An object; undefined for `null`. */
  objectOrNull(name: string): Fields | undefined {
    return this.#orNull(name, () => this.object(name));
  }

  /** @param name - A field. @returns Objects. */
  objects(name: string): readonly Fields[] {
    return this.#each(name, (path, value) => new Fields(path, value));
  }

  /** Refuses fields that were not taken: what they mean would be lost. */
  end(): void {
    const unknown = Object.keys(this.#values).find((name) => !this.#taken.has(name));
    if (unknown !== undefined) {
      throw newer(this.#at(unknown), 'is not known to this release');
    }
  }

  #at(name: string): string {
    return `${this.path}.${name}`;
  }

  #orNull<T>(name: string, read: () => T): T | undefined {
    return this.take(name) === null ? undefined : read();
  }

  #each<T>(name: string, read: (path: string, value: unknown) => T): readonly T[] {
    const values = this.take(name);
    if (!isArray(values)) {
      throw wrong(this.#at(name), 'a list', values);
    }
    return values.map((value, index) => read(`${this.#at(name)}[${index}]`, value));
  }
}

function whole(path: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw wrong(path, NUMBER, value);
  }
  return value as number;
}

function finite(path: string, value: unknown): number {
  if (!Number.isFinite(value)) {
    throw wrong(path, 'a number', value);
  }
  return value as number;
}

function flag(path: string, value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw wrong(path, 'true or false', value);
  }
  return value;
}

function wrong(path: string, rule: string, value: unknown): Error {
  const shown = typeof value === 'object' && value !== null ? 'something else' : clip(String(value));
  return damaged(`must be ${rule}, got ${shown}.`, path);
}
