import { InputError } from '../errors/input-error.js';
import { OptionsError } from '../errors/options-error.js';
import { areChecked, type CheckedPrompts, provePrompts } from '../task/checked-prompts.js';
import { Issues } from '../util/issues.js';
import { isArray, isFloat32Array, isInt32Array, isRecord, isTypedArray } from '../util/kind.js';
import { show } from '../util/show.js';
import { addUnknownKeys } from '../util/value-reader.js';
import type { IdLimits } from './prompts.js';

/** Reads one entry, by a name that stands in the code: a name that varies takes V8 a microsecond where there is no such entry. */
export type Getter = (input: Readonly<Record<string, unknown>>) => unknown;

/**
 * @param names - What a method reads.
 * @returns These, and what a task's batch brings beside: it may be spread into an input.
 */
export function inputNames(...names: readonly string[]): ReadonlySet<string> {
  return new Set(['contexts', 'contextLengths', 'contextValues', 'stages', ...names, 'size', 'contextLength', 'problems']);
}

/**
 * Reads the prompts that a method was given. An `Int32Array` is passed on as it is; anything else is copied. Of each entry the first bad value is an
 * issue; an entry with one is read as empty, so {@link PromptReader.check} must come before it is used.
 */
export class PromptReader {
  protected readonly input: Readonly<Record<string, unknown>>;
  protected readonly limits: IdLimits;
  protected readonly issues = new Issues();

  /**
   * Refuses names that look like one of those that a method reads, or are an option of another method. An input may bring more, such as all
   * that a batch and a rollout have.
   *
   * @param input - What the caller passed.
   * @param names - See {@link inputNames}.
   * @param limits - The network's sizes.
   * @param among - Options of other methods, which would be lost in silence.
   * @throws {@link InputError} when it is no object.
   * @throws {@link OptionsError} naming every bad name.
   */
  constructor(input: unknown, names: ReadonlySet<string>, limits: IdLimits, among: ReadonlySet<string>) {
    if (!isRecord(input)) {
      this.issues.add('input', `must be an object with contexts and stages, got ${show(input)}.`, 'Pass { contexts, stages, … }.');
      throw new InputError(this.issues.list);
    }
    const issues = new Issues();
    addUnknownKeys(input, names, issues, { among });
    issues.throwIfAny(OptionsError);
    this.input = input;
    this.limits = limits;
  }

  /** @returns Contexts and stages, whose ids are looked through unless they come with the proof that somebody has. */
  prompts(): CheckedPrompts {
    const { vocabSize, stageCount } = this.limits;
    if (areChecked(this.input, this.limits)) {
      this.#checkContexts(this.input.contexts.length, this.input.stages.length);
      this.#checkValues(this.input.contextValues !== undefined);
      return this.input;
    }
    const stages = this.#ids('stages', (input) => input['stages'], stageCount, 'the number of stages');
    const contexts = this.#ids('contexts', (input) => input['contexts'], vocabSize, 'the vocabulary size');
    if (stages !== undefined && contexts !== undefined) {
      this.#checkContexts(contexts.length, stages.length);
    }
    const tokens = contexts?.length ?? 0;
    const ok = this.issues.list.length === 0 && stages !== undefined;
    const lengths = ok ? this.#contextLengths(stages.length, tokens) : undefined;
    const values = ok ? this.#contextValues(tokens) : undefined;
    return provePrompts(contexts ?? NO_IDS, stages ?? NO_IDS, this.limits, lengths, values);
  }

  /** @throws {@link InputError} naming the first bad value of each entry read so far. */
  check(): void {
    this.issues.throwIfAny(InputError);
  }

  /**
   * @param name - An entry.
   * @param get - Reads it.
   * @returns Its value, whatever it is.
   */
  protected entry(name: string, get: Getter): unknown {
    try {
      return get(this.input);
    } catch (error) {
      this.issues.unreadable(name, error);
      throw new InputError(this.issues.list);
    }
  }

  /** Whether an entry has one of so many numbers: one a problem, or one a step. */
  protected checkCount(name: string, value: unknown, counts: readonly number[], remedy: string): value is ArrayLike<unknown> {
    const holds = isArrayLike(value) && counts.includes(value.length);
    if (!holds) {
      const got = isArrayLike(value) ? `${value.length}` : show(value);
      this.issues.add(name, `must hold ${[...new Set(counts)].join(' or ')} numbers, got ${got}.`, remedy);
    }
    return holds;
  }

  /** An entry of so many numbers, or `undefined` where absent or wrong. */
  protected numbers(name: string, get: Getter, counts: readonly number[], remedy: string): Float32Array | undefined {
    const values = this.entry(name, get);
    if (values === undefined || !this.checkCount(name, values, counts, 'Pass a Float32Array with so many numbers.')) {
      return undefined;
    }
    const bad = findNonFinite(values);
    if (bad >= 0) {
      this.issues.add(`${name}[${bad}]`, `must be a finite number, got ${show(values[bad])}.`, remedy);
      return undefined;
    }
    return isFloat32Array(values) ? values : Float32Array.from(values as ArrayLike<number>);
  }

  /** `contextLengths`, `[n]`, or `undefined` where absent. */
  #contextLengths(count: number, tokens: number): Int32Array | undefined {
    const lengths = this.entry('contextLengths', (input) => input['contextLengths']);
    if (lengths === undefined || !this.checkCount('contextLengths', lengths, [count], 'Pass an Int32Array with one length a problem.')) {
      return undefined;
    }
    const bad = findOutside(lengths, 1, tokens / count);
    if (bad >= 0) {
      const message = `must be an integer from 1 to ${tokens / count}, the tokens of a context, got ${show(lengths[bad])}.`;
      this.issues.add(`contextLengths[${bad}]`, message, 'Count the tokens of the context without its padding.');
      return undefined;
    }
    return toInt32(lengths);
  }

  /** `contextValues`, `[n, L]`, or `undefined` where none are read. */
  #contextValues(tokens: number): Float32Array | undefined {
    const get: Getter = (input) => input['contextValues'];
    this.#checkValues(this.entry('contextValues', get) !== undefined);
    return this.numbers('contextValues', get, [tokens], 'Correct this number: 0 where a token has none.');
  }

  #checkValues(given: boolean): void {
    if (given !== this.limits.contextValues) {
      const message = given ? 'cannot be given: the agent reads none.' : 'is missing: the agent reads a number beside each token.';
      this.issues.add('contextValues', message, given ? 'Leave it out.' : 'Pass one number a token, 0 where there is none.');
    }
  }

  #ids(name: string, get: Getter, limit: number, what: string): Int32Array | undefined {
    return readIds(name, this.entry(name, get), limit, what, this.issues);
  }

  #checkContexts(length: number, count: number): void {
    const { contextLength } = this.limits;
    if (count === 0) {
      this.issues.add('stages', 'must hold at least one problem, got none.', 'Pass one stage id a problem.');
    } else if (contextLength === undefined ? length === 0 || length % count !== 0 : length !== count * contextLength) {
      const each = contextLength ?? 'the same number of';
      const message = `must hold ${each} tokens for each of the ${count} problems, got ${length} in all.`;
      this.issues.add('contexts', message, `Pad each context to ${each} tokens.`);
    }
  }
}

export const NO_IDS = new Int32Array(0);

// A loop over whole batches, with nothing called an entry: it runs between a rollout and its update, when nothing else does.

/** Where the first entry stands that is no integer of a range, ends included; -1 where there is none. */
export function findOutside(values: ArrayLike<unknown>, min: number, max: number): number {
  for (let i = 0; i < values.length; i += 1) {
    const entry = values[i];
    if (typeof entry !== 'number' || !Number.isInteger(entry) || entry < min || entry > max) {
      return i;
    }
  }
  return -1;
}

/** Where the first entry stands that is not finite in 32 bits; -1 where there is none. */
function findNonFinite(values: ArrayLike<unknown>): number {
  for (let i = 0; i < values.length; i += 1) {
    const entry = values[i];
    if (typeof entry !== 'number' || !Number.isFinite(Math.fround(entry))) {
      return i;
    }
  }
  return -1;
}

/**
 * @param name - Where the ids stand.
 * @param value - What the caller passed.
 * @param limit - Ids are below it.
 * @param what - What the limit is.
 * @param issues - Where the first bad id is added.
 * @returns The ids; nothing when an issue was added.
 */
export function readIds(name: string, value: unknown, limit: number, what: string, issues: Issues): Int32Array | undefined {
  if (!isArrayLike(value)) {
    issues.add(name, `must be an Int32Array, got ${show(value)}.`, 'Pass an Int32Array of ids.');
    return undefined;
  }
  const exact = isInt32Array(value);
  for (let i = 0; i < value.length; i += 1) {
    const id: unknown = value[i];
    if (typeof id !== 'number' || !(id >= 0 && id < limit) || (!exact && !Number.isInteger(id))) {
      issues.add(`${name}[${i}]`, `must be an integer from 0 and below ${what}, ${limit}, got ${show(id)}.`, 'Correct this id.');
      return undefined;
    }
  }
  return toInt32(value);
}

/**
 * @param deterministic - As the caller passed it.
 * @param issues - Where an issue is added when it is no boolean.
 * @returns Whether to take the most probable token.
 */
export function readDeterministic(deterministic: unknown, issues: Issues): boolean {
  if (deterministic !== undefined && typeof deterministic !== 'boolean') {
    const message = `must be true or false, got ${show(deterministic)}.`;
    issues.add('deterministic', message, 'Pass true for the most probable token, false to sample.');
  }
  return deterministic === true;
}

/** @param values - Integers of 32 bits. @returns They, as an array of such. */
export function toInt32(values: ArrayLike<unknown>): Int32Array {
  return isInt32Array(values) ? values : Int32Array.from(values as ArrayLike<number>);
}

/** @param value - Anything. @returns Whether it is an array or a typed array. */
export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return isArray(value) || isTypedArray(value);
}
