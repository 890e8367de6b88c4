import { showThrown } from '../util/show.js';
import { type ErrorDetails, InnateError } from './innate-error.js';

/** What an {@link EnvironmentError} says beside its message. */
export interface EnvironmentErrorDetails extends ErrorDetails {
  /** Which of the environments side by side, from 0. Absent where it is about all of them. */
  readonly environment?: number | undefined;
  /** Which episode of that environment, from 0. Absent before the first. */
  readonly episode?: number | undefined;
  /** Which step of the episode, from 1; 0 for its reset. Absent before the first episode. */
  readonly step?: number | undefined;
}

/**
 * An environment that cannot be made, that throws or does not answer, or whose observations, rewards or masks are not what its spaces say.
 * Code `ERR_ENVIRONMENT`.
 */
export class EnvironmentError extends InnateError {
  /** What is wrong, without place, path and remedy. */
  readonly reason: string;
  /** Which of the environments side by side, from 0; undefined where it is about all of them. */
  readonly environment: number | undefined;
  /** Which episode of that environment, from 0; undefined before the first. */
  readonly episode: number | undefined;
  /** Which step of the episode, from 1, and 0 for its reset; undefined before the first episode. */
  readonly step: number | undefined;

  /**
   * @param reason - What is wrong, without place, path and remedy.
   * @param details - Path such as `environment.step.reward`, remedy, cause; and which environment, episode and step.
   */
  constructor(reason: string, details: EnvironmentErrorDetails = {}) {
    const { environment, episode, step } = details;
    const places = [
      ...(environment === undefined ? [] : [`environment ${environment}`]),
      ...(episode === undefined ? [] : [`episode ${episode}`]),
      ...(step === undefined ? [] : [`step ${step}`]),
    ];
    super('ERR_ENVIRONMENT', places.length === 0 ? reason : `at ${places.join(', ')}: ${reason}`, details);
    this.reason = reason;
    this.environment = environment;
    this.episode = episode;
    this.step = step;
  }

  /**
   * Makes an EnvironmentError of anything that an environment has thrown.
   *
   * @param error - What was thrown.
   * @param details - The function at fault; which environment, episode and step.
   * @returns The error to throw: the same one where it says already which environment it is about.
   */
  static wrap(error: unknown, details: EnvironmentErrorDetails): EnvironmentError {
    if (InnateError.isInstance(error) && error.code === 'ERR_ENVIRONMENT' && (error as EnvironmentError).environment !== undefined) {
      return error as EnvironmentError;
    }
    const remedy = 'See the cause, and correct the environment.';
    return new EnvironmentError(`threw ${showThrown(error)}.`, { remedy, ...details, cause: error });
  }
}
