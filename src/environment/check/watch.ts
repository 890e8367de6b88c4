import { isRecord, isThenable } from '../../util/kind.js';
import type { Environment, EnvironmentFactory, VectorEnvironmentFactory } from '../environment.js';

/** What is seen of an environment from outside while it is played. */
export interface Watched {
  /** The environment itself; undefined for one over typed arrays. */
  environment: Environment | undefined;
  /** Whether it gave the same object for two observations in a row. */
  reused: boolean;
}

/**
 * Makes environments that do what those of the factory do, and watches them.
 *
 * @param factory - The factory.
 * @param watched - Written to.
 * @returns The factory to use instead.
 */
export function watching(factory: EnvironmentFactory | VectorEnvironmentFactory, watched: Watched): EnvironmentFactory {
  return async (index, size) => {
    const made: unknown = await factory(index, size);
    if (!isRecord(made) || typeof made['reset'] !== 'function' || typeof made['step'] !== 'function' || !('observationSpace' in made)) {
      return made as unknown as Environment;
    }
    const environment = made as unknown as Environment;
    watched.environment = environment;
    let last: unknown;
    const see = (observation: unknown): void => {
      watched.reused ||= typeof observation === 'object' && observation !== null && observation === last;
      last = observation;
    };
    const after = <T>(value: T | Promise<T>, look: (value: T) => void): T | Promise<T> => {
      if (isThenable(value)) {
        return Promise.resolve(value).then((settled) => {
          look(settled as T);
          return settled as T;
        });
      }
      look(value as T);
      return value;
    };
    return {
      observationSpace: environment.observationSpace,
      actionSpace: environment.actionSpace,
      stages: environment.stages,
      masked: environment.masked,
      algorithmOptions: environment.algorithmOptions,
      reset: (context) => after(environment.reset(context), see),
      step: (action) => after(environment.step(action), (step) => see(step?.observation)),
      ...(environment.actionMask === undefined ? {} : { actionMask: () => environment.actionMask?.() ?? [] }),
      ...(environment.close === undefined ? {} : { close: () => environment.close?.() }),
    };
  };
}
