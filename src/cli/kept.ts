import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { findCheckpoint } from '../trainer/checkpoint/find.js';
import { readManifest } from '../trainer/checkpoint/manifest.js';
import { MANIFEST } from '../trainer/checkpoint/names.js';
import type { Output } from './command.js';
import { type RunRecord, readRecord } from './run-record.js';

/** What is kept of a run. */
export interface Kept {
  /** The run's folder, as people type it. */
  readonly folder: string;
  /** Its newest good checkpoint, likewise. */
  readonly checkpoint: string;
  /** Iterations that it was made after; undefined where no list says it. */
  readonly iteration: number | undefined;
}

/** @param folder - A run's. @returns What is kept in it; undefined where nothing is. */
export async function keptIn(folder: string): Promise<Kept | undefined> {
  const found = await findCheckpoint(resolve(folder)).catch(() => undefined);
  if (found === undefined) {
    return undefined;
  }
  const manifest = readManifest(await readFile(join(folder, MANIFEST), 'utf8').catch(() => ''));
  const entry = manifest?.checkpoints.find(({ file }) => file === basename(found.file));
  return { folder: shownPath(folder), checkpoint: shownPath(found.file), iteration: entry?.iteration };
}

/** @param path - Of a file or folder. @returns It as people type it. */
export function shownPath(path: string): string {
  return relative('', resolve(path)) || '.';
}

/** @param folder - As people type it. @returns The line that goes on with the run. */
export function resumeLine(folder: string): string {
  return `innate resume ${/[^\w./\\:-]/.test(folder) ? `"${folder}"` : folder}`;
}

/** @param name - Of what is trained on. @returns A folder that is not there yet. */
export function newFolder(name: string): string {
  const base = `runs/${name.replace(/[^\w.-]+/g, '-')}`;
  for (let n = 1; ; n += 1) {
    const folder = n === 1 ? base : `${base}-${n}`;
    if (!existsSync(folder)) {
      return folder;
    }
  }
}

/** An agent's file, and what its folder says of it. */
export interface NamedFile {
  readonly file: string;
  readonly record: RunRecord | undefined;
}

/**
 * @param path - What was typed: a file, or a run's folder.
 * @param out - Told of newer checkpoints that are no good.
 * @returns The file: of a folder its newest good checkpoint.
 */
export async function namedFile(path: string, out: Output): Promise<NamedFile> {
  const { file, warnings } = await findCheckpoint(resolve(path));
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  warn(warnings, out);
  return { file, record: await readRecord(folder) };
}

/** @param warnings - What is wrong with a folder. @param out - Where it is said. */
export function warn(warnings: readonly string[], out: Output): void {
  for (const warning of warnings) {
    out.note(`Warning: ${warning}`);
  }
}
