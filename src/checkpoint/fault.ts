import { CheckpointError } from '../errors/checkpoint-error.js';

const DAMAGED = 'Give a file that was saved, complete and unchanged.';
const NEWER = 'Use the release that wrote it, or a newer one.';

/**
 * @param reason - What is wrong with a file.
 * @param path - The tensor or the field at fault.
 * @param remedy - What to do about it.
 * @returns The error.
 */
export function damaged(reason: string, path?: string, remedy: string = DAMAGED): CheckpointError {
  return new CheckpointError(reason, { path: path === undefined ? 'file' : clip(path), remedy });
}

/**
 * @param path - A field, or a choice.
 * @param what - What it is.
 * @returns The error for what this release does not know: passing it over would change what the agent does.
 */
export function newer(path: string, what: string): CheckpointError {
  return damaged(`${what}; it was written by a newer release.`, path, NEWER);
}

/**
 * @param text - Of a file.
 * @returns At most 80 characters of it, for a message.
 */
export function clip(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach a terminal.
  const shown = text.slice(0, 80).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return shown.length < text.length ? `${shown}…` : shown;
}
