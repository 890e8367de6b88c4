import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { ROOT } from './peers-folder.js';

const built = new Map<string, string | undefined>();

/**
 * @param name - An example of crates/innate-core.
 * @returns Its program, built by cargo with what the package was built with; `undefined` where that fails.
 */
export function rustExample(name: string): string | undefined {
  if (!built.has(name)) {
    built.set(name, build(name));
  }
  return built.get(name);
}

function build(name: string): string | undefined {
  const folders = existsSync(`${ROOT}target`) ? readdirSync(`${ROOT}target`) : [];
  const host = folders.find((folder) => existsSync(`${ROOT}target/${folder}/release/deps`) && folder !== 'napi-rs');
  const target = host === undefined ? [] : ['--target', host];
  try {
    const args = ['build', '--locked', '--release', '-q', '--workspace', '--example', name, ...target];
    execFileSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    return undefined;
  }
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return `${ROOT}target/${host === undefined ? '' : `${host}/`}release/examples/${name}${suffix}`;
}
