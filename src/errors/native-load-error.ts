import { InnateError } from './innate-error.js';

/** One place where the addon was looked for. */
export interface NativeCandidate {
  /** File or package. */
  readonly from: string;
  /** Why it could not be used, one line. */
  readonly reason: string;
}

/** The native addon could not be loaded. The message is one sentence that ends in what to do. Code `ERR_NATIVE_LOAD`. */
export class NativeLoadError extends InnateError {
  /** The platform whose binary was looked for, such as `linux-x64-gnu`. */
  readonly platform: string;
  /** Where it was looked for, and why each place failed. */
  readonly candidates: readonly NativeCandidate[];

  /**
   * @param platform - The platform whose binary was looked for.
   * @param reason - What is wrong, the sentence up to its colon.
   * @param remedy - What to do, the rest of the sentence.
   * @param candidates - Where it was looked for.
   * @param cause - The last loader error.
   */
  constructor(platform: string, reason: string, remedy: string, candidates: readonly NativeCandidate[], cause?: unknown) {
    super('ERR_NATIVE_LOAD', `${reason}:`, { remedy, cause });
    this.platform = platform;
    this.candidates = candidates;
  }
}
