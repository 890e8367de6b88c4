import { EnvironmentError } from '../errors/environment-error.js';
import type { ActionCodec } from '../spaces/action-codec.js';
import { Misfit } from '../spaces/misfit.js';
import { isArray, isFloat64Array, isInt32Array, isThenable } from '../util/kind.js';
import { cloneData } from '../util/plain-data.js';
import type { RandomState } from '../util/random.js';
import { checkActions, type Positions } from './actions.js';
import type { Environment, ResetContext } from './environment.js';
import { EpisodeRecord, type RecordedEpisode } from './episode-record.js';
import { GuardedVector } from './guarded-vector.js';
import { type Common, Rows } from './rows.js';
import { foreignState, readArrays, requireRecord, type SavedArrays, saveArrays, seesTheSame } from './saved-vector.js';
import { explainInterruption, type Waiter, Waiting } from './waiting.js';

type Next = (row: number) => ResetContext;

/**
 * Environments that are an object each, as one {@link VectorEnvironment}.
 *
 * A step has two halves: all rows take their action, and then those whose episode is over are reset, in order of the rows, so that neither
 * the calls of `next` nor any value depend on which environment answers first. Where nothing was a promise, both are done without one.
 *
 * Where environments fail, the others finish the step all the same, and the error is that of the first row. The next step takes a failed
 * row for an episode cut short, and begins another.
 */
export class SideBySide extends GuardedVector {
  readonly #environments: readonly Environment[];
  readonly #codec: ActionCodec<unknown>;
  readonly #rows: Rows;
  readonly #steps: Float64Array;
  readonly #episodes: Float64Array;
  readonly #positions: Positions;
  /** Rows whose episode is over, or failed. */
  readonly #over: Uint8Array;
  readonly #failed: Uint8Array;
  /** What was done in the episodes under way; undefined where nobody asks for it. */
  readonly #records: readonly EpisodeRecord[] | undefined;
  #next: Next | undefined;
  #failure: EnvironmentError | undefined;

  constructor(environments: readonly Environment[], common: Common, { timeout, resumable }: VectorSettings) {
    const rows = new Rows(environments.length, common);
    super({ ...common, ...rows, size: environments.length, actionCount: common.codec.size }, environments, timeout);
    this.#environments = environments;
    this.#records = resumable ? environments.map(() => new EpisodeRecord()) : undefined;
    this.#codec = common.codec;
    this.#rows = rows;
    this.#steps = new Float64Array(environments.length);
    this.#episodes = new Float64Array(environments.length).fill(-1);
    this.#positions = { steps: this.#steps, episodes: this.#episodes };
    this.#over = new Uint8Array(environments.length);
    this.#failed = new Uint8Array(environments.length);
  }

  reset(next: Next): void | Promise<void> {
    this.requireIdle('environment.reset');
    this.#next = next;
    this.#rows.clear();
    this.#over.fill(1);
    const waiting = this.#resetOver(next);
    return waiting === undefined ? this.#finish() : this.#finishReset(waiting);
  }

  step(actions: Int32Array): void | Promise<void> {
    this.requireIdle('environment.step');
    const next = this.#next;
    if (next === undefined) {
      throw this.notBegun();
    }
    checkActions(actions, this, this.#positions, this.#failed);
    this.#rows.clear();
    const waiting = this.#stepAll(actions);
    if (waiting !== undefined) {
      return this.#finishStep(waiting, next);
    }
    const resetting = this.#resetOver(next);
    return resetting === undefined ? this.#finish() : this.#finishReset(resetting);
  }

  save(): unknown {
    const records = this.#records;
    return (
      records && {
        rows: this.#environments.map((environment, row) =>
          hasState(environment)
            ? { state: cloneData(guard(row, 'environment.getState', () => environment.getState())) }
            : { episode: records[row]?.take() },
        ),
        ...saveArrays(this),
        steps: this.#steps.slice(),
        episodes: this.#episodes.slice(),
      }
    );
  }

  async restore(state: unknown, next: Next): Promise<readonly number[]> {
    this.requireIdle('environment.setState');
    const saved = requireRecord(state);
    const arrays = readArrays(saved, this);
    const { rows, steps, episodes } = saved;
    const size = this.#environments.length;
    if (!isArray(rows) || rows.length !== size || !isCounts(steps, size) || !isCounts(episodes, size)) {
      throw foreignState();
    }
    this.#next = next;
    this.#rows.clear();
    this.#over.fill(0);
    this.#failed.fill(0);
    this.busy = true;
    try {
      await Promise.all(this.#environments.map((environment, row) => this.#restoreRow(environment, row, requireRecord(rows[row]), arrays)));
    } finally {
      this.busy = false;
    }
    this.#steps.set(steps);
    this.#episodes.set(episodes);
    return this.#environments.flatMap((_, row) => (seesTheSame(this, arrays, row, size) ? [] : [row]));
  }

  async #restoreRow(environment: Environment, row: number, saved: Readonly<Record<string, unknown>>, arrays: SavedArrays): Promise<void> {
    if ('state' in saved) {
      if (!hasState(environment)) {
        throw foreignState();
      }
      await guard(row, 'environment.setState', () => environment.setState(cloneData(saved['state'])));
      this.#rows.put(row, arrays);
      return;
    }
    const episode = readEpisode(saved['episode']);
    const record = this.#records?.[row] ?? new EpisodeRecord();
    const first = await guard(row, 'environment.reset', () => environment.reset(record.resume(episode)));
    guard(row, 'environment.reset', () => this.#rows.first(row, first, environment));
    for (const action of episode.actions) {
      const answer = await guard(row, 'environment.step', () => environment.step(this.#codec.decode(action)));
      if (guard(row, 'environment.step', () => this.#rows.step(row, answer, environment))) {
        // It is another episode than it was: one that begins is as good as any.
        const again = await guard(row, 'environment.reset', () => environment.reset(record.resume({ ...episode, actions: NO_ACTIONS })));
        guard(row, 'environment.reset', () => this.#rows.first(row, again, environment));
        this.#rows.clear();
        return;
      }
    }
    this.#rows.clear();
  }

  #stepAll(actions: Int32Array): Waiting | undefined {
    const environments = this.#environments;
    const codec = this.#codec;
    const rows = this.#rows;
    let waiting: Waiting | undefined;
    for (let row = 0; row < environments.length; row += 1) {
      if (this.#failed[row] === 1) {
        rows.abandon(row);
        this.#over[row] = 1;
        continue;
      }
      this.#steps[row] = (this.#steps[row] as number) + 1;
      const environment = environments[row] as Environment;
      rows.place = 'environment.step';
      try {
        const answer: unknown = environment.step(codec.decode(actions[row] as number));
        this.#records?.[row]?.add(actions[row] as number);
        if (isThenable(answer)) {
          waiting ??= new Waiting(this.#stepWaiter);
          waiting.add(row, answer);
        } else if (rows.step(row, answer, environment)) {
          this.#over[row] = 1;
        }
      } catch (error) {
        this.#fail(row, error);
      }
    }
    return waiting;
  }

  #resetOver(next: Next): Waiting | undefined {
    let waiting: Waiting | undefined;
    for (let row = this.#over.indexOf(1); row >= 0; row = this.#over.indexOf(1, row + 1)) {
      const environment = this.#environments[row] as Environment;
      const context = next(row);
      this.#over[row] = 0;
      this.#failed[row] = 0;
      this.#steps[row] = 0;
      this.#episodes[row] = (this.#episodes[row] as number) + 1;
      this.#rows.place = 'environment.reset';
      this.#records?.[row]?.begin(context);
      try {
        const observation: unknown = environment.reset(context);
        if (isThenable(observation)) {
          waiting ??= new Waiting(this.#resetWaiter);
          waiting.add(row, observation);
        } else {
          this.#rows.first(row, observation, environment);
        }
      } catch (error) {
        this.#fail(row, error);
      }
    }
    return waiting;
  }

  readonly #stepWaiter = this.#waiter('environment.step', (row, answer) => {
    if (this.#rows.step(row, answer, this.#environments[row] as Environment)) {
      this.#over[row] = 1;
    }
  });

  readonly #resetWaiter = this.#waiter('environment.reset', (row, observation) =>
    this.#rows.first(row, observation, this.#environments[row] as Environment),
  );

  #waiter(path: string, take: (row: number, value: unknown) => void): Waiter {
    return {
      fulfilled: (row, value) => {
        try {
          take(row, value);
        } catch (error) {
          this.#fail(row, error);
        }
      },
      rejected: (row, reason) => {
        this.#rows.place = path;
        this.#fail(row, reason);
      },
      interrupted: (row, why) => {
        this.#rows.place = path;
        const { reason, remedy } = explainInterruption(why, this.timeout);
        this.#fail(row, new Misfit('', reason, remedy));
      },
    };
  }

  async #finishStep(waiting: Waiting, next: Next): Promise<void> {
    this.busy = true;
    await this.wait(waiting);
    const resetting = this.closed ? undefined : this.#resetOver(next);
    if (resetting !== undefined) {
      await this.wait(resetting);
    }
    this.busy = false;
    this.#finish();
  }

  async #finishReset(waiting: Waiting): Promise<void> {
    this.busy = true;
    await this.wait(waiting);
    this.busy = false;
    this.#finish();
  }

  /** Throws what went wrong in the rows, now that all of them are done. */
  #finish(): void {
    const failure = this.#failure;
    if (failure !== undefined) {
      this.#failure = undefined;
      throw failure;
    }
  }

  #fail(row: number, error: unknown): void {
    this.#failed[row] = 1;
    const path = this.#rows.place;
    const where = { environment: row, episode: this.#episodes[row], step: this.#steps[row] };
    const failure = Misfit.isInstance(error)
      ? new EnvironmentError(error.message, { ...where, path: path + error.path, remedy: error.remedy })
      : EnvironmentError.wrap(error, { ...where, path });
    if (this.#failure === undefined || row < (this.#failure.environment ?? 0)) {
      this.#failure = failure;
    }
  }
}

const NO_ACTIONS = new Int32Array(0);

/** How environments are stepped side by side. */
export interface VectorSettings {
  /** Milliseconds that a call may take; undefined: any time. */
  readonly timeout: number | undefined;
  /** Whether what is done in the episodes under way is written down, so that they can be saved. */
  readonly resumable: boolean;
}

function hasState(environment: Environment): environment is Environment & Required<Pick<Environment, 'getState' | 'setState'>> {
  return environment.getState !== undefined && environment.setState !== undefined;
}

function isCounts(value: unknown, rows: number): value is Float64Array {
  return isFloat64Array(value) && value.length === rows;
}

function readEpisode(episode: unknown): RecordedEpisode {
  const { random, stage, actions } = requireRecord(episode);
  if (!isArray(random) || typeof stage !== 'number' || !isInt32Array(actions)) {
    throw foreignState();
  }
  return { random: random as unknown as RandomState, stage, actions };
}

/** What a call of an environment returns; what it throws, as an error that names the row. */
function guard<T>(row: number, path: string, call: () => T): T {
  const wrap = (error: unknown): never => {
    throw Misfit.isInstance(error)
      ? new EnvironmentError(error.message, { environment: row, path: path + error.path, remedy: error.remedy })
      : EnvironmentError.wrap(error, { environment: row, path });
  };
  try {
    const result = call();
    return isThenable(result) ? (Promise.resolve(result).catch(wrap) as T) : result;
  } catch (error) {
    return wrap(error);
  }
}
