import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { CheckpointError } from '../errors/checkpoint-error.js';
import { isCode } from '../trainer/checkpoint/disk.js';
import { recordFromJson } from '../util/json-data.js';
import { isRecord } from '../util/kind.js';
import type { Reference } from './modules.js';

/** What a checkpoint cannot say of a run, since it is no data: where its task or environment, and its configuration, come from. */
export interface RunRecord {
  readonly task?: Reference | undefined;
  readonly environment?: Reference | undefined;
  /** Absolute path of the configuration. */
  readonly config?: string | undefined;
}

/** Its file, in the run's folder. */
export const RECORD = 'command.json';

/**
 * Writes the record beside the checkpoints, with paths relative to the folder, so that both can be moved together.
 *
 * @param folder - The run's.
 * @param record - What to go on with.
 */
export async function writeRecord(folder: string, { task, environment, config }: RunRecord): Promise<void> {
  const inside = (path: string): string => relative(folder, path).replaceAll('\\', '/');
  const placed = (reference: Reference | undefined): Reference | undefined =>
    reference !== undefined && 'module' in reference ? { module: inside(reference.module) } : reference;
  const value = { version: 1, task: placed(task), environment: placed(environment), config: config && inside(config) };
  const temporary = join(folder, `.${RECORD}-${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, `${JSON.stringify(value, undefined, 2)}\n`, { flag: 'wx' });
    await rename(temporary, join(folder, RECORD));
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * @param folder - A run's.
 * @returns Its record; undefined where it has none, because the run was not made by the command.
 * @throws {@link CheckpointError} where that is none.
 */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const path = join(folder, RECORD);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
  const value = recordFromJson(text);
  const [task, environment, config] = [value?.['task'], value?.['environment'], value?.['config']];
  if (
    value?.['version'] !== 1 ||
    !isReference(task) ||
    !isReference(environment) ||
    !(config === undefined || typeof config === 'string')
  ) {
    const remedy = 'Say what the run is on by --task, --environment or --config.';
    throw new CheckpointError(`is not what innate train writes (${path}).`, { path: RECORD, remedy });
  }
  const outside = (reference: Reference | undefined): Reference | undefined =>
    reference !== undefined && 'module' in reference ? { module: resolve(folder, reference.module) } : reference;
  return { task: outside(task), environment: outside(environment), config: config === undefined ? undefined : resolve(folder, config) };
}

function isReference(value: unknown): value is Reference | undefined {
  return value === undefined || (isRecord(value) && (typeof value['name'] === 'string' || typeof value['module'] === 'string'));
}
