import { TaskError } from '../errors/task-error.js';
import { isThenable, kindOf } from '../util/kind.js';
import { show } from '../util/show.js';

/** What to do about a function that is not. */
export const SYNCHRONOUS = 'Make it a plain, synchronous function: nobody waits for it.';

/**
 * Says what keeps a value from being called for its result.
 *
 * @param value - What ought to be a function.
 * @returns What is wrong; undefined where it is a plain function, or one that does not show its kind.
 */
export function functionIssue(value: unknown): string | undefined {
  if (typeof value !== 'function') {
    return 'is not a function.';
  }
  const kind = /^(Async)?(Generator)?Function$/.exec(kindOf(value));
  const [, asynchronous, generator] = kind ?? [];
  if (asynchronous === undefined && generator === undefined) {
    return undefined;
  }
  return `is ${generator === undefined ? 'an async' : 'a generator'} function.`;
}

/**
 * Refuses what has yet to happen when a function has returned: a promise, or what a generator function gives before any of it has run.
 *
 * @param result - What the function returned.
 * @param path - The function.
 * @throws {@link TaskError} for these.
 */
export function refuseDeferred(result: unknown, path: string): void {
  if (silence(result)) {
    throw new TaskError('returned a promise.', { path, remedy: SYNCHRONOUS });
  }
  if (isGenerator(result)) {
    throw new TaskError('returned a generator, of which nothing has run.', { path, remedy: SYNCHRONOUS });
  }
}

/**
 * Keeps the rejection of a promise that nobody will await from ending the process.
 *
 * @param value - Anything.
 * @returns Whether it was a promise, or another object with a `then`.
 */
export function silence(value: unknown): boolean {
  const deferred = isThenable(value);
  if (deferred) {
    void Promise.resolve(value).then(undefined, () => undefined);
  }
  return deferred;
}

/**
 * The error for a function that returned neither true nor false.
 *
 * @param result - What it returned.
 * @param path - The function.
 * @returns The error to throw.
 */
export function notBoolean(result: unknown, path: string): TaskError {
  refuseDeferred(result, path);
  return new TaskError(`returned ${show(result)}.`, {
    path,
    remedy: `Return true or false${result === undefined ? ': a body in braces needs a return.' : ', such as by a comparison.'}`,
  });
}

/**
 * Refuses what cannot be a problem or a state.
 *
 * @param result - What the function returned.
 * @param path - The function.
 * @throws {@link TaskError} where it is nothing, or has yet to happen.
 */
export function requireData(result: unknown, path: string): void {
  if (result === undefined) {
    throw new TaskError('returned undefined.', {
      path,
      remedy: 'Return plain data, null where there is none: a body in braces needs a return.',
    });
  }
  refuseDeferred(result, path);
}

function isGenerator(value: unknown): boolean {
  const { next, throw: raise } = (value ?? {}) as { readonly next?: unknown; readonly throw?: unknown };
  return typeof next === 'function' && typeof raise === 'function';
}
