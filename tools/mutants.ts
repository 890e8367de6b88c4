// `npm run mutants`: what the tests do not notice. Changes the code in a sample of places, one at a time, and runs the tests on each change.
// `-- rust` or `-- ts` does one language; `--sample N` (60 unless told) and `--seed S` (1 unless told) say how many places, and which.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, ToolError } from './lib/process.js';

export interface Mutant {
  readonly name: string; // File and change.
  readonly line: string; // The line of source, without indent. With the name it tells the mutant when lines move.
}

export interface Language {
  readonly all: readonly Mutant[];
  /** Runs the tests on each of these: how many made one fail, or run on without an end, and the others by name. */
  test(mutants: readonly Mutant[]): Promise<{ readonly killed: number; readonly lived: readonly string[] }>;
}

const LANGUAGES: Readonly<Record<string, () => Promise<Language>>> = {
  rust: async () => (await import('./lib/mutants-rust.js')).rust(),
  ts: async () => (await import('./lib/mutants-ts.js')).typeScript(),
};

/** Mutants that no test can tell from the code as it stands. */
const EQUIVALENT = new Set(
  readFileSync(join(ROOT, 'tools/mutants.txt'), 'utf8')
    .split(/\r?\n/)
    .flatMap((entry) => {
      const [file, line, ...changes] = entry.split(' | ');
      return changes.map((change) => `${file}: ${change} | ${line}`);
    }),
);

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ToolError(`--${name} must be a whole number of at least ${least}, got ${text}.`);
  }
  return value;
}

export async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { sample: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(LANGUAGES, name));
  if (unknown !== undefined) {
    throw new ToolError(`There are no mutants of ${unknown}: name rust, ts, or nothing for both.`);
  }
  const [sample, seed] = [whole('sample', values.sample, 1), whole('seed', values.seed, 0)];
  const rank = ({ name, line }: Mutant) => createHash('sha256').update(`${seed} ${name} ${line}`).digest('hex');
  const total = { killed: 0, lived: 0 };
  for (const [language, load] of Object.entries(LANGUAGES)) {
    if (positionals.length === 0 || positionals.includes(language)) {
      const { all, test } = await load();
      const ranked = all.map((mutant) => ({ mutant, at: rank(mutant) })).sort((a, b) => (a.at < b.at ? -1 : 1));
      const drawn = ranked.slice(0, sample).map(({ mutant }) => mutant);
      const tried = drawn.filter(({ name, line }) => !EQUIVALENT.has(`${name} | ${line}`));
      console.log(
        `${language}: ${all.length} mutants, ${drawn.length} drawn by seed ${seed}, ${drawn.length - tried.length} of them equivalent.`,
      );
      const { killed, lived } = await test(tried);
      console.log(`\n${lived.map((name) => `lived: ${name}\n`).join('')}${language}: ${killed} killed, ${lived.length} lived`);
      total.killed += killed;
      total.lived += lived.length;
    }
  }
  const share = (100 * total.killed) / (total.killed + total.lived || 1);
  console.log(`Mutants: ${share.toFixed(1)} % of ${total.killed + total.lived} killed (seed ${seed})`);
}
