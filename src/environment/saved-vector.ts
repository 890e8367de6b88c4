import { EnvironmentError } from '../errors/environment-error.js';
import { isFloat32Array, isInt32Array, isRecord, isUint8Array } from '../util/kind.js';
import type { VectorEnvironment } from './vector-environment.js';

/** What the rows of a vector see next. */
export interface SavedArrays {
  readonly dense: Float32Array;
  readonly discrete: Int32Array;
  /** Undefined where nothing is masked. */
  readonly actionMask: Uint8Array | undefined;
}

type Seen = Pick<VectorEnvironment, 'dense' | 'discrete' | 'actionMask'>;

/** @param vector - Environments between two steps. @returns A copy of what is seen next. */
export function saveArrays({ dense, discrete, actionMask }: Seen): SavedArrays {
  return { dense: dense.slice(), discrete: discrete.slice(), actionMask: actionMask?.slice() };
}

/**
 * @param state - Anything.
 * @param vector - Environments that it is to be of.
 * @returns The arrays in it.
 * @throws {@link EnvironmentError} where they are not of such environments.
 */
export function readArrays(state: Readonly<Record<string, unknown>>, vector: Seen): SavedArrays {
  const { dense, discrete, actionMask } = state;
  const fits =
    isFloat32Array(dense) &&
    isInt32Array(discrete) &&
    dense.length === vector.dense.length &&
    discrete.length === vector.discrete.length &&
    (actionMask === undefined || isUint8Array(actionMask)) &&
    actionMask?.length === vector.actionMask?.length;
  if (!fits) {
    throw foreignState();
  }
  return { dense, discrete, actionMask };
}

/** @param vector - Whose arrays are written. @param saved - What is seen next. */
export function restoreArrays(vector: Seen, saved: SavedArrays): void {
  vector.dense.set(saved.dense);
  vector.discrete.set(saved.discrete);
  vector.actionMask?.set(saved.actionMask ?? []);
}

/**
 * @param vector - What a row sees.
 * @param saved - What it saw.
 * @param row - Which row.
 * @param rows - How many there are.
 * @returns Whether that is the same.
 */
export function seesTheSame(vector: Seen, saved: SavedArrays, row: number, rows: number): boolean {
  const same = (a: Float32Array | Int32Array | Uint8Array | undefined, b: typeof a): boolean => {
    const width = (a?.length ?? 0) / rows;
    const own = a?.subarray(row * width, (row + 1) * width);
    return own === undefined || own.every((value, i) => Object.is(value, b?.[row * width + i]));
  };
  return same(vector.dense, saved.dense) && same(vector.discrete, saved.discrete) && same(vector.actionMask, saved.actionMask);
}

/** @param state - Anything. @returns It, as a record. @throws {@link EnvironmentError} where it is none. */
export function requireRecord(state: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(state)) {
    throw foreignState();
  }
  return state;
}

/** @returns The error of a state that was not taken from such environments. */
export function foreignState(): EnvironmentError {
  const remedy = 'Pass the environments that it was taken from.';
  return new EnvironmentError('was given the state of other environments.', { path: 'environment.setState', remedy });
}
