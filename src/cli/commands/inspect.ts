import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CheckpointError } from '../../errors/checkpoint-error.js';
import { disk, isCode } from '../../trainer/checkpoint/disk.js';
import { findCheckpoint } from '../../trainer/checkpoint/find.js';
import { readManifest } from '../../trainer/checkpoint/manifest.js';
import { checkpointsIn, MANIFEST } from '../../trainer/checkpoint/names.js';
import { type CheckpointContents, contentsOf, describeContents } from '../checkpoint-contents.js';
import { readCheckpointFile } from '../checkpoint-file.js';
import type { Command } from '../command.js';
import { shownPath, warn } from '../kept.js';
import { readRecord } from '../run-record.js';

/** `innate inspect` */
export const inspect: Command = {
  name: 'innate inspect',
  does: 'Says what a file holds: the model, how programs are emitted, the run, metadata, tensors with their shapes. Of a folder, which checkpoints there are, and what the newest good one holds. Loads no addon.',
  takes: ['PATH'],
  options: {},
  examples: ['innate inspect runs/arithmetic', 'innate inspect agent.safetensors --json'],
  run: async (input) => {
    const path = resolve(input.arguments[0] ?? '');
    const folder = await isFolder(path);
    const { file, warnings, damaged } = folder ? await findCheckpoint(path) : { file: path, warnings: [], damaged: [] };
    const contents = contentsOf(await readCheckpointFile(file));
    const listed = folder ? await listFolder(path, damaged) : undefined;
    const document = {
      ...(listed === undefined ? {} : { folder: { path: shownPath(path), ...listed, warnings } }),
      file: shownPath(file),
      ...contents,
    };
    input.out.say(textOf(shownPath(file), contents, listed?.checkpoints, shownPath(path)));
    warn(warnings, input.out);
    return { exitCode: warnings.length === 0 ? 0 : 1, document };
  },
};

interface Listed {
  readonly file: string;
  readonly good: boolean;
  /** Absent where no list says it. */
  readonly iteration?: number;
  readonly stage?: string;
  readonly metrics?: object;
}

async function listFolder(
  folder: string,
  damaged: readonly string[],
): Promise<{ readonly run: unknown; readonly checkpoints: readonly Listed[] }> {
  const manifest = readManifest(await readFile(join(folder, MANIFEST), 'utf8').catch(() => ''));
  const checkpoints = checkpointsIn(await disk.list(folder)).map(({ file }): Listed => {
    const { iteration, stage, metrics } = manifest?.checkpoints.find((entry) => entry.file === file) ?? {};
    return {
      file,
      good: !damaged.includes(file),
      ...(iteration === undefined ? {} : { iteration, stage: stage ?? '', metrics: metrics ?? {} }),
    };
  });
  return { run: await readRecord(folder), checkpoints };
}

function textOf(file: string, contents: CheckpointContents, listed: readonly Listed[] | undefined, folder: string): string {
  const lines = (listed ?? []).map(({ file: name, good, iteration, stage }) => {
    const known = iteration === undefined ? '' : `  after ${iteration} iterations, stage ${stage}`;
    return `  ${basename(name)}${known}${good ? '' : '  DAMAGED'}`;
  });
  return [...(listed === undefined ? [] : [`${folder}, the newest first:`, ...lines, '']), file, ...describeContents(contents)].join('\n');
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const why = isCode(error, 'ENOENT') ? 'it does not exist' : String(error);
    throw new CheckpointError(`cannot be read: ${why} (${path}).`, {
      path: 'path',
      remedy: "Pass a file, or a run's folder.",
      cause: error,
    });
  }
}
