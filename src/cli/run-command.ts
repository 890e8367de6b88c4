import { parseArgs, types } from 'node:util';
import { InnateError } from '../errors/innate-error.js';
import { OptionsError } from '../errors/options-error.js';

/** A command of the terminal. */
export interface Command {
  /** How it is called. */
  readonly name: string;
  /** What it does, one sentence. */
  readonly does: string;
  /** Its options, each with a value: what stands for the value, and what it means. */
  readonly options: Readonly<Record<string, { readonly value: string; readonly means: string }>>;
}

type Values = Readonly<Record<string, string | undefined>>;

/**
 * Runs a command: reads its options, prints errors as one message instead of a stack, and sets the exit code. `--help` prints what it takes,
 * and so does an error of the options themselves.
 *
 * @param command - What it takes.
 * @param body - Does the work and returns the exit code.
 */
export async function runCommand(command: Command, body: (values: Values) => Promise<number>): Promise<void> {
  const usage = usageOf(command);
  let values: Values & { help?: boolean };
  try {
    const given = Object.keys(command.options).map((name) => [name, { type: 'string' }] as const);
    values = parseArgs({ options: { ...Object.fromEntries(given), help: { type: 'boolean', short: 'h' } } }).values as typeof values;
  } catch (error) {
    console.error(`${types.isNativeError(error) ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 1;
    return;
  }
  if (values.help === true) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await body(values);
  } catch (error) {
    if (InnateError.isInstance(error)) {
      console.error(error.path?.startsWith('--') === true ? `${error.message}\n\n${usage}` : error.message);
    } else {
      console.error(error);
    }
    process.exitCode = 1;
  }
}

/** What `--seed` is. */
export const SEED = { value: 'n', means: 'seed of everything random, an integer from 0 to 2^53 - 1; 0 where absent' } as const;

/**
 * @param text - `--seed` as it was typed.
 * @returns The number; 0 where absent.
 * @throws {@link OptionsError} when it is no seed.
 */
export function readSeed(text: string | undefined): number {
  const seed = text === undefined || /^\d+$/.test(text) ? Number(text ?? 0) : NaN;
  if (!Number.isSafeInteger(seed)) {
    const message = `must be an integer from 0 to ${Number.MAX_SAFE_INTEGER}, got '${text}'.`;
    throw new OptionsError([{ path: '--seed', message, remedy: 'Pass such as --seed 7.' }]);
  }
  return seed;
}

/**
 * @param name - Option, with its dashes.
 * @param text - As it was typed.
 * @param choices - What is allowed, the default first.
 * @returns The choice; the first where absent.
 * @throws {@link OptionsError} when it is none.
 */
export function readChoice<const T extends string>(name: string, text: string | undefined, choices: readonly [T, ...T[]]): T {
  const found = text === undefined ? choices[0] : choices.find((choice) => choice === text);
  if (found === undefined) {
    const message = `must be ${choices.join(' or ')}, got '${text}'.`;
    throw new OptionsError([{ path: name, message, remedy: `Pass ${choices.map((choice) => `${name} ${choice}`).join(' or ')}.` }]);
  }
  return found;
}

function usageOf({ name, does, options }: Command): string {
  const rows = [
    ...Object.entries(options).map(([option, { value, means }]) => [`--${option} <${value}>`, means] as const),
    ['--help', 'prints this'] as const,
  ];
  const width = Math.max(...rows.map(([option]) => option.length));
  return [
    `Usage: ${name} -- [options]`,
    does,
    '',
    'Options:',
    ...rows.map(([option, means]) => `  ${option.padEnd(width)}  ${means}`),
  ].join('\n');
}
