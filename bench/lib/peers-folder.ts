import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * @param name - A part of what bench/setup.mjs installs.
 * @returns Its folder, with a slash at the end.
 */
export function peersFolder(name: string): string {
  return `${ROOT}build/bench-peers/${name}/`;
}
