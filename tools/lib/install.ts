import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, npmProgram, ROOT } from './process.js';

/**
 * Installs packages that few commands need into build/<set>, without their scripts, unless that has been done: each set has a folder in tools
 * with a lock of its own. See docs/decisions/0012. Returns the folder of the installed packages.
 */
export async function installLocked(set: string, what: string): Promise<string> {
  const home = join(ROOT, 'build', set);
  const lock = readFileSync(join(ROOT, 'tools', set, 'package-lock.json'), 'utf8');
  const stamp = join(home, 'node_modules/.innate-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lock) {
    mkdirSync(home, { recursive: true });
    for (const file of [`tools/${set}/package.json`, `tools/${set}/package-lock.json`, '.npmrc']) {
      cpSync(join(ROOT, file), join(home, file.replace(/^.*\//, '')));
    }
    console.log(`Installing ${what} (npm ci) ...`);
    const args = [npmProgram(), 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await must(`Installing ${what}`, process.execPath, args, { cwd: home });
    writeFileSync(stamp, lock);
  }
  return join(home, 'node_modules');
}
