// What an installed package is held to: installation, size, use from JavaScript, time of import.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newProject, sizeOf } from './consumer.mjs';
import { ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

/** How long an installation may take. */
export const INSTALL_SECONDS = 5;
const UNPACKED_BYTES = 8_000_000;
const IMPORT_MS = 60;
const IMPORTS = 15;
const IMPORT_ROUNDS = 3;
/** @type {{ program: string, args: readonly string[] }} */
const THIS_NODE = { program: process.execPath, args: [] };
/** What the programs of tools/consumer print when all went well. */
export const DONE = 'mastered, saved, loaded, acted';

/** The name of what tests do to an agent; crates/innate-napi has it behind a feature. */
const TEST_HOOK = 'panicForTest';

/**
 * Addons that are published have no test hooks, and the one that tests load has: the search finds what it looks for.
 *
 * @param {readonly string[]} published - Files.
 * @param {string} tested - A file.
 */
export function checkHooks(published, tested) {
  /** @param {string} file */
  const has = (file) => readFileSync(file).includes(TEST_HOOK);
  const wrong = [...published.filter(has), ...(has(tested) ? [] : [tested])];
  if (published.length === 0 || wrong.length > 0) {
    throw new ToolError(
      `${TEST_HOOK} must be in ${tested} and in nothing that is published: look at ${wrong.join(', ') || 'what is packed'}.`,
    );
  }
  return `none in ${published.length}`;
}

/**
 * Installs the package into an empty folder, within the budgets of time and size.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} project - The folder.
 */
export async function checkInstall(machine, project) {
  const compilers = await machine.compilers();
  if (compilers.length > 0) {
    throw new ToolError(`This machine has compilers: ${compilers.join(', ')}.`);
  }
  newProject(project);
  const seconds = await machine.npm(project, ['install', 'innate']);
  const modules = join(project, 'node_modules');
  const installed = readdirSync(modules).filter((name) => !name.startsWith('.'));
  const bytes = installed.reduce((sum, name) => sum + sizeOf(join(modules, name)), 0);
  const { scripts, dependencies } = JSON.parse(readFileSync(join(modules, 'innate/package.json'), 'utf8'));
  if (installed.length !== 2 || scripts !== undefined || dependencies !== undefined) {
    throw new ToolError(`Two packages without scripts and dependencies were expected, and there are ${installed.join(', ')}.`);
  }
  const seen = `${installed.join(', ')}: ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(2)} MB unpacked`;
  if (seconds > INSTALL_SECONDS || bytes > UNPACKED_BYTES) {
    throw new ToolError(`${seen}; at most ${INSTALL_SECONDS} s and ${UNPACKED_BYTES / 1e6} MB are allowed.`);
  }
  return seen;
}

/**
 * Runs a program that must print that all went well and nothing else, not even a warning.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} project - Its folder.
 * @param {string} file - A JavaScript file there.
 * @param {{ program: string, args: readonly string[] }} [runtime] - What runs it, and arguments before the file; this Node unless told.
 */
export async function runProgram(machine, project, file, { program, args } = THIS_NODE) {
  const { code, output } = await machine.run(program, project, [...args, file]);
  if (code !== 0 || output.trim() !== DONE) {
    throw new ToolError(`${file} ended with exit status ${code}:\n${output}`);
  }
}

/**
 * @param {Machine} machine - A user's machine.
 * @param {string} project - A folder with the package installed.
 */
export async function checkJavaScript(machine, project) {
  await runProgram(machine, project, 'import.mjs');
  await runProgram(machine, project, 'require.cjs');
  return DONE;
}

/**
 * Times the first import in processes of its own. Other work on the machine only adds to it, so a round that is over the budget is followed
 * by another.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} project - A folder with the package installed.
 */
export async function checkBudget(machine, project) {
  let seen = '';
  for (let round = 1; round <= IMPORT_ROUNDS; round += 1) {
    /** @type {number[]} */
    const times = [];
    for (let i = 0; i < IMPORTS; i += 1) {
      const { output } = await machine.node(project, ['import-time.mjs']);
      times.push(Number(output));
    }
    times.sort((a, b) => a - b);
    const median = times[(IMPORTS - 1) / 2] ?? Number.NaN;
    seen = `median ${median.toFixed(1)} ms of ${IMPORTS}, ${times[0]?.toFixed(1)} to ${times.at(-1)?.toFixed(1)}, round ${round}`;
    if (median < IMPORT_MS) {
      return seen;
    }
  }
  throw new ToolError(`${seen}; less than ${IMPORT_MS} ms is allowed.`);
}
