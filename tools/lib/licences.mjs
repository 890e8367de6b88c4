// The licence notices of what is linked into the addon, from `cargo metadata` and the crates' own files.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cargoMetadata } from './cargo.mjs';
import { ROOT, ToolError } from './process.mjs';

const ROOT_CRATE = 'innate-napi';
/** @type {ReadonlySet<string> | undefined} */
let allowedLicences;

/** @returns {ReadonlySet<string>} Licences that a binary under MIT may contain: the list that `cargo deny` reads too. */
function allowList() {
  if (allowedLicences === undefined) {
    const toml = readFileSync(join(ROOT, 'deny.toml'), 'utf8').replaceAll('\r\n', '\n');
    const list = /^\[licenses\]\n(?:(?!\[)[^\n]*\n)*?allow = \[([^\]]+)\]/m.exec(toml)?.[1] ?? '';
    allowedLicences = new Set([...list.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? ''));
    if (allowedLicences.size === 0) {
      throw new ToolError('deny.toml has no list `allow` in [licenses], one licence a line in double quotes: restore it.');
    }
  }
  return allowedLicences;
}

/**
 * @param {string | null} license - SPDX expression, also in the old form `MIT/Apache-2.0`.
 * @returns {boolean} Whether it is met by allowed licences alone. Where AND and OR stand side by side without brackets, AND is read last, which
 * allows less.
 */
export function isAllowed(license) {
  const alternatives = (/** @type {string} */ text) => text.replaceAll(/[()]/g, '').split(/ OR |\//);
  const allowed = (/** @type {string} */ text) => text.split(' AND ').every((name) => allowList().has(name.trim()));
  return (license ?? '').split(/ AND (?![^(]*\))/).every((part) => alternatives(part).some(allowed));
}

/**
 * @typedef {object} Crate
 * @property {string} name - Its name.
 * @property {string} version - Its version.
 * @property {string | null} license - SPDX expression.
 * @property {string | null} source - Null for a crate of this workspace.
 * @property {string} manifest_path - Where its sources are.
 * @property {{ kind: string[] }[]} targets - What it builds.
 */

/**
 * @param {string} target - Target triple.
 * @param {readonly string[]} [features] - Features of the binding's crate.
 * @returns {Promise<Crate[]>} The crates that are linked into the addon, by name, without those of this workspace.
 */
export async function linkedCrates(target, features = []) {
  const metadata = await cargoMetadata(['--filter-platform', target, '--features', features.map((name) => `${ROOT_CRATE}/${name}`).join()]);
  /** @type {Map<string, Crate>} */
  const crates = new Map(metadata.packages.map((/** @type {Crate & { id: string }} */ crate) => [crate.id, crate]));
  /** @type {Map<string, { deps: { pkg: string, dep_kinds: { kind: string | null }[] }[] }>} */
  const nodes = new Map(metadata.resolve.nodes.map((/** @type {{ id: string }} */ node) => [node.id, node]));
  const root = [...crates].find(([, { name }]) => name === ROOT_CRATE)?.[0];
  /** @type {Set<string>} */
  const seen = new Set();
  const queue = root === undefined ? [] : [root];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    // A procedural macro runs in the compiler, and so does what it depends on.
    if (seen.has(id) || crates.get(id)?.targets.some(({ kind }) => kind.includes('proc-macro'))) {
      continue;
    }
    seen.add(id);
    const linked = nodes.get(id)?.deps.filter(({ dep_kinds }) => dep_kinds.some(({ kind }) => kind === null)) ?? [];
    queue.push(...linked.map(({ pkg }) => pkg));
  }
  return [...seen]
    .map((id) => crates.get(id))
    .filter((crate) => crate !== undefined && crate.source !== null)
    .map((crate) => /** @type {Crate} */ (crate))
    .sort((a, b) => a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en'));
}

/**
 * @param {Crate} crate - A crate with its sources on this machine.
 * @returns {string[]} The licence texts it comes with; of a crate that offers MIT among others, that one.
 */
function licenceTexts({ license, manifest_path }) {
  const folder = dirname(manifest_path);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)/i.test(entry.name))
    .map(({ name }) => name);
  const mit = /\bMIT\b/.test(license ?? '') ? files.filter((name) => /MIT|NOTICE/i.test(name)) : [];
  return (mit.length > 0 ? mit : files).map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
}

/**
 * @param {readonly Crate[]} crates - From {@link linkedCrates}.
 * @returns {string} A Markdown document: a table of crates, and every text once.
 */
export function licenceNotices(crates) {
  const refused = crates.filter(({ license }) => !isAllowed(license)).map(({ name, license }) => `${name} (${license ?? 'not stated'})`);
  if (refused.length > 0) {
    throw new ToolError(`The addon contains crates whose licence is not on the list of deny.toml: ${refused.join(', ')}.`);
  }
  /** @type {Map<string, string[]>} */
  const users = new Map();
  for (const crate of crates) {
    for (const text of licenceTexts(crate)) {
      users.set(text, [...(users.get(text) ?? []), `${crate.name} ${crate.version}`]);
    }
  }
  const rows = crates.map(({ name, version, license }) => `| ${name} | ${version} | ${license ?? 'not stated'} |`);
  const texts = [...users].map(([text, names]) => `## ${names.join(', ')}\n\n~~~text\n${text}\n~~~`);
  return [
    '# Third-party licences',
    'The binary in this package contains the crates below, and the Rust standard library (MIT OR Apache-2.0, © The Rust Project Developers).',
    ['| crate | version | licence |', '|---|---|---|', ...rows].join('\n'),
    ...texts,
    '',
  ].join('\n\n');
}
