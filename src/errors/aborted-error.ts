import { InnateError } from './innate-error.js';

/** Training was stopped through an `AbortSignal`. `name` is `AbortError`, as the platform has it; `cause` is the signal's reason. Code `ERR_ABORTED`. */
export class AbortedError extends InnateError {
  /** @param reason - The signal's reason. */
  constructor(reason?: unknown) {
    super('ERR_ABORTED', 'training was aborted.', {
      path: 'signal',
      remedy: "What was trained so far is in this error's `partial`.",
      cause: reason,
    });
    this.name = 'AbortError';
  }
}
