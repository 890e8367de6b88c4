import { readFileSync } from 'node:fs';
import type { StateDict } from 'innate';

/** A tensor of a golden file. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

interface Header {
  readonly dtype: 'F32' | 'I32';
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

/** A safetensors file of f32 and i32 tensors. */
export class Golden {
  readonly #tensors = new Map<string, GoldenTensor>();

  constructor(path: string | URL) {
    const bytes = readFileSync(path);
    const headerLength = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<string, Header>;
    for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(header)) {
      if (name !== '__metadata__') {
        const start = bytes.byteOffset + 8 + headerLength;
        const buffer = bytes.buffer.slice(start + offsets[0], start + offsets[1]) as ArrayBuffer;
        this.#tensors.set(name, { shape, data: dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer) });
      }
    }
  }

  floats(name: string): Float32Array {
    const data = this.#tensors.get(name)?.data;
    if (!(data instanceof Float32Array)) {
      throw new Error(`${name} is not there as f32`);
    }
    return data;
  }

  ints(name: string): Int32Array {
    const data = this.#tensors.get(name)?.data;
    if (!(data instanceof Int32Array)) {
      throw new Error(`${name} is not there as i32`);
    }
    return data;
  }

  weights(prefix: string): StateDict {
    const entries = [...this.#tensors].filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(entries.map(([name, { shape }]) => [name.slice(prefix.length), { shape, data: this.floats(name) }]));
  }
}

/** A golden file of the tutorial. */
export function golden(name: string): Golden {
  return new Golden(new URL(`../../../__test__/golden/tutorial/${name}.safetensors`, import.meta.url));
}
