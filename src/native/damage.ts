import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Compares the binary of an installed platform package with the hash that the package was made with. A cut or altered library cannot be
 * left to the loader of the system: it maps the file and may end the process with a bus error.
 *
 * @param name - The package, such as `innate-linux-x64-gnu`.
 * @param resolve - Node's `require.resolve`.
 * @returns What is wrong, one clause; nothing when all is well, or when the package is not there or carries no hash.
 */
export function findDamage(name: string, resolve: (id: string) => string): string | undefined {
  let path: string;
  try {
    path = resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
  try {
    const { main, innate } = JSON.parse(readFileSync(path, 'utf8')) as { main?: string; innate?: { sha256?: string } };
    if (main === undefined || innate?.sha256 === undefined) {
      return undefined;
    }
    // Asked for here, because importing it would be a tenth of the time that importing this package takes.
    const { createHash } = process.getBuiltinModule('node:crypto');
    const binary = readFileSync(join(dirname(path), main));
    return createHash('sha256').update(binary).digest('hex') === innate.sha256 ? undefined : 'is damaged';
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_ACCESS_DENIED') {
      // Not the package's fault; loading it says so.
      return undefined;
    }
    return 'is damaged, with a file that cannot be read';
  }
}
