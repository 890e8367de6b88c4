import { type ErrorDetails, InnateError } from './innate-error.js';

/** A device that cannot be used here. Code `ERR_DEVICE`. */
export class DeviceError extends InnateError {
  /**
   * @param reason - What is wrong.
   * @param details - Path, remedy and cause.
   */
  constructor(reason: string, details: ErrorDetails = {}) {
    super('ERR_DEVICE', reason, details);
  }
}
