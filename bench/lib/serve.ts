import { createInterface } from 'node:readline';
import type { StateDict } from 'innate';
import { Golden } from '../../__test__/support/safetensors.js';

/** A tensor on the wire: f32, little-endian, base64. */
export interface Packed {
  readonly shape: readonly number[];
  readonly data: string;
}

/** What a peer answers to `check`: one update on a golden batch. `rewards` only where it scores programs. */
export interface CheckAnswer {
  readonly loss: number;
  readonly gradNorm: number;
  readonly logits: Packed;
  readonly rewards?: Packed;
  readonly weights: Readonly<Record<string, Packed>>;
}

/** What a peer does. */
export interface Service {
  /** One update on a golden batch. */
  check(golden: Golden): Promise<CheckAnswer>;
  /** Whole iterations; nanoseconds of each. */
  run(iterations: number): Promise<number[]>;
  /** Anything else, by its type. */
  other?(request: Readonly<Record<string, unknown>>): Promise<object>;
}

/** @returns A tensor as it goes over the wire. */
export function pack(values: ArrayLike<number>, shape: readonly number[]): Packed {
  return { shape, data: Buffer.from(Float32Array.from(values).buffer).toString('base64') };
}

/** @returns The numbers of a tensor from the wire. */
export function unpack({ data }: Packed): Float32Array {
  const bytes = Buffer.from(data, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** @returns Weights as they go over the wire. */
export function packWeights(weights: StateDict): Record<string, Packed> {
  return Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, pack(data, shape)]));
}

/** @returns Weights from the wire. */
export function unpackWeights(weights: Readonly<Record<string, Packed>>): StateDict {
  return Object.fromEntries(Object.entries(weights).map(([name, packed]) => [name, { shape: packed.shape, data: unpack(packed) }]));
}

/**
 * Answers the bench, one JSON object a line, until it closes the pipe.
 *
 * @param name - Engine and version.
 * @param service - What to answer.
 */
export async function serve(name: string, service: Service): Promise<void> {
  const answer = (message: object): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
  answer({ ready: name });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Readonly<Record<string, unknown>>;
    try {
      if (request['type'] === 'check') {
        answer(await service.check(new Golden(String(request['golden']))));
      } else if (request['type'] === 'run') {
        answer({ nanoseconds: await service.run(Number(request['iterations'])) });
      } else {
        answer((await service.other?.(request)) ?? { error: `No such request: ${line}` });
      }
    } catch (error) {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}
