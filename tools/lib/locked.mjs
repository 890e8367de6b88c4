// Packages that few commands need, each set with a lock of its own in tools/<set> and installed into build/<set>. See docs/decisions/0012.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmProgram } from './npm.mjs';
import { must, ROOT } from './process.mjs';

/**
 * Installs a set of packages from its lock, without their scripts, if that has not been done.
 *
 * @param {string} set - Name of the folder in tools.
 * @param {string} what - What is installed, for messages.
 * @returns {Promise<string>} The folder of the installed packages.
 */
export async function installLocked(set, what) {
  const source = join(ROOT, 'tools', set);
  const home = join(ROOT, 'build', set);
  const modules = join(home, 'node_modules');
  const stamp = join(modules, '.innate-lock');
  const lock = readFileSync(join(source, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) {
    return modules;
  }
  console.log(`Installing ${what} (npm ci) ...`);
  mkdirSync(home, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    cpSync(join(source, file), join(home, file));
  }
  cpSync(join(ROOT, '.npmrc'), join(home, '.npmrc'));
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await must(`Installing ${what}`, process.execPath, [npmProgram(), ...args], { cwd: home });
  writeFileSync(stamp, lock);
  return modules;
}
