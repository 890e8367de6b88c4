import { EnvironmentError } from '../errors/environment-error.js';
import { explainInterruption, Waiting } from './waiting.js';

/** What can be closed. */
export interface Closable {
  close?(): unknown;
}

/**
 * Closes environments side by side, each of them once, whatever the others do.
 *
 * @param environments - Rows that were never made are undefined.
 * @param timeout - Milliseconds that they have; undefined for ever.
 * @throws {@link EnvironmentError} naming the first that failed, when all are done.
 */
export async function closeAll(environments: readonly (Closable | undefined)[], timeout: number | undefined): Promise<void> {
  const path = 'environment.close';
  const failures = new Map<number, EnvironmentError>();
  const rejected = (row: number, error: unknown): void => {
    failures.set(row, EnvironmentError.wrap(error, { path, environment: row }));
  };
  const waiting = new Waiting({
    fulfilled: () => undefined,
    rejected,
    interrupted: (row, why) => {
      const { reason, remedy } = explainInterruption(why, timeout);
      failures.set(row, new EnvironmentError(reason, { path, remedy, environment: row }));
    },
  });
  for (const [row, environment] of environments.entries()) {
    if (environment !== undefined && environments.indexOf(environment) === row) {
      try {
        waiting.add(row, Promise.resolve(environment.close?.()));
      } catch (error) {
        rejected(row, error);
      }
    }
  }
  await waiting.all(timeout);
  const first = Math.min(...failures.keys());
  const failure = failures.get(first);
  if (failure !== undefined) {
    throw failure;
  }
}
