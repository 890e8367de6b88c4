import { DEFAULT_UPDATE } from '../algorithm/a2c.js';
import { InputError } from '../errors/input-error.js';
import { OptionsError } from '../errors/options-error.js';
import type { Problem } from '../errors/problem.js';
import { isArray, isFloat32Array, isInt32Array, isTypedArray } from '../util/kind.js';
import { addUnknownKeys, isRecord, show, unreadable } from '../util/option-reader.js';

/** Token or stage ids. An `Int32Array` is passed on as it is; anything else is copied and each entry checked to be an integer. */
export type Ids = Int32Array | ArrayLike<number>;

/** Problems for the network. */
export interface Prompts {
  /** Token ids, `[n, L]`, row-major; `L` is `contexts.length / stages.length`. */
  readonly contexts: Ids;
  /** Stage of each problem, `[n]`. */
  readonly stages: Ids;
}

/** Problems and programs. */
export interface Programs extends Prompts {
  /** Token ids, `[n, T]`, row-major. */
  readonly actions: Ids;
}

/** Problems, programs and what they earned. */
export interface Episodes extends Programs {
  /**
   * Steps of each program that count, `[n]`, each from 1 to `T`: what follows the end of a program is not learned from. An `Int32Array` is
   * passed on as it is; anything else is copied. `actions` holds tokens that may be emitted after the end too, as `act()` returns them.
   *
   * @defaultValue all count
   */
  readonly lengths?: Ids | undefined;
  /** Return of each program, `[n]`, finite. A `Float32Array` is passed on as it is; anything else is copied. */
  readonly returns: Float32Array | ArrayLike<number>;
}

/** What ids are checked against. */
export interface IdLimits {
  /** Tokens, `V`. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
  /** Tokens emitted in an episode, `T`. */
  readonly horizon: number;
  /** 1 for each token that may be emitted, `[V]`. */
  readonly actionMask: Uint8Array | undefined;
  /** Tokens of each context, `L`, where that is fixed. */
  readonly contextLength: number | undefined;
}

/** {@link Episodes}, checked. */
export interface CheckedPrompts {
  readonly contexts: Int32Array;
  readonly stages: Int32Array;
}

/** Options of the methods that take inputs. Where a method does not read one, it would be lost in silence. */
const INPUT_OPTIONS: ReadonlySet<string> = new Set([...Object.keys(DEFAULT_UPDATE), 'deterministic']);

/**
 * @param names - What a method reads.
 * @returns These, and what a task's batch brings beside: it may be spread into an input.
 */
export function inputNames(...names: readonly string[]): ReadonlySet<string> {
  return new Set(['contexts', 'stages', ...names, 'size', 'contextLength', 'problems']);
}

/**
 * Refuses names that look like one of those that a method reads, or are an option of another method. An input may bring more, such as all
 * that a batch and a rollout have.
 *
 * @param value - What the caller passed.
 * @param names - See {@link inputNames}.
 * @throws {@link InputError} when it is no object.
 * @throws {@link OptionsError} naming every bad name.
 */
export function checkNames(value: unknown, names: ReadonlySet<string>): void {
  if (!isRecord(value)) {
    throw wrong('input', `must be an object with contexts and stages, got ${show(value)}.`, 'Pass { contexts, stages, … }.');
  }
  const problems: Problem[] = [];
  addUnknownKeys(value, names, problems, '', INPUT_OPTIONS);
  if (problems.length > 0) {
    throw new OptionsError(problems);
  }
}

/**
 * @param input - What the caller passed.
 * @param name - Name of an entry.
 * @returns The entry.
 * @throws {@link InputError} when it cannot be read.
 */
export function entryOf<T extends object>(input: T, name: keyof T & string): unknown {
  try {
    return input[name];
  } catch (error) {
    throw new InputError([unreadable(name, error)]);
  }
}

/**
 * Checks `contexts` and `stages`.
 *
 * @param input - What the caller passed.
 * @param limits - The network's sizes.
 * @returns Typed arrays.
 * @throws {@link InputError} naming the first bad entry.
 */
export function checkPrompts(input: Prompts, limits: IdLimits): CheckedPrompts {
  const stages = checkIds('stages', entryOf(input, 'stages'), limits.stageCount, 'the number of stages');
  const count = stages.length;
  if (count === 0) {
    throw wrong('stages', 'must hold at least one problem, got none.', 'Pass one stage id a problem.');
  }
  const contexts = checkIds('contexts', entryOf(input, 'contexts'), limits.vocabSize, 'the vocabulary size');
  const { length } = contexts;
  const { contextLength } = limits;
  if (contextLength !== undefined && length !== count * contextLength) {
    const message = `must hold ${contextLength} tokens for each of the ${count} problems, ${count * contextLength} in all, got ${length}.`;
    throw wrong('contexts', message, `Pad each context to ${contextLength} tokens, as the task that the agent was made for does.`);
  }
  if (length === 0 || length % count !== 0) {
    throw wrong(
      'contexts',
      `must hold the same number of tokens for each of the ${count} problems, got ${length} in all.`,
      'Pad the contexts of one batch to one length.',
    );
  }
  return { contexts, stages };
}

/**
 * @param deterministic - As the caller passed it.
 * @returns Whether to take the most probable token.
 * @throws {@link InputError} when it is no boolean.
 */
export function checkDeterministic(deterministic: unknown): boolean {
  if (deterministic !== undefined && typeof deterministic !== 'boolean') {
    const message = `must be true or false, got ${show(deterministic)}.`;
    throw wrong('deterministic', message, 'Pass true for the most probable token, false to sample.');
  }
  return deterministic ?? false;
}

/**
 * @param value - `actions` as the caller passed it.
 * @param count - Problems, `n`.
 * @param limits - The network's sizes.
 * @returns `[n, T]`.
 * @throws {@link InputError} naming the first bad entry.
 */
export function checkActions(value: unknown, count: number, limits: IdLimits): Int32Array {
  const actions = checkIds('actions', value, limits.vocabSize, 'the vocabulary size');
  if (actions.length === 0 || actions.length % count !== 0) {
    throw wrong(
      'actions',
      `must hold the same number of tokens for each of the ${count} problems, got ${actions.length} in all.`,
      `Pass ${limits.horizon} tokens a problem, as act() returns them.`,
    );
  }
  const { actionMask } = limits;
  if (actionMask !== undefined) {
    for (let i = 0; i < actions.length; i += 1) {
      if (actionMask[actions[i] as number] === 0) {
        throw wrong(
          `actions[${i}]`,
          `token ${actions[i]} is masked: the network never emits it.`,
          "Use tokens that the task's actionMask allows.",
        );
      }
    }
  }
  return actions;
}

/**
 * @param value - `lengths` as the caller passed it.
 * @param count - Problems, `n`.
 * @param steps - Tokens of a program, `T`.
 * @returns `[n]`, or `undefined` where absent.
 * @throws {@link InputError} naming the first bad entry.
 */
export function checkLengths(value: unknown, count: number, steps: number): Int32Array | undefined {
  if (value === undefined) {
    return undefined;
  }
  checkCount('lengths', value, count, 'Pass an Int32Array with one length a problem.');
  for (let i = 0; i < count; i += 1) {
    const length: unknown = value[i];
    if (!Number.isInteger(length) || (length as number) < 1 || (length as number) > steps) {
      throw wrong(
        `lengths[${i}]`,
        `must be an integer from 1 to ${steps}, the tokens of a program, got ${show(length)}.`,
        `Count the tokens up to the end of the program, the last one included; ${steps} where nothing ends it.`,
      );
    }
  }
  return isInt32Array(value) ? value : Int32Array.from(value as ArrayLike<number>);
}

/**
 * @param value - `returns` as the caller passed it.
 * @param count - Problems, `n`.
 * @returns `[n]`.
 * @throws {@link InputError} naming the first bad entry.
 */
export function checkReturns(value: unknown, count: number): Float32Array {
  checkCount('returns', value, count, 'Pass a Float32Array with one return a problem.');
  const exact = isFloat32Array(value);
  const returns = exact ? value : new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const entry: unknown = value[i];
    if (typeof entry !== 'number' || !Number.isFinite(Math.fround(entry))) {
      throw wrong(`returns[${i}]`, `must be a finite number, got ${show(entry)}.`, 'Correct the reward that this return was made of.');
    }
    if (!exact) {
      returns[i] = entry;
    }
  }
  return returns;
}

/**
 * @param name - Path.
 * @param value - What the caller passed.
 * @param limit - Ids are below it.
 * @param what - What the limit is.
 * @returns Typed array.
 * @throws {@link InputError} naming the first bad entry.
 */
export function checkIds(name: string, value: unknown, limit: number, what: string): Int32Array {
  if (!isArrayLike(value)) {
    throw wrong(name, `must be an Int32Array, got ${show(value)}.`, 'Pass an Int32Array of ids.');
  }
  const exact = isInt32Array(value);
  for (let i = 0; i < value.length; i += 1) {
    const id: unknown = value[i];
    if (typeof id !== 'number' || !(id >= 0 && id < limit) || (!exact && !Number.isInteger(id))) {
      throw wrong(`${name}[${i}]`, `must be an integer from 0 and below ${what}, ${limit}, got ${show(id)}.`, 'Correct this id.');
    }
  }
  return exact ? value : Int32Array.from(value as ArrayLike<number>);
}

function checkCount(name: string, value: unknown, count: number, remedy: string): asserts value is ArrayLike<unknown> {
  if (!isArrayLike(value) || value.length !== count) {
    const got = isArrayLike(value) ? `${value.length}` : show(value);
    throw wrong(name, `must hold ${count} numbers, one a problem, got ${got}.`, remedy);
  }
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return isArray(value) || isTypedArray(value);
}

function wrong(path: string, message: string, remedy: string): InputError {
  return new InputError([{ path, message, remedy }]);
}
