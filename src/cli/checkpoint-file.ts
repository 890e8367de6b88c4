import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openSafetensors } from '../checkpoint/safetensors.js';
import { CheckpointError } from '../errors/checkpoint-error.js';
import { isArray, isRecord } from '../util/kind.js';

/** A tensor of a file. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a file holds, read without the addon. */
export interface CheckpointFile {
  readonly bytes: number;
  /** Texts by name; see docs/concepts/checkpoint-format.md. */
  readonly sections: Readonly<Record<string, string>>;
  readonly tensors: readonly FileTensor[];
  /** SHA-256 of the tensors' numbers. */
  readonly sha256: string;
}

/**
 * @param file - A safetensors file.
 * @returns What it holds.
 * @throws {@link CheckpointError} where it is none.
 */
export async function readCheckpointFile(file: string): Promise<CheckpointFile> {
  const bytes = await readFile(file);
  const { header, data } = openedOr(file, bytes);
  const { __metadata__: sections = {}, ...entries } = header;
  if (!isRecord(sections) || !Object.values(sections).every((section) => typeof section === 'string')) {
    throw noSafetensors(file);
  }
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const shape = isRecord(entry) ? entry['shape'] : undefined;
    return { name, shape: isArray(shape) ? shape.map(Number) : [] };
  });
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { bytes: bytes.length, sections: sections as Readonly<Record<string, string>>, tensors, sha256 };
}

function openedOr(file: string, bytes: Uint8Array): ReturnType<typeof openSafetensors> {
  try {
    return openSafetensors(bytes);
  } catch {
    throw noSafetensors(file);
  }
}

function noSafetensors(file: string): CheckpointError {
  const remedy = 'Pass a file that agent.save() or a run has written.';
  return new CheckpointError(`is no safetensors file (${file}).`, { path: 'path', remedy });
}
