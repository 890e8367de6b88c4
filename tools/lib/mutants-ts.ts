// Mutants of the TypeScript: each is one change to one source. The tests of its folder ought to fail with it.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { prepare } from '../build.js';
import type { Language } from '../mutants.js';
import { mutantsOf } from './mutators-ts.js';
import { ROOT, run, ToolError } from './process.js';

/** Folders of `src` where an error would be silent; the tests of each are in the folder of `__test__` of that name. */
const FOLDERS = ['algorithm', 'builtin', 'curriculum', 'define', 'task', 'trainer', 'util'];

/** Tests that train for seconds: what they see, faster ones see too. */
const SLOW = ['determinism', 'event-loop', 'mastery', 'tutorial-defects'];

/** Milliseconds for the tests of a folder as they are. */
const UNLIMITED = 600_000;

/** Where mutants run: a copy of what is built. */
const BOX = join(ROOT, 'build/mutants/ts');

type TypeScriptMutant = ReturnType<typeof mutantsIn>[number];

export async function typeScript(): Promise<Language> {
  await prepare();
  const all = FOLDERS.flatMap(mutantsIn);
  return { all, test: (tried) => test(all.filter((mutant) => tried.includes(mutant))) };
}

function mutantsIn(folder: string) {
  const sources = readdirSync(join(ROOT, 'src', folder), { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.ts'));
  return sources.sort().flatMap((file) => {
    const path = `src/${folder}/${file}`;
    const source = readFileSync(join(ROOT, path), 'utf8');
    const lines = source.split('\n');
    return mutantsOf(file, source).map(({ start, end, replacement }) => {
      const text = source.slice(0, start) + replacement + source.slice(end);
      const number = source.slice(0, start).split('\n').length;
      const name = `${path}: replace ${onOneLine(source.slice(start, end))} with ${onOneLine(replacement)}`;
      return { folder, file, text, number, name, line: lines[number - 1]?.trim() ?? '' };
    });
  });
}

function onOneLine(text: string) {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

async function test(mutants: readonly TypeScriptMutant[]) {
  makeBox();
  const limits: Map<string, number> = new Map();
  for (const folder of new Set(mutants.map((mutant) => mutant.folder))) {
    const start = performance.now();
    if (!(await passes(folder, UNLIMITED))) {
      throw new ToolError(`The tests in __test__/${folder} fail without any mutant: run npm test.`);
    }
    limits.set(folder, 30_000 + 4 * (performance.now() - start));
  }
  const lived: string[] = [];
  for (const mutant of mutants) {
    if (await lives(mutant, limits.get(mutant.folder) ?? UNLIMITED)) {
      lived.push(`${mutant.name}, line ${mutant.number}: ${mutant.line}`);
    }
  }
  return { killed: mutants.length - lived.length, lived };
}

/** Copies what is built to where it can be changed. */
function makeBox() {
  rmSync(BOX, { recursive: true, force: true });
  mkdirSync(join(BOX, 'build'), { recursive: true });
  for (const name of ['package.json', 'ava.config.js', 'index.cjs', 'dist', 'build/__test__', 'build/examples']) {
    cpSync(join(ROOT, name), join(BOX, name), { recursive: true });
  }
  for (const name of ['node_modules', '__test__', ...readdirSync(ROOT).filter((other) => other.endsWith('.node'))]) {
    symlinkSync(join(ROOT, name), join(BOX, name));
  }
}

/** Whether all tests of its folder pass. */
async function lives({ folder, file, text }: TypeScriptMutant, limit: number): Promise<boolean> {
  const built = join('dist', folder, file.replace(/\.ts$/, '.js'));
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  writeFileSync(join(BOX, built), ts.transpileModule(text, { compilerOptions: options }).outputText);
  try {
    return await passes(folder, limit, `#${built}`);
  } finally {
    cpSync(join(ROOT, built), join(BOX, built));
  }
}

/** Whether all of its tests pass, but for slow ones. */
async function passes(folder: string, limit: number, first?: string): Promise<boolean> {
  const tests = readdirSync(join(BOX, 'build/__test__', folder), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.test.js') && !SLOW.includes(basename(name, '.test.js')))
    .map((name) => `build/__test__/${folder}/${name}`);
  const isFirst = (file: string) => first !== undefined && readFileSync(join(BOX, file), 'utf8').includes(first);
  const ava = join(BOX, 'node_modules/ava/entrypoints/cli.mjs');
  for (const files of [tests.filter(isFirst), tests.filter((file) => !isFirst(file))]) {
    const args = ['--max-old-space-size=1000', ava, '--fail-fast', `--timeout=${Math.round(limit)}ms`, ...files];
    if (files.length > 0 && (await run(process.execPath, args, { cwd: BOX, output: 'capture', timeout: limit })).code !== 0) {
      return false;
    }
  }
  return true;
}
