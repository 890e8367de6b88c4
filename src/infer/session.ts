import { ClosedError } from '../errors/closed-error.js';
import { InputError } from '../errors/input-error.js';
import { Issues } from '../util/issues.js';
import { show } from '../util/show.js';
import { readWhole, ValueReader } from '../util/value-reader.js';
import type { NetworkInfo } from './info.js';
import { heardBy, ObservationReader } from './observation-reader.js';
import { inputNames, PromptReader, readDeterministic, readIds } from './prompt-reader.js';
import type { Ids, Prompts } from './prompts.js';
import type { SessionOptions, SessionStep, SessionStepOptions, SteppedRows } from './stepping.js';

/** Who makes sessions: an agent, by the addon or without it. */
export interface SessionMaker {
  /**
   * @param options - How many rows, and the seed of what is sampled.
   * @returns The session.
   */
  session(options?: SessionOptions): Promise<Session>;
}

const PROMPT_NAMES = inputNames();
/** Options of a step, which a prompt has not. */
const STEP_NAMES = new Set(['deterministic', 'observation', 'actionMask', 'temperature']);

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
 *
 * @example An agent that was made for an environment
 * ```ts
 * const session = await agent.session();
 * const { actions } = session.step({ observation, deterministic: true });
 * session.reset(); // before the next episode
 * ```
 */
export class Session {
  readonly #policy: SteppedRows;
  readonly #limits: NetworkInfo;
  readonly #size: number;
  readonly #acts: boolean;
  #reader: ObservationReader | undefined;
  /** 1 for each row whose next step begins an episode. */
  readonly #starts: Uint8Array;
  #closed = false;
  #temperature = 1;
  /** Whether the last step had a mask, which is forgotten at the next. */
  #masked = false;
  /** 0 before the first {@link Session.begin}. */
  #rows = 0;
  #step: SessionStep | undefined;

  /**
   * @param policy - The rows.
   * @param limits - What the agent is made of.
   * @param size - How many rows there are at most.
   * @internal
   */
  constructor(policy: SteppedRows, limits: NetworkInfo, size: number) {
    this.#policy = policy;
    this.#limits = limits;
    this.#size = size;
    this.#starts = new Uint8Array(size);
    this.#acts = limits.observationSpace !== undefined;
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
    this.#checkKind('begin()', false);
    const reader = new PromptReader(prompts, PROMPT_NAMES, this.#limits, STEP_NAMES);
    const { contexts, contextLengths, contextValues, stages } = reader.prompts();
    reader.check();
    this.#policy.begin(contexts, stages, contextLengths, contextValues);
    if (this.#rows !== stages.length) {
      this.#reader = undefined;
    }
    this.#rows = stages.length;
  }

  /**
   * One token or action for every row. It is the row's next input, unless {@link Session.feed} says otherwise. With an agent that was made for
   * an environment all rows of the session are stepped, each by what it observes.
   *
   * @param options - `deterministic: true` takes the most probable one instead of sampling; see {@link SessionStepOptions}.
   * @returns The choices, `[n]`.
   * @throws {@link InputError} before {@link Session.begin}, when `deterministic` is no boolean, and naming the first bad value of an
   * observation or a mask.
   * @throws {@link OptionsError} for an unknown option, and a temperature that is none.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  step(options?: SessionStepOptions): SessionStep {
    this.#checkOpen();
    const { deterministic, temperature, observation, actionMask } =
      options === undefined ? SAMPLE : readWhole(new ValueReader(options), readStepOptions);
    const rows = this.#stepped();
    const silent = observation === undefined && actionMask === undefined && !this.#masked;
    if (silent && this.#limits.observed.discrete.length === 0 && !this.#acts) {
      return this.#choose(rows, deterministic, temperature);
    }
    this.#reader ??= new ObservationReader(heardBy(this.#limits), rows);
    const { dense, discrete, allowed } = this.#reader.read(observation, actionMask);
    return this.advance(dense, discrete, allowed, undefined, deterministic, temperature);
  }

  /**
   * {@link Session.step} for all rows, by arrays that nobody looks through.
   *
   * @param dense - Numbers observed, `[rows, D]`.
   * @param discrete - Ids observed, `[rows, K]`.
   * @param allowed - Actions allowed, `[rows, A]`.
   * @param starts - 1 for rows that begin an episode, `[rows]`, beside those that were reset.
   * @param deterministic - Whether to take the most probable action.
   * @param temperature - What logits are divided by.
   * @returns The choices, `[rows]`.
   * @internal
   */
  advance(
    dense: Float32Array | undefined,
    discrete: Int32Array | undefined,
    allowed: Uint8Array | undefined,
    starts: Uint8Array | undefined,
    deterministic: boolean,
    temperature?: number,
  ): SessionStep {
    this.#checkOpen();
    const rows = this.#stepped();
    for (let row = 0; starts !== undefined && row < rows; row += 1) {
      this.#starts[row] = (this.#starts[row] as number) | (starts[row] as number);
    }
    this.#beginEpisodes();
    this.#policy.observe(dense, discrete, allowed);
    this.#masked = allowed !== undefined;
    return this.#choose(rows, deterministic, temperature);
  }

  /**
   * The last step's choice as the environment takes it: the number itself for `discrete`, the list of numbers for `multiDiscrete`.
   *
   * @param row - Which row; 0 where absent.
   * @returns The action.
   * @throws {@link InputError} before the first step, for a row that there is not, and where the agent was made for no environment.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  action(row = 0): number | readonly number[] {
    this.#checkOpen();
    this.#checkKind('action()', true);
    const id = this.#step?.actions[row];
    if (id === undefined) {
      const message = this.#step === undefined ? 'no step has been taken.' : `must be below ${this.#size}, got ${show(row)}.`;
      throw new InputError([{ path: 'row', message, remedy: 'Call step() first, and name one of its rows.' }]);
    }
    return this.#reader?.actionOf(id) ?? id;
  }

  /**
   * Makes rows forget: their next step begins an episode. For an agent that was made for an environment.
   *
   * @param rows - Which rows, by index; all where absent.
   * @throws {@link InputError} naming the first bad row, and where the agent was made for no environment.
   * @throws {@link ClosedError} after {@link Session.close}.
   */
  reset(rows?: Ids): void {
    this.#checkOpen();
    this.#checkKind('reset()', true);
    if (rows === undefined) {
      this.#starts.fill(1);
      return;
    }
    const issues = new Issues();
    const checked = readIds('rows', rows, this.#size, 'the number of rows', issues) ?? [];
    issues.throwIfAny(InputError);
    for (const row of checked) {
      this.#starts[row] = 1;
    }
  }

  /**
   * Goes on with an agent's present weights. The rows' states stay.
   *
   * @param agent - The agent that the session was made by.
   * @throws {@link InputError} when the agent's network is another, or computed by something else.
   * @throws {@link ClosedError} after {@link Session.close}, and when the agent is closed.
   */
  async sync(agent: SessionMaker): Promise<void> {
    this.#checkOpen();
    const newer = await agent.session({ size: 1 });
    try {
      this.#checkOpen();
      this.#policy.sync(newer.#policy);
    } finally {
      newer.close();
    }
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
    this.#policy.feed(checked);
  }

  /** Frees what it holds. Calling it again does nothing. */
  close(): void {
    this.#closed = true;
    this.#policy.close();
  }

  /** The same as {@link Session.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** How many rows a step is for. */
  #stepped(): number {
    if (this.#acts) {
      return this.#size;
    }
    if (this.#rows === 0) {
      throw new InputError([{ path: 'session', message: 'has not begun.', remedy: 'Call begin() with contexts and stages first.' }]);
    }
    return this.#rows;
  }

  /** Puts the rows that begin an episode before its first step. */
  #beginEpisodes(): void {
    if (this.#rows === 0) {
      this.#policy.beginRows(this.#size);
      this.#rows = this.#size;
    } else {
      for (let row = this.#starts.indexOf(1); row >= 0; row = this.#starts.indexOf(1, row + 1)) {
        this.#policy.restart(row);
      }
    }
    this.#starts.fill(0);
  }

  #choose(rows: number, deterministic: boolean, temperature = 1): SessionStep {
    if (temperature !== this.#temperature) {
      this.#policy.setTemperature(temperature);
      this.#temperature = temperature;
    }
    const step = sized(this.#step, rows);
    this.#step = step;
    try {
      this.#policy.step(deterministic, step.actions, step.logProbs, step.entropies, step.values);
    } catch (error) {
      // Some rows may have moved on and some not.
      this.#rows = 0;
      throw error;
    }
    return step;
  }

  /** For what only an agent with spaces has, or only one without. */
  #checkKind(what: string, spaces: boolean): void {
    if (this.#acts !== spaces) {
      const message = `${what} is for an agent that was made for ${spaces ? 'an environment' : 'a task'}.`;
      const remedy = spaces ? 'Call begin() to begin anew.' : 'Call step() with an observation.';
      throw new InputError([{ path: 'session', message, remedy }]);
    }
  }

  #checkOpen(): void {
    if (this.#closed) {
      throw new ClosedError('session');
    }
  }
}

interface StepConfig {
  readonly deterministic: boolean;
  readonly temperature: number | undefined;
  readonly observation: unknown;
  readonly actionMask: unknown;
}

const SAMPLE: StepConfig = { deterministic: false, temperature: undefined, observation: undefined, actionMask: undefined };

function readStepOptions(reader: ValueReader): StepConfig {
  const issues = new Issues();
  const deterministic = readDeterministic(reader.raw('deterministic'), issues);
  issues.throwIfAny(InputError);
  return {
    deterministic,
    temperature: reader.has('temperature') ? reader.number('temperature', 1, { above: 0, single: true }) : undefined,
    observation: reader.raw('observation'),
    actionMask: reader.raw('actionMask'),
  };
}

/** The arrays of the step before, or new ones: for other rows, or where the caller has transferred one. */
function sized(step: SessionStep | undefined, n: number): SessionStep {
  const whole = step !== undefined && [step.actions, step.logProbs, step.entropies, step.values].every(({ length }) => length === n);
  return whole
    ? step
    : { actions: new Int32Array(n), logProbs: new Float32Array(n), entropies: new Float32Array(n), values: new Float32Array(n) };
}
