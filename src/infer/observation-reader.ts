import { InputError } from '../errors/input-error.js';
import { ActionCodec } from '../spaces/action-codec.js';
import { Misfit } from '../spaces/misfit.js';
import { ObservationWriter } from '../spaces/observation-writer.js';
import type { Spaces } from '../spaces/plain.js';
import type { DiscreteSpace, MultiDiscreteSpace } from '../spaces/space.js';
import { isArray } from '../util/kind.js';
import { show } from '../util/show.js';
import type { NetworkInfo } from './info.js';

/** Observations and masks of rows in flat arrays. */
export interface Observed {
  /** Numbers, `[rows, D]`; undefined where there are none. */
  readonly dense: Float32Array | undefined;
  /** Ids, `[rows, K]`; undefined where there are none. */
  readonly discrete: Int32Array | undefined;
  /** 1 for each action that is allowed, `[rows, A]`; undefined where all are. */
  readonly allowed: Uint8Array | undefined;
}

/** What an agent hears and does before each step; without an observation space it hears nothing. */
export type Heard = Pick<Spaces, 'actionSpace'> & Partial<Spaces> & Pick<NetworkInfo, 'observed'>;

/**
 * @param info - Of an agent.
 * @returns The spaces of its environment; or, with a task, the ids of the symbols that it hears, and its tokens.
 */
export function heardBy({ observationSpace, actionSpace, observed, vocabSize }: NetworkInfo): Heard {
  if (observationSpace !== undefined && actionSpace !== undefined) {
    return { observed, observationSpace, actionSpace };
  }
  const tokens: DiscreteSpace = { kind: 'discrete', n: vocabSize };
  const symbols: MultiDiscreteSpace = { kind: 'multi-discrete', sizes: observed.discrete };
  return {
    observed,
    actionSpace: tokens as Spaces['actionSpace'],
    ...(symbols.sizes.length === 0 ? {} : { observationSpace: symbols as Spaces['observationSpace'] }),
  };
}

/** Reads what rows observe, of one row or of several, into arrays that it keeps. */
export class ObservationReader {
  readonly #rows: number;
  readonly #writer: ObservationWriter | undefined;
  readonly #codec: ActionCodec<unknown>;
  readonly #dense: Float32Array;
  readonly #discrete: Int32Array;
  readonly #allowed: Uint8Array;

  /**
   * @param spaces - What is observed and done.
   * @param rows - How many rows. Of one row the value itself is read, of several an array with one a row.
   */
  constructor({ observed, observationSpace, actionSpace }: Heard, rows: number) {
    this.#rows = rows;
    this.#writer = observationSpace === undefined ? undefined : new ObservationWriter(observationSpace);
    this.#codec = new ActionCodec(actionSpace);
    this.#dense = new Float32Array(rows * observed.dense);
    this.#discrete = new Int32Array(rows * observed.discrete.length);
    this.#allowed = new Uint8Array(rows * this.#codec.size);
  }

  /**
   * @param observation - What is observed.
   * @param actionMask - What is allowed: a mask, or with several rows one a row, undefined where all is.
   * @returns Both; the arrays are written again by the next call.
   * @throws {@link InputError} naming the first bad value.
   */
  read(observation: unknown, actionMask: unknown): Observed {
    const writer = this.#writer;
    if ((observation === undefined) !== (writer === undefined)) {
      const message = writer === undefined ? 'is of no use to this agent, which hears nothing.' : 'is missing.';
      const remedy = writer === undefined ? 'Leave it out.' : 'Pass what is observed before the step.';
      throw new InputError([{ path: 'observation', message, remedy }]);
    }
    if (writer !== undefined) {
      this.#each('observation', observation, (value, row) => writer.write(value, row, this.#dense, this.#discrete));
    }
    if (actionMask !== undefined) {
      this.#allowed.fill(1);
      this.#each('actionMask', actionMask, (value, row) => {
        if (value !== undefined) {
          this.#codec.writeMask(value, row, this.#allowed);
        }
      });
    }
    return {
      dense: this.#dense.length === 0 ? undefined : this.#dense,
      discrete: this.#discrete.length === 0 ? undefined : this.#discrete,
      allowed: actionMask === undefined ? undefined : this.#allowed,
    };
  }

  /** @param id - Of an action. @returns The action, as the environment takes it. */
  actionOf(id: number): number | readonly number[] {
    return this.#codec.decode(id) as number | readonly number[];
  }

  #each(name: string, value: unknown, write: (value: unknown, row: number) => void): void {
    const rows = this.#rows;
    if (rows === 1) {
      writeOne(name, () => write(value, 0));
      return;
    }
    if (!isArray(value) || value.length !== rows) {
      const message = `must be an array of ${rows}, one a row, got ${show(value)}.`;
      throw new InputError([{ path: name, message, remedy: 'Pass as many as the session has rows.' }]);
    }
    for (let row = 0; row < rows; row += 1) {
      writeOne(`${name}[${row}]`, () => write(value[row], row));
    }
  }
}

function writeOne(place: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (Misfit.isInstance(error)) {
      throw new InputError([{ path: place + error.path, message: error.message, remedy: error.remedy }], { cause: error });
    }
    throw error;
  }
}
