import { InnateError } from './innate-error.js';

/** An agent, a session, a trainer or an environment was used after `close()`. Code `ERR_CLOSED`. */
export class ClosedError extends InnateError {
  /**
   * @param what - What was used: `agent`, `session`, `trainer` or `environment`.
   * @param cause - The native error, when it was the native side that noticed.
   */
  constructor(what: 'agent' | 'session' | 'trainer' | 'environment', cause?: unknown) {
    super('ERR_CLOSED', 'was used after close().', {
      path: what,
      remedy: `Make a new ${what}, or call close() after the last use.`,
      cause,
    });
  }
}
