import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { folderWith, ROOT, runNode } from './helpers.js';

const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');

const BASE = ['errors', 'util', 'spaces'];
const CONTRACTS = [...BASE, 'algorithm', 'task', 'environment'];
const KEPT = [...BASE, 'algorithm', 'task'];
const PURE = [...CONTRACTS, 'define', 'builtin', 'reward', 'curriculum', 'metrics', 'checkpoint', 'infer', 'export'];

/** What each folder of src may import from, beside itself: ARCHITECTURE.md's "One way only", written a second time on purpose. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: ['util'],
  util: ['errors'],
  spaces: ['errors', 'util'],
  native: ['errors', 'util'],
  algorithm: BASE,
  reward: BASE,
  metrics: [...BASE, 'algorithm'],
  task: [...BASE, 'algorithm'],
  environment: [...BASE, 'algorithm'],
  define: CONTRACTS,
  builtin: [...CONTRACTS, 'define', 'reward'],
  curriculum: [...BASE, 'task'],
  checkpoint: KEPT,
  infer: [...KEPT, 'checkpoint'],
  export: [...KEPT, 'checkpoint'],
  agent: [...CONTRACTS, 'define', 'builtin', 'checkpoint', 'infer', 'export', 'native'],
  trainer: [...PURE, 'agent'],
  report: [...PURE, 'agent', 'trainer'],
  cli: [...PURE, 'agent', 'trainer', 'report'],
};
const LAYERS = Object.keys(MAY_IMPORT);

/** Each way to reach another module; the rule must see them all, types too. */
const FORMS: readonly [name: string, code: (path: string) => string][] = [
  ['import', (path) => `import { a } from '${path}';\nexport const b = a;\n`],
  ['type', (path) => `import type { A } from '${path}';\nexport type B = A;\n`],
  ['export', (path) => `export { a } from '${path}';\n`],
  ['star', (path) => `export * from '${path}';\n`],
  ['dynamic', (path) => `export const b = await import('${path}');\n`],
];

interface Report {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

/** Lints files planted in an empty copy of the repository's layout; returns the paths in which the import rule was broken. */
function lint(t: ExecutionContext, files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const cwd = folderWith(t, { ...Object.fromEntries(files), 'biome.json': readFileSync(join(ROOT, 'biome.json'), 'utf8') });
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'];
  const { diagnostics } = JSON.parse(runNode([BIOME, ...args], { cwd }).stdout) as Report;
  return new Set(diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports').map(({ location }) => location.path));
}

test('every forbidden edge between two folders of src is a lint error, and every allowed one is not', (t) => {
  const files = new Map<string, string>();
  const forbidden = new Set<string>();
  for (const from of LAYERS) {
    for (const to of LAYERS.filter((layer) => layer !== from)) {
      for (const [form, code] of FORMS) {
        for (const depth of ['', 'deep/']) {
          const path = `src/${from}/${depth}to-${to}-${form}.ts`;
          files.set(path, code(`${depth === '' ? '..' : '../..'}/${to}/${to}.js`));
          if (MAY_IMPORT[from]?.includes(to) !== true) {
            forbidden.add(path);
          }
        }
      }
    }
  }
  t.true(forbidden.size > 100);
  t.true(files.size - forbidden.size > 100);
  t.deepEqual([...lint(t, files)].sort(), [...forbidden].sort());
});

test('the entry exports the layers but not native or cli', (t) => {
  const files = new Map(LAYERS.map((to) => [`src/${to}/index.ts`, 'export const a = 1;\n']));
  files.set(
    'src/index.ts',
    LAYERS.filter((to) => to !== 'native' && to !== 'cli')
      .map((to) => `export * from './${to}/index.js';\n`)
      .join(''),
  );
  t.deepEqual([...lint(t, files)], []);
  for (const to of ['native', 'cli']) {
    t.deepEqual([...lint(t, new Map([['src/index.ts', `export * from './${to}/index.js';\n`]]))], ['src/index.ts']);
  }
});

/** What the entries without the addon export. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  environments: ['builtin'],
  define: [...BASE, 'task', 'environment', 'define', 'builtin'],
  infer: [...BASE, 'infer'],
};

for (const [entry, layers] of Object.entries(ENTRIES)) {
  test(`the entry ${entry} exports ${layers.join(', ')}, and nothing else`, (t) => {
    const files = new Map(LAYERS.map((to) => [`src/${to}/index.ts`, 'export const a = 1;\n']));
    files.set(`src/${entry}.ts`, layers.map((to) => `export * from './${to}/index.js';\n`).join(''));
    t.deepEqual([...lint(t, files)], []);
    for (const to of LAYERS.filter((layer) => !layers.includes(layer))) {
      const text = `export * from './${to}/index.js';\n`;
      t.deepEqual([...lint(t, new Map([[`src/${entry}.ts`, text]]))], [`src/${entry}.ts`], to);
    }
  });
}

test('src imports neither its own package nor dist; examples import only the package', (t) => {
  const files = new Map<string, string>();
  for (const layer of LAYERS) {
    files.set(`src/${layer}/self.ts`, "export { a } from 'innate';\n");
    files.set(`src/${layer}/dist.ts`, "export { a } from '#dist/util/random.js';\n");
  }
  files.set('examples/one/dist.ts', "export { a } from '#dist/util/random.js';\n");
  files.set('examples/one/src.ts', "export { a } from '../../src/index.js';\n");
  const bad = [...files.keys()];
  files.set('examples/one/good.ts', "export { a } from 'innate';\n");
  files.set('examples/one/environments.ts', "export { a } from 'innate/environments';\n");
  t.deepEqual([...lint(t, files)].sort(), bad.sort());
});

test('every folder of src has its place in the layering', (t) => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) {
    t.true(LAYERS.includes(name), `src/${name}: say in this test and in biome.json what it may import`);
  }
});

test('innate-core depends on no part of napi, directly or through others', (t) => {
  const args = ['tree', '--locked', '--package', 'innate-core', '--edges', 'normal,build,dev', '--prefix', 'none', '--format', '{p}'];
  const { status, stdout, stderr } = spawnSync('cargo', args, { cwd: ROOT, encoding: 'utf8' });
  t.is(status, 0, stderr);
  const names = new Set(stdout.split('\n').map((line) => line.split(' ')[0] ?? ''));
  t.true(names.has('innate-core'));
  t.true(names.has('candle-core'));
  t.deepEqual(
    [...names].filter((name) => name.includes('napi')),
    [],
  );
});
