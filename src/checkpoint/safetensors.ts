import { isArray, isRecord } from '../util/kind.js';
import { damaged } from './fault.js';
import { parseJson } from './json.js';

/** What readers of safetensors take. */
const MAX_HEADER = 100_000_000;
const METADATA = '__metadata__';

/**
 * @param bytes - A file. It is read in place.
 * @returns Its header, of which nothing is checked, and what stands behind it.
 * @throws {@link CheckpointError} where that is no safetensors file.
 */
export function openSafetensors(bytes: Uint8Array): { readonly header: Readonly<Record<string, unknown>>; readonly data: Uint8Array } {
  const { buffer, byteOffset, byteLength: size } = bytes;
  const view = new DataView(buffer, byteOffset, size);
  const length = size < 8 ? Infinity : view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > Math.min(size - 8, MAX_HEADER)) {
    throw damaged('is not a whole safetensors file.');
  }
  const header = record('header', parseJson(decode(bytes.subarray(8, 8 + length)), 'header', size));
  // Not by a method of what was given: a Buffer's slices are no copies.
  return { header, data: new Uint8Array(buffer, byteOffset + 8 + length, size - 8 - length) };
}

/** A safetensors file, whole as far as its header says. */
export class Safetensors {
  /** Bytes of the file. */
  readonly size: number;
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly #data: Uint8Array;
  readonly #header: Readonly<Record<string, unknown>>;

  /**
   * @param bytes - The file. It is read in place.
   * @throws {@link CheckpointError} where that is no safetensors file.
   */
  constructor(bytes: Uint8Array) {
    this.size = bytes.byteLength;
    const { header, data } = openSafetensors(bytes);
    this.#header = header;
    this.#data = data;
    let end = 0;
    for (const [name, entry] of Object.entries(this.#header)) {
      const { data_offsets: offsets } = record(name, entry);
      end = name === METADATA ? end : Math.max(end, Number(isArray(offsets) ? offsets[1] : Number.NaN));
    }
    if (end !== this.#data.byteLength) {
      throw damaged('is not a whole safetensors file.');
    }
    this.metadata = record(METADATA, this.#header[METADATA] ?? {});
  }

  /**
   * @param name - A tensor.
   * @param shape - Its shape.
   * @returns Its numbers, copied.
   * @throws {@link CheckpointError} where there is none of 32-bit floats and this shape, or one of its numbers is not finite.
   */
  floats(name: string, shape: readonly number[]): Float32Array {
    const { dtype, shape: said, data_offsets: offsets } = record(name, this.#header[name]);
    const [begin, end] = (isArray(offsets) ? offsets : []) as number[];
    const count = shape.reduce((product, size) => product * size, 1);
    const numbers = this.#data.slice(begin, end);
    if (dtype !== 'F32' || String(said) !== String(shape) || numbers.length !== 4 * count || end !== (begin as number) + 4 * count) {
      throw damaged(`must be of dtype F32 and shape [${shape.join(', ')}], and within the file.`, name);
    }
    const view = new DataView(numbers.buffer);
    const floats = new Float32Array(numbers.buffer);
    for (let index = 0; index < count; index += 1) {
      // In the file the lowest byte comes first, whatever the machine has.
      floats[index] = view.getFloat32(4 * index, true);
      if (!Number.isFinite(floats[index])) {
        throw damaged(`element ${index} must be a finite number, got ${floats[index]}.`, name);
      }
    }
    return floats;
  }
}

function record(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) {
    throw damaged(value === undefined ? 'is missing.' : 'must be an object.', name);
  }
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged('is no UTF-8.', 'header');
  }
}
