// The licence notices of what is linked into the addon, from what cargo says and the crates' own files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT, run, ToolError } from './process.js';

const ROOT_CRATE = 'innate-napi';

export interface Crate {
  readonly name: string;
  readonly version: string;
  readonly license: string | null; // SPDX expression.
  readonly source: string | null; // Null for a crate of this workspace.
  readonly manifest_path: string; // Where its sources are.
}

async function cargo(args: readonly string[]): Promise<string> {
  const { code, output } = await run('cargo', args, { output: 'capture' });
  if (code !== 0) {
    throw new ToolError(`cargo ${args[0]} failed:\n${output.slice(0, 2000)}`);
  }
  return output;
}

/** The workspace's crates and all that they depend on with any feature. */
export async function allCrates(args: readonly string[] = []): Promise<Crate[]> {
  const output = await cargo(['metadata', '--format-version', '1', '--locked', '--all-features', ...args]);
  return JSON.parse(output.slice(output.indexOf('{"packages"'))).packages;
}

/** The crates that are linked into the addon, by name, without those of this workspace. */
export async function linkedCrates(target: string, features: readonly string[] = []): Promise<Crate[]> {
  // A procedural macro runs in the compiler, and so does what it depends on.
  const edges = ['--edges', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}'];
  const tree = await cargo(['tree', '--locked', '--package', ROOT_CRATE, '--target', target, '--features', features.join(), ...edges]);
  const linked = new Set(tree.match(/^\S+ v\S+/gm));
  return (await allCrates(['--filter-platform', target]))
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} v${version}`))
    .sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}

/** Licences that a binary under MIT may contain: the list that `cargo deny` reads too. */
function allowList(): ReadonlySet<string> {
  const toml = readFileSync(join(ROOT, 'deny.toml'), 'utf8').replaceAll('\r\n', '\n');
  const list = /^\[licenses\]\n(?:(?!\[)[^\n]*\n)*?allow = \[([^\]]+)\]/m.exec(toml)?.[1] ?? '';
  const names = new Set(list.match(/(?<=")[^",]+(?=")/g));
  if (names.size === 0) {
    throw new ToolError('deny.toml has no list `allow` in [licenses], one licence a line in double quotes: restore it.');
  }
  return names;
}

/** Whether it is met by allowed licences alone. Where AND and OR stand side by side without brackets, AND is read last: it allows less. */
export function isAllowed(license: string | null): boolean {
  const licences = allowList();
  const alternatives = (text: string) => text.replaceAll(/[()]/g, '').split(/ OR |\//);
  const allowed = (text: string) => text.split(' AND ').every((name) => licences.has(name.trim()));
  return (license ?? '').split(/ AND (?![^(]*\))/).every((part) => alternatives(part).some(allowed));
}

/** The licence texts it comes with; of a crate that offers MIT among others, that one. */
function licenceTexts({ license, manifest_path }: Crate): string[] {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)/i.test(entry.name))
    .map(({ name }) => name);
  const mit = /\bMIT\b/.test(license ?? '') ? files.filter((name) => /MIT|NOTICE/i.test(name)) : [];
  return (mit.length > 0 ? mit : files).map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
}

/** A Markdown document: a table of crates, and every text once. */
export function licenceNotices(crates: readonly Crate[]): string {
  const refused = crates.filter(({ license }) => !isAllowed(license)).map(({ name, license }) => `${name} (${license ?? 'not stated'})`);
  if (refused.length > 0) {
    throw new ToolError(`The addon contains crates whose licence is not on the list of deny.toml: ${refused.join(', ')}.`);
  }
  const users: Map<string, string[]> = new Map();
  for (const crate of crates) {
    for (const text of licenceTexts(crate)) {
      users.set(text, [...(users.get(text) ?? []), `${crate.name} ${crate.version}`]);
    }
  }
  return [
    '# Third-party licences',
    'The binary in this package contains the crates below, and the Rust standard library (MIT OR Apache-2.0, © The Rust Project Developers).',
    [
      '| crate | version | licence |',
      '|---|---|---|',
      ...crates.map(({ name, version, license }) => `| ${name} | ${version} | ${license} |`),
    ].join('\n'),
    ...Array.from(users, ([text, names]) => `## ${names.join(', ')}\n\n~~~text\n${text}\n~~~`),
    '',
  ].join('\n\n');
}
