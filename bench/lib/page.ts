// docs/benchmarks.md: a page for people, in which the bench writes what it measured and no one else writes a figure.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { ROOT } from '../../tools/lib/process.js';

const PAGE = `${ROOT}/docs/benchmarks.md`;
/** What was measured: name, digest, Markdown. */
const MEASURED = /<!-- measured: ([\w-]+) (\w+) -->\n(.*?)\n<!-- end -->/gs;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** What stands in the page: names, and whether it is what the bench wrote. */
export function measuredParts(): { readonly name: string; readonly intact: boolean }[] {
  const parts = readFileSync(PAGE, 'utf8').matchAll(MEASURED);
  return Array.from(parts, ([, name = '', written, text = '']) => ({ name, intact: digest(text) === written }));
}

/** Prints what was measured, and puts it in its place in the page, with the command and the machine. */
export function report(name: string, command: string, tables: readonly string[]): void {
  const text = [`\`${command}\` (${describeMachine()})`, ...tables].join('\n\n');
  console.log(`\n${text}\n`);
  const part = `<!-- measured: ${name} ${digest(text)} -->\n${text}\n<!-- end -->`;
  const page = readFileSync(PAGE, 'utf8').replace(MEASURED, (old, of) => (of === name ? part : old));
  writeFileSync(PAGE, page);
}

/** Where and when something is measured; nothing that names the machine. */
function describeMachine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const system = `${platform()} ${release().split('.').slice(0, 2).join('.')} ${arch()}`;
  const date = new Date().toISOString().slice(0, 10);
  return `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${memory} GiB, ${system}, Node ${process.version}; ${date}, commit ${commit()}`;
}

/** The last commit, with a `+` when files differ from it; what the bench itself writes does not count. */
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', '.', ':!docs') === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
