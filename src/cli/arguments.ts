import { type ParseArgsConfig, parseArgs, types } from 'node:util';
import { OptionsError } from '../errors/options-error.js';
import { meantBy } from '../util/option-names.js';
import { COMMON_OPTIONS, type Command, type OptionSpec } from './command.js';

/** What was typed, by name. */
export interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

/**
 * Reads what was typed after a command's name, with Node's own parser.
 *
 * @param command - What it takes.
 * @param args - What was typed.
 * @returns Values by option.
 * @throws {@link OptionsError} for what it does not take.
 */
export function readArguments(command: Pick<Command, 'options' | 'takes' | 'name'>, args: readonly string[]): Arguments {
  const specs = { ...command.options, ...COMMON_OPTIONS };
  const options = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, parserOption(spec)]));
  refuseUnknown(args, options);
  let parsed: Arguments;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    const message = types.isNativeError(error) ? error.message : String(error);
    throw new OptionsError([{ path: command.name, message: `${message.split('\n')[0]?.replace(/\.$/, '')}.` }]);
  }
  if (parsed.values['help'] !== true) {
    checkPositionals(command, parsed.positionals);
  }
  return parsed;
}

/**
 * @param word - What was typed for a name that there is not.
 * @param names - Those that there are, in small letters with hyphens.
 * @returns The one that was meant, if it can be told.
 */
export function meantName(word: string, names: readonly string[]): string | undefined {
  const byCamel = new Map(names.map((name) => [camelCase(name), name]));
  const meant = meantBy(word, new Set(byCamel.keys()));
  return meant === undefined ? undefined : byCamel.get(meant);
}

/** @param name - Such as `learning-rate`. @returns Such as `learningRate`. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function parserOption({ value, short, multiple }: OptionSpec): NonNullable<ParseArgsConfig['options']>[string] {
  return {
    type: value === undefined ? 'boolean' : 'string',
    ...(short === undefined ? {} : { short }),
    ...(multiple === undefined ? {} : { multiple }),
  };
}

/** Node's parser says of an unknown option no more than that. */
function refuseUnknown(args: readonly string[], options: NonNullable<ParseArgsConfig['options']>): void {
  const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
  const issues = tokens.flatMap((token) => {
    if (token.kind !== 'option' || Object.hasOwn(options, token.name)) {
      return [];
    }
    const meant = meantName(token.name, Object.keys(options));
    const remedy = meant === undefined ? '--help lists the options.' : `Did you mean --${meant}?`;
    return [{ path: token.rawName, message: 'is not an option.', remedy }];
  });
  if (issues.length > 0) {
    throw new OptionsError(issues);
  }
}

function checkPositionals({ takes, name }: Pick<Command, 'takes' | 'name'>, positionals: readonly string[]): void {
  const missing = takes[positionals.length];
  const extra = positionals[takes.length];
  if (missing !== undefined) {
    throw new OptionsError([{ path: missing, message: 'is missing.', remedy: `Type ${[name, ...takes].join(' ')}.` }]);
  }
  if (extra !== undefined) {
    throw new OptionsError([{ path: extra, message: `is one word too many.`, remedy: `Type ${[name, ...takes, '[options]'].join(' ')}.` }]);
  }
}
