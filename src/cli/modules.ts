import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OptionsError } from '../errors/options-error.js';
import type { Task } from '../task/task.js';
import { isCode } from '../trainer/checkpoint/disk.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { meantName } from './arguments.js';
import { type AnyFactory, ENVIRONMENTS, TASKS } from './built-in.js';

/** Something of a module of the user's, or something that comes along. */
export type Reference =
  /** A name of {@link TASKS} or {@link ENVIRONMENTS}. */
  | { readonly name: string }
  /** The absolute path of a module. */
  | { readonly module: string };

/** What a task or an environment was called on the command line. @param text - As it was typed. @returns What it names. */
export function readReference(text: string): Reference {
  return /^[a-z][\w-]*$/i.test(text) && !existsSync(text) ? { name: text } : { module: resolve(text) };
}

/**
 * @param reference - What was named.
 * @param option - Where, for messages.
 * @returns The task.
 */
export async function loadTask(reference: Reference, option: string): Promise<Task> {
  if ('name' in reference) {
    return builtIn(TASKS, reference.name, option);
  }
  const exported = await exportOf(reference.module, 'task', option);
  if (!isRecord(exported)) {
    throw noExport(option, 'a task', 'task', exported);
  }
  return exported as unknown as Task;
}

/**
 * @param reference - What was named.
 * @param option - Where, for messages.
 * @returns What makes the environments.
 */
export async function loadEnvironment(reference: Reference, option: string): Promise<AnyFactory> {
  if ('name' in reference) {
    return builtIn(ENVIRONMENTS, reference.name, option);
  }
  const exported = await exportOf(reference.module, 'environment', option);
  if (typeof exported !== 'function') {
    throw noExport(option, 'a function that makes environments', 'environment', exported);
  }
  // A class is one too, but for `new`.
  return /^class\b/.test(Function.prototype.toString.call(exported))
    ? () => new (exported as new () => Awaited<ReturnType<AnyFactory>>)() as never
    : (exported as AnyFactory);
}

/**
 * Loads a module of the user's.
 *
 * @param path - Its absolute path.
 * @param option - Where it was named, for messages.
 * @returns What it exports.
 * @throws {@link OptionsError} where it is not there, or is TypeScript that this Node does not run; an error with the cause where it throws.
 */
export async function importModule(path: string, option: string): Promise<Readonly<Record<string, unknown>>> {
  if (!existsSync(path)) {
    throw new OptionsError([{ path: option, message: `names a file that is not there: ${path}.`, remedy: 'Pass the path of a module.' }]);
  }
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (isCode(error, 'ERR_UNKNOWN_FILE_EXTENSION') && /\.[cm]?tsx?\b/.test(String(error))) {
      const message = `is TypeScript, or imports it, which Node ${process.versions.node} does not run as it is (${path}).`;
      throw new OptionsError([{ path: option, message, remedy: 'Use Node 22.18 or newer, or compile it and pass the JavaScript.' }]);
    }
    throw new Error(`${option}: ${path} could not be loaded.`, { cause: error });
  }
}

async function exportOf(path: string, name: string, option: string): Promise<unknown> {
  const exports = await importModule(path, option);
  return exports[name] ?? exports['default'];
}

function noExport(option: string, what: string, name: string, exported: unknown): OptionsError {
  const message = `must name a module that exports ${what}, got ${show(exported)}.`;
  return new OptionsError([{ path: option, message, remedy: `Export it by default, or as \`${name}\`.` }]);
}

async function builtIn<T>(all: Readonly<Record<string, () => Promise<T>>>, name: string, option: string): Promise<T> {
  const load = Object.hasOwn(all, name) ? all[name] : undefined;
  if (load !== undefined) {
    return load();
  }
  const meant = meantName(name, Object.keys(all));
  const remedy =
    meant === undefined ? `Pass one of ${Object.keys(all).join(', ')}, or a path such as ./my-task.ts.` : `Did you mean ${meant}?`;
  throw new OptionsError([{ path: option, message: `there is no '${name}'.`, remedy }]);
}
