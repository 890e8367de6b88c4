import { types } from 'node:util';
import { InnateError } from '../errors/innate-error.js';
import { type Arguments, readArguments } from './arguments.js';
import type { Command, Input, Output } from './command.js';
import { helpOf } from './help.js';

/** Exit codes of what never began, for the way it was called. */
const USAGE = 2;

/**
 * Runs a command: reads what was typed, prints what comes of it, errors as one message instead of a stack, and sets the exit code.
 *
 * @param command - The command.
 * @param args - What was typed after its name.
 */
export async function runCommand(command: Command, args: readonly string[]): Promise<void> {
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  // Where the arguments cannot be read, this is all that is known.
  let json = args.includes('--json');
  try {
    const read = readArguments(command, args);
    if (read.values['help'] === true) {
      process.stdout.write(`${helpOf(command)}\n`);
      return;
    }
    json = read.values['json'] === true;
    const { exitCode, document } = await command.run(inputOf(read, outputOf(json, read.values['quiet'] === true)));
    process.exitCode = exitCode;
    if (json) {
      writeDocument(document);
    }
  } catch (error) {
    process.exitCode = fail(error, json, command.name);
  }
}

/** @param error - What was thrown. @param json - Whether it is a document too. @param name - Of the command. @returns The exit code. */
export function fail(error: unknown, json: boolean, name: string): number {
  const own = InnateError.isInstance(error);
  const usage = own && (error.code === 'ERR_OPTIONS' || error.code === 'ERR_INPUT');
  if (own) {
    process.stderr.write(`${error.message}\n${usage ? `${name} --help says what can be typed.\n` : ''}`);
    if (error.code === 'ERR_TASK' || error.code === 'ERR_ENVIRONMENT') {
      showCause(error.cause);
    }
  } else {
    // Of the user's own code: the stack is what is needed.
    console.error(error);
  }
  if (json) {
    const { code, path, remedy } = own ? error : { code: null, path: undefined, remedy: undefined };
    writeDocument({ error: { code, message: types.isNativeError(error) ? error.message : String(error), path, remedy } });
  }
  return usage ? USAGE : 1;
}

/** What a function of the user's threw. */
function showCause(cause: unknown): void {
  if (cause !== undefined) {
    console.error(cause);
  }
}

function writeDocument(document: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}

function inputOf({ values, positionals }: Arguments, out: Output): Input {
  return {
    text: (option) => values[option] as string | undefined,
    texts: (option) => (values[option] ?? []) as readonly string[],
    arguments: positionals,
    out,
  };
}

function outputOf(json: boolean, quiet: boolean): Output {
  const write = (stream: NodeJS.WriteStream, on: boolean) => (text: string) => {
    if (on) {
      stream.write(text.endsWith('\n') ? text : `${text}\n`);
    }
  };
  const plain = !json && !quiet;
  return { silent: quiet, plain, say: write(process.stdout, plain), note: write(process.stderr, !quiet) };
}
