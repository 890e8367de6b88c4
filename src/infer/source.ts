import { CheckpointError } from '../errors/checkpoint-error.js';
import { InputError } from '../errors/input-error.js';
import { isUint8Array, kindOf } from '../util/kind.js';
import { show, showThrown } from '../util/show.js';

/** Where a file is read from: its bytes, a `Blob` or `File`, or what `fetch` answered. */
export type CheckpointSource = Uint8Array | ArrayBuffer | Blob | Response;

/**
 * @param source - What the caller passed.
 * @returns The bytes; those of an array are not copied.
 * @throws {@link CheckpointError} where they cannot be had.
 * @throws {@link InputError} where it is none of these.
 */
export async function readSource(source: CheckpointSource): Promise<Uint8Array> {
  if (isUint8Array(source)) {
    return source;
  }
  const kind = kindOf(source);
  if (kind === 'ArrayBuffer' || kind === 'SharedArrayBuffer') {
    return new Uint8Array(source as ArrayBuffer);
  }
  const { ok, status, arrayBuffer } = (source ?? {}) as Partial<Response>;
  if (typeof arrayBuffer !== 'function') {
    const message = `must be a Uint8Array, an ArrayBuffer, a Blob or a Response, got ${show(source)}.`;
    throw new InputError([{ path: 'source', message }]);
  }
  if (ok === false) {
    throw new CheckpointError(`was answered with status ${status}.`, { path: 'source' });
  }
  try {
    return new Uint8Array(await arrayBuffer.call(source));
  } catch (cause) {
    throw new CheckpointError(`could not be read: ${showThrown(cause)}.`, { path: 'source', cause });
  }
}
