import { InnateError } from './innate-error.js';

/** One place where the addon was looked for. */
export interface NativeCandidate {
  /** File or package. */
  readonly from: string;
  /** Why it could not be used, one line. */
  readonly reason: string;
}

/** The native addon could not be loaded. Code `ERR_NATIVE_LOAD`. */
export class NativeLoadError extends InnateError {
  /** The platform whose binary was looked for, such as `linux-x64-gnu`. */
  readonly platform: string;
  /** Where it was looked for, and why each place failed. */
  readonly candidates: readonly NativeCandidate[];

  /**
   * @param platform - The platform whose binary was looked for.
   * @param candidates - Where it was looked for.
   * @param remedy - What to run.
   * @param cause - The last loader error.
   */
  constructor(platform: string, candidates: readonly NativeCandidate[], remedy: string, cause?: unknown) {
    const tried = candidates.map(({ from, reason }) => `\n  ${from}: ${reason}`).join('');
    super('ERR_NATIVE_LOAD', `the native addon for ${platform} could not be loaded. Tried:${tried || ' nothing'}\n`, { remedy, cause });
    this.platform = platform;
    this.candidates = candidates;
  }
}
