import { type Baseline, DEFAULT_UPDATE } from '../algorithm/a2c.js';
import { OBJECTIVE_OPTIONS } from '../algorithm/objective.js';
import {
  findOutside,
  type Getter,
  isArrayLike,
  NO_IDS,
  PromptReader,
  readDeterministic,
  readIds,
  toInt32,
} from '../infer/prompt-reader.js';
import type { IdLimits } from '../infer/prompts.js';
import { show } from '../util/show.js';

/** Options of the methods that take inputs. Where a method does not read one, it would be lost in silence. */
const INPUT_OPTIONS = new Set([...Object.keys(DEFAULT_UPDATE), ...OBJECTIVE_OPTIONS, 'deterministic', 'randomSteps', 'rows']);

const ENTRIES = {
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
 * Reads what a method was given, entry by entry. An `Int32Array` or `Float32Array` is passed on as it is; anything else is copied. Of each
 * entry the first bad value is an issue; an entry with one is read as empty, so {@link PromptReader.check} must come before it is used.
 */
export class InputReader extends PromptReader {
  /**
   * @param input - What the caller passed.
   * @param names - See {@link inputNames}.
   * @param limits - The network's sizes.
   * @throws {@link InputError} when it is no object.
   * @throws {@link OptionsError} naming every name that is an option of another method, or looks like one of these.
   */
  constructor(input: unknown, names: ReadonlySet<string>, limits: IdLimits) {
    super(input, names, limits, INPUT_OPTIONS);
  }

  /**
   * @param count - Problems, `n`.
   * @returns `actions`, `[n, T]`.
   */
  actions(count: number): Int32Array {
    const { vocabSize, horizon, actionMask } = this.limits;
    const actions = readIds('actions', this.#entry('actions'), vocabSize, 'the vocabulary size', this.issues);
    if (actions === undefined) {
      return NO_IDS;
    }
    if (actions.length === 0 || actions.length % count !== 0) {
      const message = `must hold the same number of tokens for each of the ${count} problems, got ${actions.length} in all.`;
      this.issues.add('actions', message, `Pass ${horizon} tokens a problem, as act() returns them.`);
    }
    const masked = actionMask === undefined ? -1 : findMasked(actions, actionMask);
    if (masked >= 0) {
      const message = `token ${actions[masked]} is masked: the network never emits it.`;
      this.issues.add(`actions[${masked}]`, message, "Use tokens that the task's actionMask allows.");
    }
    return actions;
  }

  /**
   * @param cells - Numbers in `actions`, `n·T`.
   * @returns `inputs`, `[n, T]`, or `undefined` where absent.
   */
  inputs(cells: number): Int32Array | undefined {
    const { vocabSize } = this.limits;
    const given = this.#entry('inputs');
    if (given === undefined || !this.checkCount('inputs', given, [cells], 'Pass an Int32Array with one token a step.')) {
      return undefined;
    }
    return readIds('inputs', given, vocabSize, 'the vocabulary size', this.issues);
  }

  /**
   * @param count - Problems, `n`.
   * @param steps - Tokens of a program, `T`.
   * @returns How much each step counts, `[n, T]`, by `weights` or by `lengths`; `undefined` where all count alike.
   */
  weights(count: number, steps: number): Float32Array | undefined {
    const lengths = this.#lengths(count, steps);
    const remedy = 'Pass 0 for a step that does not count.';
    const weights = this.#numbers('weights', [count * steps], remedy);
    const bad = weights?.findIndex((weight) => weight < 0) ?? -1;
    if (bad >= 0) {
      this.issues.add(`weights[${bad}]`, `must be a finite number of at least 0, got ${show(weights?.[bad])}.`, remedy);
    }
    if (lengths !== undefined && weights !== undefined) {
      this.issues.add('weights', 'cannot be given together with lengths.', 'Give weights alone, 0 after the end of a program.');
    }
    if (weights?.every((weight) => weight === 0)) {
      this.issues.add('weights', 'must be above 0 at one step at least.', 'Leave out what nothing is learned from.');
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
    if (this.issues.list.length === 0 && (returns === undefined) === (advantages === undefined)) {
      const message = returns === undefined ? 'is missing.' : 'cannot be given together with advantages.';
      this.issues.add('returns', message, 'Give returns, or else advantages.');
    }
    if (returns !== undefined && valueTargets !== undefined) {
      this.issues.add(
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
      this.issues.add(
        'rows',
        `must name at least one row, got ${isArrayLike(rows) ? 'none' : show(rows)}.`,
        'Pass a Uint32Array of indices.',
      );
      return undefined;
    }
    const bad = findOutside(rows, 0, count - 1);
    if (bad >= 0) {
      const message = `must be an integer from 0 and below the number of rows, ${count}, got ${show(rows[bad])}.`;
      this.issues.add(`rows[${bad}]`, message, 'Correct this index.');
      return undefined;
    }
    return Uint32Array.from(rows as ArrayLike<number>);
  }

  /** `lengths`, `[n]`, or `undefined` where absent. */
  #lengths(count: number, steps: number): Int32Array | undefined {
    const lengths = this.#entry('lengths');
    if (lengths === undefined || !this.checkCount('lengths', lengths, [count], 'Pass an Int32Array with one length a problem.')) {
      return undefined;
    }
    const bad = findOutside(lengths, 1, steps);
    if (bad >= 0) {
      const message = `must be an integer from 1 to ${steps}, the tokens of a program, got ${show(lengths[bad])}.`;
      const remedy = `Count the tokens up to the end of the program, the last one included; ${steps} where nothing ends it.`;
      this.issues.add(`lengths[${bad}]`, message, remedy);
      return undefined;
    }
    return toInt32(lengths);
  }

  #numbers(name: EntryName, counts: readonly number[], remedy: string): Float32Array | undefined {
    return this.numbers(name, ENTRIES[name], counts, remedy);
  }

  /** @returns Whether to take the most probable token; see {@link readDeterministic}. */
  deterministic(): boolean {
    return readDeterministic(this.#entry('deterministic'), this.issues);
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
      !this.checkCount('randomSteps', steps, [count], 'Pass an Int32Array with one step a problem, −1 for none.')
    ) {
      return undefined;
    }
    const last = this.limits.horizon - 1;
    const bad = findOutside(steps, -1, last);
    if (bad >= 0) {
      const message = `must be an integer from −1 to ${last}, the last step of a program, got ${show(steps[bad])}.`;
      this.issues.add(`randomSteps[${bad}]`, message, 'Pass −1 for a program without a random step.');
    } else if (deterministic) {
      this.issues.add('randomSteps', 'cannot be given with deterministic: nothing is drawn then.', 'Leave one of them out.');
    }
    return bad >= 0 ? undefined : toInt32(steps);
  }

  /**
   * @param getters - Each reads an entry.
   * @returns Whether one of these was given, or cannot be read.
   */
  hasAny(getters: readonly Getter[]): boolean {
    try {
      return getters.some((get) => get(this.input) !== undefined);
    } catch {
      return true;
    }
  }

  #entry(name: EntryName): unknown {
    return this.entry(name, ENTRIES[name]);
  }
}

// Loops over whole batches, with nothing called an entry: they run between a rollout and its update, when nothing else does.

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
