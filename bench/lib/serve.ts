// How a peer written in TypeScript answers the bench.
import { createInterface } from 'node:readline';
import { type Golden, golden } from '../../__test__/support/safetensors.js';
import { settings } from './agents.js';

/** What a peer answers to `check`: one update on a golden batch. `rewards` only where it scores programs. */
export interface CheckAnswer {
  readonly loss: number;
  readonly gradNorm: number;
  readonly logits: ArrayLike<number>;
  readonly rewards?: ArrayLike<number>;
  /** By PyTorch's names. */
  readonly weights: Readonly<Record<string, ArrayLike<number>>>;
}

/** What a peer does. */
export interface Service {
  /** One update on a golden batch. */
  check?(golden: Golden): Promise<CheckAnswer>;
  /** Whole iterations; milliseconds of each. */
  run?(iterations: number): Promise<number[]>;
  /** Anything else, by its type. */
  other?(request: Readonly<Record<string, unknown>>): Promise<object>;
}

/** Answers the bench, one JSON object a line, until it closes the pipe. */
export async function serve(name: string, { check, run, other }: Service): Promise<void> {
  // Typed arrays become lists.
  const plain = (_: string, value: unknown): unknown => (ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value);
  const answer = (message: object): boolean => process.stdout.write(`${JSON.stringify(message, plain)}\n`);
  answer({ ready: name });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Readonly<Record<string, unknown>>;
    try {
      if (request['type'] === 'check' && check !== undefined) {
        answer(await check(golden(`own_context_stage${settings.stage}`)));
      } else if (request['type'] === 'run' && run !== undefined) {
        answer({ milliseconds: await run(Number(request['iterations'])) });
      } else {
        answer((await other?.(request)) ?? { error: `No such request: ${line}` });
      }
    } catch (error) {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}
