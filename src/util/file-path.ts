import { isAbsolute, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Issues } from './issues.js';
import { isRecord } from './kind.js';
import { show } from './show.js';

const REMEDY = "Pass the path of a file as a string, or a file: URL such as new URL('agent.safetensors', import.meta.url).";

/**
 * Reads the path of a file.
 *
 * @param path - What the caller passed: a string, or a `file:` URL, of any realm or implementation.
 * @param issues - Where issues are added.
 * @returns The absolute path, so that the working folder may change while the file is waited for; meaningful only when no issue was added.
 */
export function readFilePath(path: unknown, issues: Issues): string {
  const add = (message: string, remedy = REMEDY): string => {
    issues.add('path', message, remedy);
    return '';
  };
  let text = path;
  const href = hrefOf(path);
  if (typeof href === 'string') {
    try {
      text = fileURLToPath(href);
    } catch (error) {
      return add(`must be the URL of a file, got ${show(href)}: ${(error as Error).message}.`);
    }
  }
  if (typeof text !== 'string' || text === '') {
    return add(`must be a file's path, got ${show(path)}.`);
  }
  if (text.includes('\0')) {
    return add('must not hold the character U+0000.');
  }
  const name = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf(sep)) + 1);
  if (['', '.', '..'].includes(name)) {
    return add(`must be a file's path, got a folder's: ${show(text)}.`);
  }
  try {
    return absolute(text);
  } catch {
    return add(`is relative, got ${show(text)}, and the working folder is gone.`, 'Pass an absolute path.');
  }
}

function hrefOf(path: unknown): unknown {
  try {
    return isRecord(path) ? path['href'] : undefined;
  } catch {
    // A getter or a proxy of the caller's.
    return undefined;
  }
}

/** The text stays as it is where the system reads it: `..` after a symbolic link is not the folder that the text says. */
function absolute(path: string): string {
  if (sep === '/') {
    return isAbsolute(path) ? path : `${process.cwd()}/${path}`;
  }
  return resolve(path);
}
