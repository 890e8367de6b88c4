import { InnateError } from '../errors/innate-error.js';
import { guardedAsync } from '../native/error.js';
import { type Binding, loadBinding } from '../native/load.js';
import type { Engine, RuntimeConfig } from './options.js';

/** What was made, and where. */
export interface Placed<T> {
  /** What was made. */
  readonly value: T;
  /** Why `auto` took the CPU; absent otherwise. */
  readonly reason: string | undefined;
}

/** Makes something with an addon, on a device of it, with an engine. */
export type Make<T> = (binding: Binding, device: 'cpu' | 'cuda', engine: Engine) => Promise<T>;

/**
 * Makes something where the options say. With `auto`: on CUDA if its addon loads and finds a device, else on the CPU, which is said once a
 * process.
 *
 * @param runtime - Device and engine.
 * @param make - Makes it.
 * @returns It, and why the CPU was taken.
 * @throws {@link NativeLoadError} when the addon for the device does not load.
 * @throws {@link DeviceError} when the device cannot be used.
 */
export async function onDevice<T>({ device, engine }: RuntimeConfig, make: Make<T>): Promise<Placed<T>> {
  const on = (where: 'cpu' | 'cuda'): Promise<T> =>
    guardedAsync(() => make(loadBinding(where), where, engine ?? (where === 'cpu' ? 'fused' : 'plain')));
  if (device !== 'auto') {
    return { value: await on(device), reason: undefined };
  }
  if (engine === 'fused') {
    return { value: await on('cpu'), reason: "the engine 'fused' runs on the CPU only." };
  }
  try {
    return { value: await on('cuda'), reason: undefined };
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) {
      throw error;
    }
    const value = await on('cpu');
    warnOnce(reason);
    return { value, reason };
  }
}

/** What an error of the device says without the path and the remedy of who asked for CUDA and nothing else; `undefined` for other errors. */
function reasonOf(error: unknown): string | undefined {
  if (!InnateError.isInstance(error)) {
    return undefined;
  }
  const { code, message, path, remedy } = error;
  if (code === 'ERR_DEVICE') {
    return message.replace(`${path}: `, '').replace(` ${remedy}`, '');
  }
  return code === 'ERR_NATIVE_LOAD' ? message : undefined;
}

let warned = false;

function warnOnce(reason: string): void {
  if (!warned) {
    warned = true;
    process.emitWarning(`device: 'auto' takes the CPU, because ${reason}`, { type: 'InnateWarning', code: 'INNATE_CPU' });
  }
}
