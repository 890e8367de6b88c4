import { type Baseline, DEFAULT_UPDATE } from '../algorithm/a2c.js';
import { OBJECTIVE_OPTIONS } from '../algorithm/objective.js';
import { InputError } from '../errors/input-error.js';
import { OptionsError } from '../errors/options-error.js';
import { areChecked, type CheckedPrompts, provePrompts } from '../task/checked-prompts.js';
import { Issues } from '../util/issues.js';
import { isArray, isFloat32Array, isInt32Array, isRecord, isTypedArray } from '../util/kind.js';
import { addUnknownKeys } from '../util/option-reader.js';
import { show } from '../util/show.js';
import type { IdLimits } from './inputs.js';

/** Options of the methods that take inputs. Where a method does not read one, it would be lost in silence. */
const INPUT_OPTIONS = { among: new Set([...Object.keys(DEFAULT_UPDATE), ...OBJECTIVE_OPTIONS, 'deterministic', 'randomSteps', 'rows']) };

/** Reads one entry, by a name that stands in the code: a name that varies takes V8 a microsecond where there is no such entry. */
export type Getter = (input: Readonly<Record<string, unknown>>) => unknown;

const ENTRIES = {
  contexts: (input) => input['contexts'],
  contextLengths: (input) => input['contextLengths'],
  contextValues: (input) => input['contextValues'],
  stages: (input) => input['stages'],
  actions: (input) => input['actions'],
  inputs: (input) => input['inputs'],
  lengths: (input) => input['lengths'],
  weights: (input) => input['weights'],
  returns: (input) => input['returns'],
  advantages: (input) => input['advantages'],
  valueTargets: (input) => input['valueTargets'],
  oldLogProbs: (input) => input['oldLogProbs'],
  referenceLogProbs: (input) => input['referenceLogProbs'],
  rows: (input) => input['rows'],
  deterministic: (input) => input['deterministic'],
  randomSteps: (input) => input['randomSteps'],
} as const satisfies Readonly<Record<string, Getter>>;

type EntryName = keyof typeof ENTRIES;

/** What the steps of programs are judged by; see {@link Episodes} and {@link JudgedEpisodes}. */
export interface Targets {
  readonly returns: Float32Array | undefined;
  readonly advantages: Float32Array | undefined;
  readonly valueTargets: Float32Array | undefined;
  readonly oldLogProbs: Float32Array | undefined;
  readonly referenceLogProbs: Float32Array | undefined;
}

/**
 * @param names - What a method reads.
 * @returns These, and what a task's batch brings beside: it may be spread into an input.
 */
export function inputNames(...names: readonly string[]): ReadonlySet<string> {
  return new Set(['contexts', 'contextLengths', 'contextValues', 'stages', ...names, 'size', 'contextLength', 'problems']);
}

/**
 * Reads what a method was given, entry by entry. An `Int32Array` or `Float32Array` is passed on as it is; anything else is copied. Of each
 * entry the first bad value is an issue; an entry with one is read as empty, so {@link InputReader.check} must come before it is used.
 */
export class InputReader {
  readonly #input: Readonly<Record<string, unknown>>;
  readonly #limits: IdLimits;
  readonly #issues = new Issues();

  /**
   * Refuses names that look like one of those that a method reads, or are an option of another method. An input may bring more, such as all
   * that a batch and a rollout have.
   *
   * @param input - What the caller passed.
   * @param names - See {@link inputNames}.
   * @param limits - The network's sizes.
   * @throws {@link InputError} when it is no object.
   * @throws {@link OptionsError} naming every bad name.
   */
  constructor(input: unknown, names: ReadonlySet<string>, limits: IdLimits) {
    if (!isRecord(input)) {
      this.#issues.add('input', `must be an object with contexts and stages, got ${show(input)}.`, 'Pass { contexts, stages, … }.');
      throw new InputError(this.#issues.list);
    }
    const issues = new Issues();
    addUnknownKeys(input, names, issues, INPUT_OPTIONS);
    issues.throwIfAny(OptionsError);
    this.#input = input;
    this.#limits = limits;
  }

  /** @returns Contexts and stages, whose ids are looked through unless they come with the proof that somebody has. */
  prompts(): CheckedPrompts {
    const { vocabSize, stageCount } = this.#limits;
    if (areChecked(this.#input, this.#limits)) {
      this.#checkContexts(this.#input.contexts.length, this.#input.stages.length);
      this.#checkValues(this.#input.contextValues !== undefined);
      return this.#input;
    }
    const stages = this.#ids('stages', stageCount, 'the number of stages');
    const contexts = this.#ids('contexts', vocabSize, 'the vocabulary size');
    if (stages !== undefined && contexts !== undefined) {
      this.#checkContexts(contexts.length, stages.length);
    }
    const tokens = contexts?.length ?? 0;
    const ok = this.#issues.list.length === 0 && stages !== undefined;
    const lengths = ok ? this.#contextLengths(stages.length, tokens) : undefined;
    const values = ok ? this.#contextValues(tokens) : undefined;
    return provePrompts(contexts ?? NO_IDS, stages ?? NO_IDS, this.#limits, lengths, values);
  }

  /**
   * @param count - Problems, `n`.
   * @returns `actions`, `[n, T]`.
   */
  actions(count: number): Int32Array {
    const { vocabSize, horizon, actionMask } = this.#limits;
    const actions = this.#ids('actions', vocabSize, 'the vocabulary size');
    if (actions === undefined) {
      return NO_IDS;
    }
    if (actions.length === 0 || actions.length % count !== 0) {
      const message = `must hold the same number of tokens for each of the ${count} problems, got ${actions.length} in all.`;
      this.#issues.add('actions', message, `Pass ${horizon} tokens a problem, as act() returns them.`);
    }
    const masked = actionMask === undefined ? -1 : findMasked(actions, actionMask);
    if (masked >= 0) {
      const message = `token ${actions[masked]} is masked: the network never emits it.`;
      this.#issues.add(`actions[${masked}]`, message, "Use tokens that the task's actionMask allows.");
    }
    return actions;
  }

  /**
   * @param cells - Numbers in `actions`, `n·T`.
   * @returns `inputs`, `[n, T]`, or `undefined` where absent.
   */
  inputs(cells: number): Int32Array | undefined {
    const { vocabSize } = this.#limits;
    const given = this.#entry('inputs');
    if (given === undefined || !this.#checkCount('inputs', given, [cells], 'Pass an Int32Array with one token a step.')) {
      return undefined;
    }
    return readIds('inputs', given, vocabSize, 'the vocabulary size', this.#issues);
  }

  /**
   * @param count - Problems, `n`.
   * @param steps - Tokens of a program, `T`.
   * @returns How much each step counts, `[n, T]`, by `weights` or by `lengths`; `undefined` where all count alike.
   */
  weights(count: number, steps: number): Float32Array | undefined {
    const lengths = this.#lengths(count, steps);
    const weights = this.#numbers('weights', [count * steps], 'Pass 0 for a step that does not count.', 0);
    if (lengths !== undefined && weights !== undefined) {
      this.#issues.add('weights', 'cannot be given together with lengths.', 'Give weights alone, 0 after the end of a program.');
    }
    if (weights?.every((weight) => weight === 0)) {
      this.#issues.add('weights', 'must be above 0 at one step at least.', 'Leave out what nothing is learned from.');
    }
    return lengths === undefined || findOutside(lengths, steps, steps) < 0 ? weights : weightsOf(lengths, steps);
  }

  /**
   * @param count - Problems, `n`.
   * @param cells - Numbers in `actions`, `n·T`.
   * @param baseline - What returns are compared with.
   * @returns What the steps are judged by.
   */
  targets(count: number, cells: number, baseline: Baseline): Targets {
    const either = [count, cells];
    const lengths = baseline === 'program' ? [count] : either;
    const returns = this.#numbers('returns', lengths, 'Correct the reward that this return was made of.');
    const advantages = this.#numbers('advantages', either, 'Correct what this advantage was made of.');
    const valueTargets = this.#numbers('valueTargets', either, 'Correct what this target was made of.');
    const oldLogProbs = this.#numbers('oldLogProbs', [cells], 'Pass the logProbs of act().');
    const referenceLogProbs = this.#numbers('referenceLogProbs', [cells], "Pass the logProbs of the reference's evaluateActions().");
    if (this.#issues.list.length === 0 && (returns === undefined) === (advantages === undefined)) {
      const message = returns === undefined ? 'is missing.' : 'cannot be given together with advantages.';
      this.#issues.add('returns', message, 'Give returns, or else advantages.');
    }
    if (returns !== undefined && valueTargets !== undefined) {
      this.#issues.add(
        'valueTargets',
        'cannot be given together with returns.',
        'Give advantages with them: returns are their own targets.',
      );
    }
    return { returns, advantages, valueTargets, oldLogProbs, referenceLogProbs };
  }

  /**
   * @param count - Problems, `n`.
   * @returns `rows`, each below `n`, or `undefined` where absent.
   */
  rows(count: number): Uint32Array | undefined {
    const rows = this.#entry('rows');
    if (rows === undefined) {
      return undefined;
    }
    if (!isArrayLike(rows) || rows.length === 0) {
      this.#issues.add(
        'rows',
        `must name at least one row, got ${isArrayLike(rows) ? 'none' : show(rows)}.`,
        'Pass a Uint32Array of indices.',
      );
      return undefined;
    }
    const bad = findOutside(rows, 0, count - 1);
    if (bad >= 0) {
      const message = `must be an integer from 0 and below the number of rows, ${count}, got ${show(rows[bad])}.`;
      this.#issues.add(`rows[${bad}]`, message, 'Correct this index.');
      return undefined;
    }
    return Uint32Array.from(rows as ArrayLike<number>);
  }

  /** `contextLengths`, `[n]`, or `undefined` where absent. */
  #contextLengths(count: number, tokens: number): Int32Array | undefined {
    const lengths = this.#entry('contextLengths');
    if (lengths === undefined || !this.#checkCount('contextLengths', lengths, [count], 'Pass an Int32Array with one length a problem.')) {
      return undefined;
    }
    const bad = findOutside(lengths, 1, tokens / count);
    if (bad >= 0) {
      const message = `must be an integer from 1 to ${tokens / count}, the tokens of a context, got ${show(lengths[bad])}.`;
      this.#issues.add(`contextLengths[${bad}]`, message, 'Count the tokens of the context without its padding.');
      return undefined;
    }
    return toInt32(lengths);
  }

  /** `contextValues`, `[n, L]`, or `undefined` where none are read. */
  #contextValues(tokens: number): Float32Array | undefined {
    this.#checkValues(this.#entry('contextValues') !== undefined);
    return this.#numbers('contextValues', [tokens], 'Correct this number: 0 where a token has none.');
  }

  #checkValues(given: boolean): void {
    if (given !== this.#limits.contextValues) {
      const [message, remedy] = given
        ? ['cannot be given: the agent reads no numbers beside tokens.', 'Leave it out, or make the agent for a task with contextValues.']
        : [
            'is missing: the agent reads a number beside each token.',
            'Pass a Float32Array with one number a token, 0 where there is none.',
          ];
      this.#issues.add('contextValues', message, remedy);
    }
  }

  /** `lengths`, `[n]`, or `undefined` where absent. */
  #lengths(count: number, steps: number): Int32Array | undefined {
    const lengths = this.#entry('lengths');
    if (lengths === undefined || !this.#checkCount('lengths', lengths, [count], 'Pass an Int32Array with one length a problem.')) {
      return undefined;
    }
    const bad = findOutside(lengths, 1, steps);
    if (bad >= 0) {
      const message = `must be an integer from 1 to ${steps}, the tokens of a program, got ${show(lengths[bad])}.`;
      const remedy = `Count the tokens up to the end of the program, the last one included; ${steps} where nothing ends it.`;
      this.#issues.add(`lengths[${bad}]`, message, remedy);
      return undefined;
    }
    return toInt32(lengths);
  }

  /** An entry of so many numbers, or `undefined` where absent or wrong. */
  #numbers(name: EntryName, counts: readonly number[], remedy: string, min = -Infinity): Float32Array | undefined {
    const values = this.#entry(name);
    if (values === undefined || !this.#checkCount(name, values, counts, `Pass a Float32Array with so many numbers.`)) {
      return undefined;
    }
    const bad = findNonFinite(values, min);
    if (bad >= 0) {
      const rule = min === -Infinity ? 'a finite number' : `a finite number of at least ${min}`;
      this.#issues.add(`${name}[${bad}]`, `must be ${rule}, got ${show(values[bad])}.`, remedy);
      return undefined;
    }
    return isFloat32Array(values) ? values : Float32Array.from(values as ArrayLike<number>);
  }

  /** @returns Whether to take the most probable token; see {@link readDeterministic}. */
  deterministic(): boolean {
    return readDeterministic(this.#entry('deterministic'), this.#issues);
  }

  /**
   * @param count - Problems, `n`.
   * @param deterministic - Whether nothing is sampled.
   * @returns `randomSteps`, `[n]`, each from −1 to below the horizon, or `undefined` where absent.
   */
  randomSteps(count: number, deterministic: boolean): Int32Array | undefined {
    const steps = this.#entry('randomSteps');
    if (
      steps === undefined ||
      !this.#checkCount('randomSteps', steps, [count], 'Pass an Int32Array with one step a problem, −1 for none.')
    ) {
      return undefined;
    }
    const last = this.#limits.horizon - 1;
    const bad = findOutside(steps, -1, last);
    if (bad >= 0) {
      const message = `must be an integer from −1 to ${last}, the last step of a program, got ${show(steps[bad])}.`;
      this.#issues.add(`randomSteps[${bad}]`, message, 'Pass −1 for a program without a random step.');
    } else if (deterministic) {
      this.#issues.add('randomSteps', 'cannot be given with deterministic: nothing is drawn then.', 'Leave one of them out.');
    }
    return bad >= 0 ? undefined : toInt32(steps);
  }

  /**
   * @param getters - Each reads an entry.
   * @returns Whether one of these was given, or cannot be read.
   */
  hasAny(getters: readonly Getter[]): boolean {
    try {
      return getters.some((get) => get(this.#input) !== undefined);
    } catch {
      return true;
    }
  }

  /** @throws {@link InputError} naming the first bad value of each entry read so far. */
  check(): void {
    this.#issues.throwIfAny(InputError);
  }

  #entry(name: EntryName): unknown {
    try {
      return ENTRIES[name](this.#input);
    } catch (error) {
      this.#issues.unreadable(name, error);
      throw new InputError(this.#issues.list);
    }
  }

  #ids(name: EntryName, limit: number, what: string): Int32Array | undefined {
    return readIds(name, this.#entry(name), limit, what, this.#issues);
  }

  #checkContexts(length: number, count: number): void {
    const { contextLength } = this.#limits;
    if (count === 0) {
      this.#issues.add('stages', 'must hold at least one problem, got none.', 'Pass one stage id a problem.');
    } else if (contextLength !== undefined && length !== count * contextLength) {
      const message = `must hold ${contextLength} tokens for each of the ${count} problems, ${count * contextLength} in all, got ${length}.`;
      const remedy = `Pad each context to ${contextLength} tokens, as the task that the agent was made for does.`;
      this.#issues.add('contexts', message, remedy);
    } else if (length === 0 || length % count !== 0) {
      const message = `must hold the same number of tokens for each of the ${count} problems, got ${length} in all.`;
      this.#issues.add('contexts', message, 'Pad the contexts of one batch to one length.');
    }
  }

  /** Whether an entry has one of so many numbers: one a problem, or one a step. */
  #checkCount(name: string, value: unknown, counts: readonly number[], remedy: string): value is ArrayLike<unknown> {
    const holds = isArrayLike(value) && counts.includes(value.length);
    if (!holds) {
      const got = isArrayLike(value) ? `${value.length}` : show(value);
      this.#issues.add(name, `must hold ${[...new Set(counts)].join(' or ')} numbers, got ${got}.`, remedy);
    }
    return holds;
  }
}

const NO_IDS = new Int32Array(0);

// Loops over whole batches, with nothing called an entry: they run between a rollout and its update, when nothing else does.

/** Where the first entry stands that is no integer of a range, ends included; -1 where there is none. */
function findOutside(values: ArrayLike<unknown>, min: number, max: number): number {
  for (let i = 0; i < values.length; i += 1) {
    const entry = values[i];
    if (typeof entry !== 'number' || !Number.isInteger(entry) || entry < min || entry > max) {
      return i;
    }
  }
  return -1;
}

/** Where the first entry stands that is not finite in 32 bits, or below `min`; -1 where there is none. */
function findNonFinite(values: ArrayLike<unknown>, min: number): number {
  for (let i = 0; i < values.length; i += 1) {
    const entry = values[i];
    if (typeof entry !== 'number' || !Number.isFinite(Math.fround(entry)) || entry < min) {
      return i;
    }
  }
  return -1;
}

/** Where the first token stands that is not allowed; -1 where there is none. */
function findMasked(actions: Int32Array, actionMask: Uint8Array): number {
  for (let i = 0; i < actions.length; i += 1) {
    if (actionMask[actions[i] as number] === 0) {
      return i;
    }
  }
  return -1;
}

/** 1 for each step that counts, else 0, `[n, T]`. */
function weightsOf(lengths: Int32Array, steps: number): Float32Array {
  const weights = new Float32Array(lengths.length * steps);
  for (let i = 0; i < lengths.length; i += 1) {
    for (let at = i * steps, end = at + (lengths[i] as number); at < end; at += 1) {
      weights[at] = 1;
    }
  }
  return weights;
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

function toInt32(values: ArrayLike<unknown>): Int32Array {
  return isInt32Array(values) ? values : Int32Array.from(values as ArrayLike<number>);
}

function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return isArray(value) || isTypedArray(value);
}
