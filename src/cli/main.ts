#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { OptionsError } from '../errors/options-error.js';
import { meantName } from './arguments.js';
import type { Command } from './command.js';
import { columns } from './help.js';
import { fail, runCommand } from './run-command.js';

/** The commands, each loaded when it is called. */
const COMMANDS: Readonly<Record<string, { readonly does: string; readonly load: () => Promise<Command> }>> = {
  train: { does: 'trains an agent', load: async () => (await import('./commands/train.js')).train },
  resume: { does: 'goes on with a run that was interrupted', load: async () => (await import('./commands/resume.js')).resume },
  evaluate: { does: 'measures a trained agent', load: async () => (await import('./commands/evaluate.js')).evaluate },
  explain: { does: 'shows problems and what the agent does about them', load: async () => (await import('./commands/explain.js')).explain },
  export: { does: 'writes an agent as ONNX', load: async () => (await import('./commands/export.js')).exportAgent },
  check: { does: 'looks for faults in a task or an environment', load: async () => (await import('./commands/check.js')).check },
  inspect: {
    does: 'says what a checkpoint, or a folder of them, holds',
    load: async () => (await import('./commands/inspect.js')).inspect,
  },
  tutorial: { does: 'trains the published tutorial to the letter', load: async () => (await import('./commands/tutorial.js')).tutorial },
};

function help(): string {
  const rows = Object.entries(COMMANDS).map(([name, { does }]) => [name, does] as const);
  return [
    'Usage: innate COMMAND [options]',
    '',
    'Commands:',
    ...columns(rows),
    '',
    'innate COMMAND --help says what a command takes; innate --version prints the version.',
    'Exit codes: 0 fine, 1 something failed or was found, 2 typed wrongly, 130 interrupted.',
  ].join('\n');
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function main([name, ...args]: readonly string[]): Promise<void> {
  if (name === undefined || name === '--help' || name === '-h') {
    process.stdout.write(`${help()}\n`);
    return;
  }
  if (name === '--version' || name === '-v') {
    process.stdout.write(`${version()}\n`);
    return;
  }
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found === undefined) {
    const names = Object.keys(COMMANDS);
    const meant = meantName(name, names);
    const remedy = meant === undefined ? `Commands: ${names.join(', ')}.` : `Did you mean ${meant}?`;
    const error = new OptionsError([{ path: name, message: 'is not a command.', remedy }]);
    process.exitCode = fail(error, args.includes('--json'), 'innate');
    return;
  }
  await runCommand(await found.load(), args);
}

await main(process.argv.slice(2));
