import { COMMON_OPTIONS, type Command, type OptionSpec } from './command.js';

/** @param command - A command. @returns What it takes, for people. */
export function helpOf({ name, does, takes, options, examples }: Command): string {
  const all = Object.entries({ ...options, ...COMMON_OPTIONS }).map(([option, spec]) => [optionForm(option, spec), spec.means] as const);
  return [
    `Usage: ${[name, ...takes, '[options]'].join(' ')}`,
    '',
    does,
    '',
    'Options:',
    ...columns(all),
    ...(examples.length > 0 ? ['', 'Examples:', ...examples.map((example) => `  ${example}`)] : []),
  ].join('\n');
}

/** @param rows - Pairs of texts. @returns Lines in which the second ones stand under each other. */
export function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function optionForm(name: string, { value, short }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`;
}
