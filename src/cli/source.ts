import { basename } from 'node:path';
import { OptionsError } from '../errors/options-error.js';
import type { Task } from '../task/task.js';
import { type AnyFactory, TASKS } from './built-in.js';
import type { Input, OptionSpec } from './command.js';
import { type Config, loadConfig } from './config.js';
import { loadEnvironment, loadTask, type Reference, readReference } from './modules.js';
import type { RunRecord } from './run-record.js';

/** What an agent is trained on, or was. */
export interface Source {
  /** Options that say it to a trainer. */
  readonly on: { readonly task: Task } | { readonly environment: AnyFactory };
  /** A short name for it. */
  readonly name: string;
  /** The configuration that goes with it, if one was read. */
  readonly config: Config | undefined;
  /** What finds it again. */
  readonly record: RunRecord;
}

/** Options that say what an agent is trained on. */
export const SOURCE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  task: { value: 'task', means: 'a module that exports a task, such as ./my-task.ts; or a built-in one, such as arithmetic' },
  environment: { value: 'env', means: 'a module that exports what makes environments; or a built-in one, such as cart-pole' },
  config: { value: 'file', means: 'a configuration; innate.config.ts, .mts, .js or .mjs of this folder where absent' },
};

/** Where it may be said what an agent is trained on, beside the options. */
export interface SourceHints {
  /** Of the run's folder. */
  readonly record?: RunRecord | undefined;
  /** Of the agent's file. */
  readonly taskName?: string | undefined;
  /** Whether a configuration is read though an option names the task: for the other options in it. */
  readonly configured?: true | undefined;
}

/**
 * Finds what an agent is trained on: what the options name; else what the run's folder names; else the configuration of the working folder; else the
 * built-in task of the name that the file has.
 *
 * @param input - What was typed.
 * @param hints - See {@link SourceHints}.
 * @returns The source.
 * @throws {@link OptionsError} where nothing says it.
 */
export async function findSource(input: Input, { record, taskName, configured }: SourceHints): Promise<Source> {
  const [task, environment, path] = [input.text('task'), input.text('environment'), input.text('config')];
  if (task !== undefined && environment !== undefined) {
    throw new OptionsError([{ path: '--environment', message: 'cannot be given beside --task.', remedy: 'Leave one of them out.' }]);
  }
  const typed: RunRecord | undefined =
    task === undefined && environment === undefined ? undefined : { task: reference(task), environment: reference(environment) };
  const config = await configFor(path, typed, { record, configured });
  // A configuration that is named goes over what the folder says.
  const asked = typed ?? (path === undefined ? record : undefined) ?? {};
  const found = (await fromReferences(asked, typed !== undefined)) ?? fromConfig(config) ?? (await fromName(taskName));
  if (found === undefined) {
    const remedy = 'Pass --task, --environment, or --config; or write innate.config.ts with `export default defineConfig({ task })`.';
    throw new OptionsError([{ path: '--task', message: 'must say what the agent is trained on.', remedy }]);
  }
  return { ...found, config, record: { ...found.record, config: config?.path } };
}

async function configFor(
  path: string | undefined,
  typed: RunRecord | undefined,
  { record, configured }: SourceHints,
): Promise<Config | undefined> {
  if (path !== undefined || configured === true) {
    return loadConfig(path);
  }
  // What is named needs none, and a run has its own, or none.
  const needed = typed === undefined && (record === undefined || record.config !== undefined);
  return needed ? loadConfig(record?.config) : undefined;
}

type Found = Pick<Source, 'on' | 'name' | 'record'>;

async function fromReferences({ task, environment }: RunRecord, typed: boolean): Promise<Found | undefined> {
  if (task !== undefined) {
    const loaded = await loadTask(task, typed ? '--task' : 'task');
    return { on: { task: loaded }, name: String(loaded.name), record: { task } };
  }
  if (environment !== undefined) {
    const made = await loadEnvironment(environment, typed ? '--environment' : 'environment');
    return { on: { environment: made }, name: nameOf(environment), record: { environment } };
  }
  return undefined;
}

/** What is wrong with it, a trainer says. */
function fromConfig(config: Config | undefined): Found | undefined {
  const { task, environment } = (config?.options ?? {}) as { readonly task?: Task; readonly environment?: AnyFactory };
  if (environment !== undefined) {
    return { on: { environment }, name: 'environment', record: {} };
  }
  return task === undefined ? undefined : { on: { task }, name: String((task as Partial<Task> | null)?.name), record: {} };
}

async function fromName(taskName: string | undefined): Promise<Found | undefined> {
  const load = taskName !== undefined && Object.hasOwn(TASKS, taskName) ? TASKS[taskName] : undefined;
  return load && taskName !== undefined ? { on: { task: await load() }, name: taskName, record: { task: { name: taskName } } } : undefined;
}

function reference(text: string | undefined): Reference | undefined {
  return text === undefined ? undefined : readReference(text);
}

function nameOf(named: Reference): string {
  return 'name' in named ? named.name : basename(named.module).replace(/\.[cm]?[jt]s$/, '');
}
