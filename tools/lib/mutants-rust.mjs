// Mutants of the Rust core by cargo-mutants, on a copy of the sources, so that a run that is cut off leaves nothing changed.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, ToolError } from './process.mjs';
import { requireRust } from './toolchain.mjs';

const TREE = join(ROOT, 'build/mutants/rust');
const OUTPUT = join(ROOT, 'build/mutants');
const COPIED = ['.cargo', 'Cargo.toml', 'Cargo.lock', 'crates', '__test__/golden'];
const EQUIVALENT = join(ROOT, 'tools/mutants/equivalent-rust.txt');

/**
 * @typedef {object} MutantResults
 * @property {number} killed - Mutants that made a test fail, or run on without an end.
 * @property {number} lived - Mutants that no test noticed, equivalents apart.
 * @property {number} equivalent - Mutants listed as changing nothing that can be seen.
 * @property {string[]} names - Those that lived.
 */

/**
 * @param {{ name: string, file: string, span: { start: { line: number } } }} mutant - From cargo-mutants' list.
 * @returns {string} What stays when lines move: file and change, and the line of source.
 */
function key({ name, file, span }) {
  const line = readFileSync(join(TREE, file), 'utf8').split('\n')[span.start.line - 1] ?? '';
  return `${name.replace(/:\d+:\d+:/, ':')}\n${line.trim()}`;
}

/** @returns {Set<string>} The mutants that are listed as equivalent, by {@link key}. */
function equivalents() {
  const blocks = readFileSync(EQUIVALENT, 'utf8').split(/\n{2,}/);
  const entries = blocks.map((block) => block.split('\n').filter((line) => line !== '' && !line.startsWith('#')));
  return new Set(entries.filter((lines) => lines.length > 0).map(([name, line]) => `${name}\n${line?.trim()}`));
}

/** Makes the copy equal to the sources. What is equal already keeps its time, by which Cargo knows that it is built. */
function copySources() {
  mkdirSync(TREE, { recursive: true });
  for (const path of readdirSync(TREE, { encoding: 'utf8', recursive: true })) {
    if (!existsSync(join(ROOT, path))) {
      rmSync(join(TREE, path), { recursive: true, force: true });
    }
  }
  const differs = (/** @type {string} */ from, /** @type {string} */ to) =>
    statSync(from).isDirectory() || !existsSync(to) || !readFileSync(from).equals(readFileSync(to));
  for (const path of COPIED) {
    cpSync(join(ROOT, path), join(TREE, path), { recursive: true, filter: differs });
  }
}

/**
 * @param {string} host - Target triple.
 * @param {readonly string[]} args - After `cargo mutants`.
 * @param {'capture' | 'inherit'} output - What becomes of what it prints.
 */
function cargoMutants(host, args, output) {
  // The dependencies are the ones that everything else was built with.
  const env = { CARGO_TARGET_DIR: join(ROOT, 'target'), CARGO_BUILD_TARGET: host, INNATE_TEST_DEVICE: 'cpu' };
  return run('cargo', ['mutants', '--dir', TREE, '--package', 'innate-core', ...args], { env, output });
}

/**
 * Changes the core in `sample` places, one at a time, and runs its tests on each.
 *
 * @param {{ sample: number, seed: number }} options - How many mutants, and which: the same seed draws the same ones.
 * @returns {Promise<MutantResults>} What the tests noticed.
 */
export async function mutantsRust({ sample, seed }) {
  const host = await requireRust();
  if ((await run('cargo', ['mutants', '--version'], { output: 'capture' })).code !== 0) {
    throw new ToolError('cargo-mutants is not installed: run `cargo install cargo-mutants --locked` and then the command again.');
  }
  copySources();
  const { output } = await cargoMutants(host, ['--list', '--json'], 'capture');
  /** @type {{ name: string, file: string, span: { start: { line: number } } }[]} */
  const all = JSON.parse(output.slice(output.indexOf('['), output.lastIndexOf(']') + 1));
  const rank = (/** @type {string} */ name) => createHash('sha256').update(`${seed} ${name}`).digest('hex');
  const drawn = all.toSorted((a, b) => (rank(a.name) < rank(b.name) ? -1 : 1)).slice(0, sample);
  const known = equivalents();
  const equivalent = drawn.filter((mutant) => known.has(key(mutant)));
  const tried = drawn.filter((mutant) => !equivalent.includes(mutant));
  console.log(`${all.length} mutants of the core, ${drawn.length} drawn by seed ${seed}, ${equivalent.length} of them equivalent.`);

  const names = tried.flatMap(({ name }) => ['--re', `^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`]);
  await cargoMutants(host, ['--in-place', '--output', OUTPUT, '--no-shuffle', '--colors', 'never', ...names], 'inherit');
  /** @type {{ outcomes: { scenario: 'Baseline' | { Mutant: { name: string } }, summary: string }[] }} */
  const { outcomes } = JSON.parse(readFileSync(join(OUTPUT, 'mutants.out/outcomes.json'), 'utf8'));
  const summed = (/** @type {string[]} */ ...summaries) =>
    outcomes.flatMap(({ scenario, summary }) =>
      typeof scenario === 'object' && summaries.includes(summary) ? [scenario.Mutant.name] : [],
    );
  if (outcomes.some(({ scenario, summary }) => scenario === 'Baseline' && summary !== 'Success')) {
    throw new ToolError(
      `The tests fail without a mutant; what they printed is in build/mutants/mutants.out/log. If an earlier run was cut off in the middle of a build, remove target/${host}/release/incremental and run the command again.`,
    );
  }
  const lived = summed('MissedMutant');
  const unbuilt = summed('Unviable').length;
  console.log(`${summed('Timeout').length} of the killed by the limit of time; ${unbuilt} do not compile and do not count.`);
  return { killed: summed('CaughtMutant', 'Timeout').length, lived: lived.length, equivalent: equivalent.length, names: lived };
}
