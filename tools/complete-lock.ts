// Adds to package-lock.json the optional packages of other platforms that the registry in use did not offer when the lock was made; without
// them `npm ci` calls the lock out of date, and on those platforms the tools would lack their binaries. Run after `npm install` has changed
// the lock. On a complete lock it changes nothing. See docs/decisions/0003.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, ToolError } from './lib/process.js';

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly dev?: boolean;
  readonly [other: string]: unknown;
}

/** What npm picks it by. */
function platformOf(name: string): { cpu: string[]; os?: string[]; libc?: string[] } {
  const cpu = /\b(?:arm64|x64|ia32|wasm32|ppc64|riscv64|s390x|loong64|mips64el|arm)\b/.exec(name)?.[0];
  const os = /\b(?:android|darwin|freebsd|linux|openbsd|win32|openharmony|aix|sunos|netbsd)\b/.exec(name)?.[0];
  const abi = /\b(musl|gnu)(?:eabihf)?\b/.exec(name)?.[1];
  if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) {
    throw new ToolError(`${name}: its name does not say which platform it is for.`);
  }
  const libc = abi === 'gnu' ? 'glibc' : abi;
  return { cpu: [cpu], ...(os === undefined ? {} : { os: [os] }), ...(libc === undefined ? {} : { libc: [libc] }) };
}

export async function main(): Promise<void> {
  const file = join(ROOT, 'package-lock.json');
  const lock: { packages: Record<string, Package> } = JSON.parse(readFileSync(file, 'utf8'));
  let added = 0;
  for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const key = `node_modules/${name}`;
      if (lock.packages[key] !== undefined) {
        continue;
      }
      if (!/^\d+\.\d+\.\d+/.test(version)) {
        throw new ToolError(`${name}@${version}: not one version; add it by \`npm install\` with a registry that has it.`);
      }
      lock.packages[key] = { version, ...(dev === true ? { dev } : {}), optional: true, ...platformOf(name) };
      added += 1;
    }
  }
  const { '': root = {}, ...packages } = lock.packages;
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lock.packages = { '': root, ...Object.fromEntries(sorted) };
  const text = `${JSON.stringify(lock, null, 2)}\n`;
  writeFileSync(file, text);
  console.log(`${added} packages of other platforms added`);
}
