import { type ErrorCode, InnateError } from '../../errors/innate-error.js';
import type { Issue } from '../../errors/issue.js';
import { OptionsError } from '../../errors/options-error.js';
import { kindOf } from '../../util/kind.js';
import { showThrown } from '../../util/show.js';

/** An error as plain data, so that it can be sent from a thread to another. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: ErrorCode | undefined;
  readonly path: string | undefined;
  readonly remedy: string | undefined;
  readonly issues: readonly Issue[] | undefined;
}

/** @param thrown - Anything. @returns Whether it is an error, of any realm. */
export function isError(thrown: unknown): thrown is Error {
  return kindOf(thrown) === 'Error';
}

/**
 * @param thrown - Anything that was thrown.
 * @returns It as data.
 */
export function errorData(thrown: unknown): ErrorData {
  const { name, message, stack } = isError(thrown) ? thrown : new Error(`threw ${showThrown(thrown)}.`);
  const { code, path, remedy } = InnateError.isInstance(thrown) ? thrown : { code: undefined, path: undefined, remedy: undefined };
  const issues = InnateError.isInstance(thrown) && code === 'ERR_OPTIONS' ? (thrown as OptionsError).issues : undefined;
  return { name, message, stack, code, path, remedy, issues };
}

/**
 * @param data - What {@link errorData} returned.
 * @returns The error again, with its stack. What is of this package has code, path and remedy.
 */
export function errorFrom({ name, message, stack, code, path, remedy, issues }: ErrorData): Error {
  let error: Error;
  if (issues !== undefined) {
    error = new OptionsError(issues);
  } else if (code !== undefined) {
    // The message has path and remedy in it already.
    error = Object.defineProperties(new InnateError(code, message), { path: { value: path }, remedy: { value: remedy } });
  } else {
    error = new Error(message);
  }
  for (const [key, value] of [
    ['name', name],
    ['stack', stack],
  ] as const) {
    Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
  }
  return error;
}
