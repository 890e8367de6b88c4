import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CheckpointError } from '../../errors/checkpoint-error.js';
import { disk, isCode, messageOf } from './disk.js';
import { sha256Of } from './folder.js';
import { readManifest } from './manifest.js';
import { checkpointsIn, highestToken, MANIFEST } from './names.js';

/** A checkpoint to go on from. */
export interface FoundCheckpoint {
  readonly file: string;
  /** The folder of a run that it stands in; undefined for a file that stands alone. */
  readonly folder: string | undefined;
  /** What is wrong with the folder, one sentence each: a newer checkpoint that is no good, a list that cannot be read. */
  readonly warnings: readonly string[];
  /** Names of the files that are no good. */
  readonly damaged: readonly string[];
  /** Of the last writer of the folder; 0 without one. */
  readonly token: number;
}

/**
 * Finds the checkpoint to go on from. Which is the newest, files' names say; whether it is good, its checksum.
 *
 * @param path - An absolute path: of a folder, for its newest good one; or of a file.
 * @returns The checkpoint.
 * @throws {@link CheckpointError} where there is none.
 */
export async function findCheckpoint(path: string): Promise<FoundCheckpoint> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: unknown) => {
      const why = isCode(error, 'ENOENT') ? 'it does not exist' : messageOf(error);
      throw new CheckpointError(`cannot be read: ${why} (${path}).`, {
        path: 'path',
        remedy: 'Pass the folder of a run, or a file of it.',
        cause: error,
      });
    },
  );
  return isFolder ? newestIn(path) : checkFile(path);
}

async function checkFile(file: string): Promise<FoundCheckpoint> {
  const [named] = checkpointsIn([basename(file)]);
  if (named === undefined) {
    return { file, folder: undefined, warnings: [], damaged: [], token: 0 };
  }
  const wrong = await whatIsWrong(file, named.hash);
  if (wrong !== undefined) {
    throw new CheckpointError(`${wrong} (${file}).`, { path: 'path', remedy: 'Pass its folder: an older one may be good.' });
  }
  const folder = dirname(file);
  return { file, folder, warnings: [], damaged: [], token: highestToken(await read(folder, () => disk.list(folder))) };
}

async function newestIn(folder: string): Promise<FoundCheckpoint> {
  const names = await read(folder, () => disk.list(folder));
  const warnings: string[] = [];
  const damaged: string[] = [];
  const hashes = await listedHashes(folder, names, warnings);
  for (const { file, hash } of checkpointsIn(names)) {
    const path = join(folder, file);
    const wrong = await whatIsWrong(path, hash, hashes.get(file));
    if (wrong === undefined) {
      return { file: path, folder, warnings, damaged, token: highestToken(names) };
    }
    damaged.push(file);
    warnings.push(`${file} ${wrong}; the one before it is used.`);
  }
  const reason =
    damaged.length === 0
      ? 'holds no checkpoint'
      : `holds no good checkpoint: ${damaged.join(', ')} ${damaged.length === 1 ? 'is' : 'are'} damaged`;
  throw new CheckpointError(`${reason} (${folder}).`, { path: 'path', remedy: 'Pass the folder that was given as checkpoint.folder.' });
}

async function listedHashes(folder: string, names: readonly string[], warnings: string[]): Promise<ReadonlyMap<string, string>> {
  if (!names.includes(MANIFEST)) {
    return new Map();
  }
  const bytes = await disk.read(join(folder, MANIFEST)).catch(() => undefined);
  const manifest = bytes && readManifest(Buffer.from(bytes).toString('utf8'));
  if (manifest === undefined) {
    warnings.push(`${MANIFEST} cannot be read; the checkpoints' own names are gone by.`);
  }
  return new Map(manifest?.checkpoints.map(({ file, sha256 }) => [file, sha256]));
}

/** What is wrong with a checkpoint; undefined: nothing. */
async function whatIsWrong(path: string, hash: string, listed?: string): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await disk.read(path);
  } catch (error) {
    return `cannot be read (${messageOf(error)})`;
  }
  const found = await sha256Of(bytes);
  const good = found.startsWith(hash) && (listed === undefined || listed === found || !listed.startsWith(hash));
  return good ? undefined : 'is not what was written: its checksum differs';
}

async function read<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const remedy = 'Let this process read the folder.';
    throw new CheckpointError(`cannot be read: ${messageOf(error)} (${path}).`, {
      path: 'path',
      remedy,
      cause: error,
    });
  }
}
