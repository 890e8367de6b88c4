// How a peer written in TypeScript answers the bench.
import { createInterface } from 'node:readline';

/** What a peer answers to `check`: one update on a golden batch. `rewards` only where it scores programs. */
export interface CheckAnswer {
  readonly loss: number;
  readonly gradNorm: number;
  readonly logits: ArrayLike<number>;
  readonly rewards?: ArrayLike<number>;
  readonly weights: Readonly<Record<string, ArrayLike<number>>>; // By PyTorch's names.
}

type Request = Readonly<Record<string, unknown>>;

/** Answers the bench, one JSON object a line, until it closes the pipe: to each type of request by the function of that name. */
export async function serve(name: string, answers: Readonly<Record<string, (request: Request) => Promise<object>>>): Promise<void> {
  // Typed arrays become lists.
  const plain = (_: string, value: unknown): unknown => (ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value);
  const answer = (message: object): boolean => process.stdout.write(`${JSON.stringify(message, plain)}\n`);
  answer({ ready: name });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      answer((await answers[String(request['type'])]?.(request)) ?? { error: `No such request: ${line}` });
    } catch (error) {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}
