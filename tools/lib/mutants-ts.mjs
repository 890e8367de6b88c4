// Mutants of the TypeScript: each is one change to one source. The tests of its folder ought to fail with it.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { prepare } from './build.mjs';
import { mutantsOf } from './mutators-ts.mjs';
import { ROOT, run, ToolError, tool } from './process.mjs';

/** Folders of `src` where an error would be silent. */
const FOLDERS = ['curriculum', 'task', 'trainer', 'util'];

/** Tests that train for seconds: what they see, faster ones see too. */
const SLOW = ['determinism', 'event-loop', 'mastery', 'tutorial-defects'];

/** Milliseconds for the tests of a folder as they are. */
const UNLIMITED = 600_000;

/** Where mutants run: a copy of what is built. */
const BOX = join(ROOT, 'build/mutants/ts');

const EQUIVALENT = join(ROOT, 'tools/mutants/equivalent-ts.txt');

/**
 * @typedef {object} NamedMutant
 * @property {string} folder - Of `src`.
 * @property {string} file - From the folder.
 * @property {string} text - The whole mutated source.
 * @property {number} line - Number of the first line that changes.
 * @property {string} before - That line.
 * @property {string} after - What it becomes.
 */

/**
 * @typedef {object} MutantCounts
 * @property {number} killed - Some test failed, or ran on for ever.
 * @property {number} lived - All tests passed.
 * @property {number} equivalent - Listed as changing nothing that could be seen; not run.
 * @property {string[]} names - Those that lived.
 */

/**
 * Runs the tests on a sample of mutants.
 *
 * @param {{ sample: number, seed: number }} options - How many mutants, `Infinity` for all, and which ones.
 * @returns {Promise<MutantCounts>} How they fared.
 */
export async function mutantsTypeScript({ sample, seed }) {
  await prepare();
  makeBox();
  /** @type {Map<string, number>} */
  const limits = new Map();
  for (const folder of FOLDERS) {
    const start = performance.now();
    if (!(await passes(folder, UNLIMITED))) {
      throw new ToolError(`The tests in __test__/${folder} fail without any mutant: run npm test.`);
    }
    limits.set(folder, 30_000 + 4 * (performance.now() - start));
  }
  const equivalent = readEquivalent();
  /** @type {MutantCounts} */
  const counts = { killed: 0, lived: 0, equivalent: 0, names: [] };
  for (const mutant of sampleOf(FOLDERS.flatMap(mutantsIn), sample, seed)) {
    if (equivalent.has(nameOf(mutant).replace(/:\d+\n/, '\n'))) {
      counts.equivalent += 1;
    } else if (await lives(mutant, limits.get(mutant.folder) ?? UNLIMITED)) {
      counts.lived += 1;
      counts.names.push(nameOf(mutant));
    } else {
      counts.killed += 1;
    }
  }
  return counts;
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

/**
 * @param {string} folder - Of `src`.
 * @returns {NamedMutant[]} All mutants of its sources.
 */
function mutantsIn(folder) {
  const sources = readdirSync(join(ROOT, 'src', folder), { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.ts'));
  return sources.sort().flatMap((file) => {
    const source = readFileSync(join(ROOT, 'src', folder, file), 'utf8');
    return mutantsOf(file, source).map(({ start, end, replacement }) => {
      const text = source.slice(0, start) + replacement + source.slice(end);
      return {
        folder,
        file,
        text,
        line: source.slice(0, start).split('\n').length,
        before: lineAt(source, start),
        after: lineAt(text, start),
      };
    });
  });
}

/**
 * @param {string} text - Lines.
 * @param {number} at - Place in one of them.
 * @returns {string} That line, without indent.
 */
function lineAt(text, at) {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end < 0 ? undefined : end).trim();
}

/**
 * @param {NamedMutant} mutant - Any.
 * @returns {string} What it is, for people.
 */
function nameOf({ folder, file, line, before, after }) {
  return `src/${folder}/${file}:${line}\n  - ${before}\n  + ${after}`;
}

/**
 * @param {NamedMutant[]} mutants - All.
 * @param {number} count - How many to take.
 * @param {number} seed - The same ones for the same seed.
 * @returns {NamedMutant[]} Those whose digests are the smallest.
 */
function sampleOf(mutants, count, seed) {
  const digests = new Map(
    mutants.map((mutant) => [
      mutant,
      createHash('sha256')
        .update(`${seed} ${nameOf(mutant)}`)
        .digest('hex'),
    ]),
  );
  /** @param {NamedMutant} mutant - One of them. */
  const digest = (mutant) => digests.get(mutant) ?? '';
  return [...mutants].sort((a, b) => digest(a).localeCompare(digest(b))).slice(0, count);
}

/** @returns {Set<string>} The names of mutants that are listed as equivalent, without their lines' numbers. */
function readEquivalent() {
  const blocks = readFileSync(EQUIVALENT, 'utf8').split(/\n{2,}/);
  return new Set(blocks.map((block) => block.trim().replaceAll(/^#.*\n/gm, '')));
}

/**
 * @param {NamedMutant} mutant - Any.
 * @param {number} limit - Milliseconds after which it counts as killed.
 * @returns {Promise<boolean>} Whether all tests of its folder pass.
 */
async function lives({ folder, file, text }, limit) {
  const built = join('dist', folder, file.replace(/\.ts$/, '.js'));
  const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  writeFileSync(join(BOX, built), ts.transpileModule(text, { compilerOptions: options }).outputText);
  try {
    return await passes(folder, limit, `#${built}`);
  } finally {
    cpSync(join(ROOT, built), join(BOX, built));
  }
}

/**
 * @param {string} folder - Of `__test__`.
 * @param {number} limit - Milliseconds.
 * @param {string} [first] - Tests that import this module run before the others.
 * @returns {Promise<boolean>} Whether all of its tests pass, but for slow ones.
 */
async function passes(folder, limit, first) {
  const tests = readdirSync(join(BOX, 'build/__test__', folder))
    .filter((name) => name.endsWith('.test.js') && !SLOW.includes(name.replace('.test.js', '')))
    .map((name) => `build/__test__/${folder}/${name}`);
  /** @param {string} file - Test. */
  const isFirst = (file) => first !== undefined && readFileSync(join(BOX, file), 'utf8').includes(first);
  const ava = join(BOX, 'node_modules/ava/entrypoints/cli.mjs');
  for (const files of [tests.filter(isFirst), tests.filter((file) => !isFirst(file))]) {
    const args = ['--max-old-space-size=1000', ava, '--fail-fast', `--timeout=${Math.round(limit)}ms`, ...files];
    if (files.length > 0 && (await run(process.execPath, args, { cwd: BOX, output: 'capture', timeout: limit })).code !== 0) {
      return false;
    }
  }
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await tool(async () => {
    const { values } = parseArgs({ options: { sample: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
    const start = performance.now();
    const { killed, lived, equivalent, names } = await mutantsTypeScript({ sample: Number(values.sample), seed: Number(values.seed) });
    const share = ((100 * killed) / (killed + lived)).toFixed(1);
    const seconds = Math.round((performance.now() - start) / 1000);
    console.log(names.map((name) => `lived: ${name}\n`).join(''));
    console.log(`TypeScript: ${killed} of ${killed + lived} killed (${share} %), ${equivalent} equivalent, ${seconds} s`);
    return 0;
  });
}
