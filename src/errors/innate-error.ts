import { hasBrand } from '../util/kind.js';

/** Stable codes of the errors that this package throws. */
export type ErrorCode =
  /** {@link OptionsError} */
  | 'ERR_OPTIONS'
  /** {@link InputError} */
  | 'ERR_INPUT'
  /** {@link TaskError} */
  | 'ERR_TASK'
  /** {@link EnvironmentError} */
  | 'ERR_ENVIRONMENT'
  /** {@link CheckpointError} */
  | 'ERR_CHECKPOINT'
  /** {@link DeviceError} */
  | 'ERR_DEVICE'
  /** {@link NativeLoadError} */
  | 'ERR_NATIVE_LOAD'
  /** {@link NonFiniteError} */
  | 'ERR_NON_FINITE'
  /** {@link ClosedError} */
  | 'ERR_CLOSED'
  /** {@link AbortedError} */
  | 'ERR_ABORTED'
  /** {@link BusyError} */
  | 'ERR_BUSY'
  /** {@link InternalError} */
  | 'ERR_INTERNAL';

/** What an error says beside its message. */
export interface ErrorDetails {
  /** The bad value's place as the caller wrote it, such as `stages[2].until.successRate`. Absent where no value is to blame. */
  readonly path?: string | undefined;
  /** What to do about it, one sentence. */
  readonly remedy?: string | undefined;
  /** What caused it: anything that was thrown. Absent where nothing was. */
  readonly cause?: unknown;
}

const BRAND = Symbol.for('innate.error');

/**
 * The base of every error that this package throws on purpose. `code` is stable; `message` is for people and names the bad value's path
 * and the remedy.
 */
export class InnateError extends Error {
  /** Stable code: programs test this, not the message. */
  readonly code: ErrorCode;
  /** The bad value's place as the caller wrote it; undefined where no value is to blame. */
  readonly path: string | undefined;
  /** What to do about it, one sentence; undefined where there is nothing to say. */
  readonly remedy: string | undefined;
  /**
   * What had been trained when the error happened, on every error thrown once training has begun; see {@link hasPartialResult} for its type.
   * Not enumerable, so that printing the error does not print the agent.
   */
  declare readonly partial?: unknown;

  /**
   * @param code - Stable code.
   * @param reason - What is wrong, without path and remedy.
   * @param details - Path, remedy and cause.
   */
  constructor(code: ErrorCode, reason: string, details: ErrorDetails = {}) {
    // Some messages begin with the path themselves.
    const where = details.path === undefined || reason.startsWith(details.path) ? '' : `${details.path}: `;
    const remedy = details.remedy === undefined ? '' : ` ${details.remedy}`;
    super(`${where}${reason}${remedy}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.path = details.path;
    this.remedy = details.remedy;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Whether a value is an error of this package, also when it comes from another copy of it.
   *
   * @param value - Anything.
   * @returns True for an {@link InnateError}.
   */
  static isInstance(value: unknown): value is InnateError {
    return hasBrand(value, BRAND);
  }
}
