import { types } from 'node:util';
import { CheckpointError } from '../errors/checkpoint-error.js';
import { ClosedError } from '../errors/closed-error.js';
import { DeviceError } from '../errors/device-error.js';
import { InnateError } from '../errors/innate-error.js';
import { InputError } from '../errors/input-error.js';
import { InternalError } from '../errors/internal-error.js';
import { NonFiniteError } from '../errors/non-finite-error.js';
import { OptionsError } from '../errors/options-error.js';

const SEPARATOR = '\u001f';

/**
 * Turns what the addon threw, `CODE\u001fPATH\u001fMESSAGE` and perhaps `\u001fREMEDY`, into a typed error with the remedy. Errors of this
 * package pass unchanged.
 *
 * @param error - Anything thrown or rejected by the binding.
 * @returns The typed error; its `cause` is the native one.
 */
export function fromNative(error: unknown): InnateError {
  if (InnateError.isInstance(error)) {
    return error;
  }
  const text = types.isNativeError(error) ? error.message : String(error);
  const [code, path, reason, remedy] = text.split(SEPARATOR);
  if (path === undefined || reason === undefined) {
    return new InternalError(`the native addon failed: ${sentence(text)}`, { remedy: REPORT, cause: error });
  }
  const message = sentence(reason);
  const where = path === '' ? undefined : path;
  switch (code) {
    case 'ERR_OPTIONS':
      return new OptionsError([{ path: path || 'options', message, remedy: remedy ?? 'Correct this option.' }]);
    case 'ERR_INPUT':
      return new InputError(
        [{ path: path || 'input', message, remedy: remedy ?? (path === 'gradient' ? WAITING : 'Correct this value.') }],
        { cause: error },
      );
    case 'ERR_CHECKPOINT':
      return new CheckpointError(message, {
        path: where,
        remedy: remedy ?? 'Give a file written by agent.save() of this package, complete and of the same network.',
        cause: error,
      });
    case 'ERR_DEVICE':
      return new DeviceError(message, {
        path: where ?? 'device',
        remedy: "Pass device: 'cpu', or 'auto', which takes the CPU where there is no usable CUDA device.",
        cause: error,
      });
    case 'ERR_NON_FINITE':
      return new NonFiniteError(message, {
        path: where,
        remedy:
          path === 'logits'
            ? SMALLER_WEIGHTS
            : 'Lower learningRate, keep the returns small (about -10 to 10), or go back to an earlier checkpoint.',
        cause: error,
      });
    case 'ERR_CLOSED':
      return new ClosedError('agent', error);
    default:
      return new InternalError(message, { path: where, remedy: REPORT, cause: error });
  }
}

/**
 * Calls the addon.
 *
 * @param call - The call.
 * @returns What it returned.
 * @throws What it threw, as a typed error.
 */
export function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * Calls the addon and waits.
 *
 * @param call - The call.
 * @returns What its promise resolves with.
 * @throws What it threw or rejected with, as a typed error.
 */
export async function guardedAsync<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw fromNative(error);
  }
}

const WAITING = 'accumulate() makes one, apply() takes a step along it, and setGradient() forgets it.';

const SMALLER_WEIGHTS =
  'These weights are too large to compute with: go back to an earlier checkpoint, or load others; a session must then be made anew, or begin() again.';

const REPORT = 'This is a bug of the package: please report it with the code that led to it.';

function sentence(text: string): string {
  const first = text.trim();
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
