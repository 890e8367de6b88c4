import type { ExecutionContext } from 'ava';
import { type ErrorCode, InnateError } from 'innate';

/** What a typed error must say. */
export interface Expected {
  readonly code: ErrorCode;
  readonly path: string;
  readonly name?: string;
}

/** Asserts that something fails with a typed error that has code, path and remedy, and returns it. */
export async function fails(t: ExecutionContext, work: () => unknown, { code, path, name }: Expected): Promise<InnateError> {
  try {
    await work();
  } catch (error) {
    t.true(error instanceof InnateError, String(error));
    const failure = error as InnateError;
    t.is(failure.code, code, failure.message);
    t.is(failure.path, path, failure.message);
    t.true((failure.remedy ?? '').length > 0, 'a remedy');
    t.true(failure.message.includes(path), 'the path in the message');
    if (name !== undefined) {
      t.is(failure.name, name);
    }
    return failure;
  }
  return t.fail(`nothing failed; expected ${code} at ${path}`);
}
