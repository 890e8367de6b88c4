import { isArray, isRecord } from '../util/kind.js';
import { damaged } from './fault.js';
import { parseJson } from './json.js';

/** What readers of safetensors take. */
const MAX_HEADER = 100_000_000;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A safetensors file whose header has been found to describe just its bytes. */
export class Safetensors {
  /** Bytes of the file. */
  readonly size: number;
  readonly #data: Uint8Array;
  readonly #header: Readonly<Record<string, unknown>>;

  /**
   * @param bytes - The file. It is read in place.
   * @throws {@link CheckpointError} where that is no safetensors file.
   */
  constructor(bytes: Uint8Array) {
    this.size = bytes.byteLength;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.size < 8) {
      throw damaged('is not a whole safetensors file: it has less than 8 bytes.');
    }
    const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
    if (length > Math.min(this.size - 8, MAX_HEADER)) {
      throw damaged('is not a whole safetensors file: its header would be longer than the file or than 100 MB.');
    }
    const header = parseJson(decode(bytes.subarray(8, 8 + length)), 'header', this.size);
    if (!isRecord(header)) {
      throw damaged('must be an object.', 'header');
    }
    this.#header = header;
    this.#data = bytes.subarray(8 + length);
  }

  /** @returns The metadata: texts by name. */
  metadata(): ReadonlyMap<string, string> {
    const metadata = Object.hasOwn(this.#header, '__metadata__') ? this.#header['__metadata__'] : {};
    const entries = isRecord(metadata) ? Object.entries(metadata) : [];
    const bad = entries.find((entry): entry is [string, unknown] => typeof entry[1] !== 'string');
    if (!isRecord(metadata) || bad !== undefined) {
      throw damaged('must be an object of texts.', '__metadata__');
    }
    return new Map(entries as [string, string][]);
  }

  /**
   * Refuses all but just these tensors of 32-bit floats, one after another without a gap.
   *
   * @param shapes - Their shapes by name.
   * @throws {@link CheckpointError} naming the tensor at fault.
   */
  check(shapes: ReadonlyMap<string, readonly number[]>): void {
    const unknown = Object.keys(this.#header).find((name) => name !== '__metadata__' && !shapes.has(name));
    if (unknown !== undefined) {
      throw damaged('is not part of this network.', unknown);
    }
    const ranges = Array.from(shapes, ([name, shape]) => this.#check(name, shape)).sort((a, b) => a.begin - b.begin);
    let end = 0;
    for (const range of ranges) {
      if (range.begin !== end) {
        throw damaged('does not follow on the tensor before it.', range.name);
      }
      end = range.end;
    }
    if (end !== this.#data.byteLength) {
      throw damaged(`is not a whole safetensors file: its tensors take ${end} bytes, and ${this.#data.byteLength} follow.`);
    }
  }

  /**
   * @param name - A tensor that has been checked.
   * @returns Its numbers, copied.
   * @throws {@link CheckpointError} where one of them is not finite.
   */
  floats(name: string): Float32Array {
    const [begin, end] = (this.#header[name] as { readonly data_offsets: readonly [number, number] }).data_offsets;
    const bytes = this.#data.slice(begin, end);
    const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
    if (!LITTLE_ENDIAN) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      floats.forEach((_, index) => {
        floats[index] = view.getFloat32(4 * index, true);
      });
    }
    for (let index = 0; index < floats.length; index += 1) {
      if (!Number.isFinite(floats[index])) {
        throw damaged(`element ${index} must be a finite number, got ${floats[index]}.`, name);
      }
    }
    return floats;
  }

  #check(name: string, expected: readonly number[]): { name: string; begin: number; end: number } {
    const entry = Object.hasOwn(this.#header, name) ? this.#header[name] : undefined;
    if (!isRecord(entry)) {
      throw damaged(entry === undefined ? 'is missing.' : 'must be described by an object.', name);
    }
    const { dtype, shape, data_offsets: offsets } = entry;
    if (dtype !== 'F32') {
      throw damaged('must have dtype F32.', name);
    }
    if (!isArray(shape) || shape.length !== expected.length || shape.some((size, axis) => size !== expected[axis])) {
      throw damaged(`must have shape [${expected.join(', ')}].`, name);
    }
    const [begin, end]: readonly unknown[] = isArray(offsets) && offsets.length === 2 ? offsets : [];
    const bytes = expected.reduce((product, size) => product * size, 4);
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end) || (end as number) - (begin as number) !== bytes) {
      throw damaged(`must have data_offsets ${bytes} bytes apart.`, name);
    }
    return { name, begin: begin as number, end: end as number };
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damaged('is no UTF-8.', 'header');
  }
}
