// Mutants of the Rust core by cargo-mutants, which changes a copy of the sources: a run that is cut off leaves nothing changed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Language, Mutant } from '../mutants.js';
import { ROOT, run, ToolError } from './process.js';
import { requireRust } from './toolchain.js';

const OUTPUT = join(ROOT, 'build/mutants');

/** The core's mutants. */
export async function rust(): Promise<Language> {
  const host = await requireRust();
  if ((await run('cargo', ['mutants', '--version'], { output: 'capture' })).code !== 0) {
    throw new ToolError('cargo-mutants is not installed: run `cargo install cargo-mutants --locked` and then the command again.');
  }
  // The dependencies are the ones that everything else was built with.
  const env = { CARGO_TARGET_DIR: join(ROOT, 'target'), CARGO_BUILD_TARGET: host, INNATE_TEST_DEVICE: 'cpu' };
  const mutants = ['mutants', '--package', 'innate-core'];
  const { output } = await run('cargo', [...mutants, '--list', '--json'], { env, output: 'capture' });
  const listed: { name: string; file: string; span: { start: { line: number } } }[] = JSON.parse(
    output.slice(output.indexOf('['), output.lastIndexOf(']') + 1),
  );
  const all = listed.map(({ name, file, span }) => {
    const line = readFileSync(join(ROOT, file), 'utf8').split('\n')[span.start.line - 1] ?? '';
    return { fullName: name, name: name.replace(/:\d+:\d+:/, ':'), line: line.trim() };
  });

  const test = async (tried: readonly Mutant[]) => {
    const names = all
      .filter((mutant) => tried.includes(mutant))
      .flatMap(({ fullName }) => ['--re', `^${fullName.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`]);
    await run('cargo', [...mutants, '--output', OUTPUT, '--no-shuffle', '--colors', 'never', ...names], { env });
    const { outcomes }: { outcomes: { scenario: 'Baseline' | { Mutant: { name: string } }; summary: string }[] } = JSON.parse(
      readFileSync(join(OUTPUT, 'mutants.out/outcomes.json'), 'utf8'),
    );
    if (outcomes.some(({ scenario, summary }) => scenario === 'Baseline' && summary !== 'Success')) {
      throw new ToolError('The tests fail without a mutant; what they printed is in build/mutants/mutants.out/log.');
    }
    const those = (...summaries: string[]) =>
      outcomes.flatMap(({ scenario, summary }) =>
        typeof scenario === 'object' && summaries.includes(summary) ? [scenario.Mutant.name] : [],
      );
    console.log(`${those('Timeout').length} killed by the limit of time; ${those('Unviable').length} do not compile and do not count.`);
    return { killed: those('CaughtMutant', 'Timeout').length, lived: those('MissedMutant') };
  };
  return { all, test };
}
