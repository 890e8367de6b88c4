import { type ParseArgsConfig, parseArgs, types } from 'node:util';
import { InnateError } from '../errors/innate-error.js';

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/**
 * Runs a command of the terminal: reads the flags, prints errors as one message instead of a stack, and sets the exit code.
 *
 * @param options - Flags, as for `util.parseArgs`.
 * @param body - Does the work and returns the exit code.
 */
export async function runCommand(
  options: NonNullable<ParseArgsConfig['options']>,
  body: (values: Values) => Promise<number>,
): Promise<void> {
  try {
    process.exitCode = await body(parseArgs({ options }).values);
  } catch (error) {
    const expected =
      InnateError.isInstance(error) || (types.isNativeError(error) && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    console.error(expected ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * @param value - `--seed` as it was typed.
 * @returns The number; NaN, which no option accepts, for what is none.
 */
export function seedFlag(value: unknown): number {
  return value === undefined ? 0 : Number(value);
}
