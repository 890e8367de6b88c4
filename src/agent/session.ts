import { ClosedError } from '../errors/closed-error.js';
import { InputError } from '../errors/input-error.js';
import { guarded } from '../native/error.js';
import { Issues } from '../util/issues.js';
import { type OptionReader, readOptions } from '../util/option-reader.js';
import { InputReader, inputNames, readDeterministic, readIds } from './input-reader.js';
import type { IdLimits, Ids, Prompts } from './inputs.js';
import type { ActOptions } from './results.js';

/** Options of {@link Agent.session}. */
export interface SessionOptions {
  /**
   * Most rows that are stepped together, 1 to 2²⁰.
   *
   * @defaultValue 1
   */
  readonly size?: number | undefined;
  /**
   * Seed of the sampled actions, a non-negative safe integer. Sessions of one seed sample alike.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
}

/** What one step chose. The arrays are the session's own and are written again by the next step, unless one was transferred. */
export interface SessionStep {
  /** Tokens, `[n]`. */
  readonly actions: Int32Array;
  /** log π(a), `[n]`. */
  readonly logProbs: Float32Array;
  /** −Σ π·log(π + 1e−9), `[n]`, in nats. */
  readonly entropies: Float32Array;
  /** The critic's v, `[n]`; see {@link Rollout.values}. */
  readonly values: Float32Array;
}

const PROMPT_NAMES = inputNames();

/** The native side, as far as it is used here. */
interface NativeSession {
  begin(contexts: Int32Array, stages: Int32Array): void;
  step(deterministic: boolean, actions: Int32Array, logProbs: Float32Array, entropies: Float32Array, values: Float32Array): void;
  feed(tokens: Int32Array): void;
  close(): void;
}

/**
 * Decisions one token at a time, synchronously: for an application that uses a trained agent, where a decision takes microseconds, and for
 * loops that answer each token before the next. Shares the agent's weights as they were when it was made; later updates do not change them.
 *
 * @example
 * ```ts
 * const session = await agent.session();
 * session.begin({ contexts, stages });
 * const { actions } = session.step({ deterministic: true });
 * ```
 */
export class Session {
  readonly #native: NativeSession;
  readonly #limits: IdLimits;
  #closed = false;
  /** 0 before the first {@link Session.begin}. */
  #rows = 0;
  #step: SessionStep | undefined;

  /**
   * @param native - The rows.
   * @param limits - The network's sizes.
   * @internal
   */
  constructor(native: NativeSession, limits: IdLimits) {
    this.#native = native;
    this.#limits = limits;
  }

  /**
   * Shows each row its context and puts it before its first step.
   *
   * @param prompts - Contexts `[n, L]`, stages `[n]`; at most the session's `size` rows.
   * @throws {@link InputError} naming the first bad entry of each array, or when there are more rows than `size`.
   * @throws {@link OptionsError} for a name that looks like one of these and is not.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  begin(prompts: Prompts): void {
    this.#checkOpen();
    const reader = new InputReader(prompts, PROMPT_NAMES, this.#limits);
    const { contexts, stages } = reader.prompts();
    reader.check();
    guarded(() => this.#native.begin(contexts, stages));
    this.#rows = stages.length;
  }

  /**
   * One token for every row. The token is the row's next input, unless {@link Session.feed} says otherwise.
   *
   * @param options - `deterministic: true` takes the most probable token instead of sampling.
   * @returns The choices, `[n]`.
   * @throws {@link InputError} before {@link Session.begin}, or when `deterministic` is no boolean.
   * @throws {@link OptionsError} for an unknown option.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  step(options?: ActOptions): SessionStep {
    this.#checkOpen();
    if (this.#rows === 0) {
      throw new InputError([{ path: 'session', message: 'has not begun.', remedy: 'Call begin() with contexts and stages first.' }]);
    }
    const deterministic = options !== undefined && readOptions(options, isDeterministic);
    const step = sized(this.#step, this.#rows);
    this.#step = step;
    try {
      guarded(() => this.#native.step(deterministic, step.actions, step.logProbs, step.entropies, step.values));
    } catch (error) {
      // Some rows may have moved on and some not.
      this.#rows = 0;
      throw error;
    }
    return step;
  }

  /**
   * Makes other tokens than those chosen the next step's inputs. Any token of the vocabulary is taken; an agent has learned from tokens that it
   * may emit itself.
   *
   * @param tokens - Token ids, `[n]`.
   * @throws {@link InputError} naming the first bad entry.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  feed(tokens: Ids): void {
    this.#checkOpen();
    const issues = new Issues();
    const checked = readIds('tokens', tokens, this.#limits.vocabSize, 'the vocabulary size', issues) ?? new Int32Array(0);
    issues.throwIfAny(InputError);
    guarded(() => this.#native.feed(checked));
  }

  /** Frees the native side. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    this.#native.close();
  }

  /** The same as {@link Session.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new ClosedError('session');
    }
  }
}

function isDeterministic(reader: OptionReader): boolean {
  const issues = new Issues();
  const deterministic = readDeterministic(reader.raw('deterministic'), issues);
  issues.throwIfAny(InputError);
  return deterministic;
}

/** The arrays of the step before, or new ones: for other rows, or where the caller has transferred one. */
function sized(step: SessionStep | undefined, n: number): SessionStep {
  const whole = step !== undefined && [step.actions, step.logProbs, step.entropies, step.values].every(({ length }) => length === n);
  return whole
    ? step
    : { actions: new Int32Array(n), logProbs: new Float32Array(n), entropies: new Float32Array(n), values: new Float32Array(n) };
}
