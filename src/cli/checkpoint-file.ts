import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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

const LENGTH = 8;

/**
 * @param file - A safetensors file.
 * @returns What it holds.
 * @throws {@link CheckpointError} where it is none.
 */
export async function readCheckpointFile(file: string): Promise<CheckpointFile> {
  const bytes = await readFile(file);
  const end = bytes.length < LENGTH ? Infinity : LENGTH + Number(bytes.readBigUInt64LE());
  const header = end <= bytes.length ? parse(bytes.toString('utf8', LENGTH, end)) : undefined;
  const { __metadata__: sections = {}, ...entries } = header ?? {};
  if (header === undefined || !isRecord(sections) || !Object.values(sections).every((section) => typeof section === 'string')) {
    throw new CheckpointError(`is no safetensors file (${file}).`, {
      path: 'path',
      remedy: 'Pass a file that agent.save() or a run has written.',
    });
  }
  const tensors = Object.entries(entries).map(([name, entry]) => {
    const shape = isRecord(entry) ? entry['shape'] : undefined;
    return { name, shape: isArray(shape) ? shape.map(Number) : [] };
  });
  const sha256 = createHash('sha256').update(bytes.subarray(end)).digest('hex');
  return { bytes: bytes.length, sections: sections as Readonly<Record<string, string>>, tensors, sha256 };
}

/** @param section - A section of a file. @returns It as data; undefined where it is absent or no JSON object. */
export function parse(section: string | undefined): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(section ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
