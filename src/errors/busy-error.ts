import { InnateError } from './innate-error.js';

/** A trainer was asked to run while it is running: one run at a time. Code `ERR_BUSY`. */
export class BusyError extends InnateError {
  constructor() {
    super('ERR_BUSY', 'is already training.', {
      path: 'trainer',
      remedy: 'Await the first run, or make a second trainer with Trainer.create().',
    });
  }
}
