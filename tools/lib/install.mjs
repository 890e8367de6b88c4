// The packages that the tools need, from their locks.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, npmProgram, ROOT } from './process.mjs';
import { requireNode } from './toolchain.mjs';

/**
 * @param {string} folder - Folder of a package-lock.json, which is installed there unless that has been done.
 * @param {string} what - What is installed, for messages.
 * @param {readonly string[]} flags - Of npm.
 */
async function installLock(folder, what, flags) {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'node_modules/.innate-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) {
    return;
  }
  console.log(`Installing ${what} (npm ci) ...`);
  const args = [npmProgram(), 'ci', ...flags, '--no-audit', '--no-fund', '--loglevel=error'];
  await must(`Installing ${what}`, process.execPath, args, { cwd: folder });
  writeFileSync(stamp, lock);
}

/** Installs the locked packages if they are missing or older than the lock. */
export async function install() {
  requireNode();
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  // Installed by hand: npm writes the two within moments of each other.
  if (!existsSync(installed) || statSync(installed).mtimeMs + 5000 < statSync(join(ROOT, 'package-lock.json')).mtimeMs) {
    await installLock(ROOT, 'packages', ['--include=dev', '--include=optional']);
  }
}

/**
 * Installs packages that few commands need, without their scripts: each set has a lock of its own. See docs/decisions/0012.
 *
 * @param {string} set - Name of the folder in tools; it is installed into build/<set>.
 * @param {string} what - What is installed, for messages.
 * @returns {Promise<string>} The folder of the installed packages.
 */
export async function installLocked(set, what) {
  const home = join(ROOT, 'build', set);
  mkdirSync(home, { recursive: true });
  for (const file of [`tools/${set}/package.json`, `tools/${set}/package-lock.json`, '.npmrc']) {
    cpSync(join(ROOT, file), join(home, file.replace(/^.*\//, '')));
  }
  await installLock(home, what, ['--ignore-scripts']);
  return join(home, 'node_modules');
}
