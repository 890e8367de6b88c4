// `npm run check`: formatters, linters and types of both languages. `--fix` formats, and applies the fixes that are safe; `--cuda` lints the
// code for CUDA too, with a toolkit that it downloads.
import { join } from 'node:path';
import { cudaToolkit } from './lib/cuda.js';
import { ROOT, run, ToolError } from './lib/process.js';
import { Steps } from './lib/steps.js';
import { requireRust } from './lib/toolchain.js';

const biome = [join(ROOT, 'node_modules/@biomejs/biome/bin/biome'), 'check'];
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

export async function main(): Promise<number> {
  const host = await requireRust();
  for (const component of ['fmt', 'clippy']) {
    if ((await run('cargo', [component, '--version'], { output: 'capture' })).code !== 0) {
      const remedy = 'run `rustup component add rustfmt clippy` and then the command again.';
      throw new ToolError(`\`cargo ${component}\` is not installed: ${remedy}`);
    }
  }
  const steps = new Steps();
  if (process.argv.includes('--fix')) {
    await steps.check('biome check --write', process.execPath, [...biome, '--write']);
    await steps.check('cargo fmt', 'cargo', ['fmt', '--all']);
  } else {
    await steps.check('biome (format, lint, import rule)', process.execPath, [...biome, '--error-on-warnings']);
    await steps.check('tsc', process.execPath, [tsc, '--build']);
    await steps.check('cargo fmt', 'cargo', ['fmt', '--all', '--check']);
    const clippy = ['clippy', '--locked', '--workspace', '--all-targets', '--release', '--target', host];
    const strict = ['--', '-D', 'warnings'];
    await steps.check('cargo clippy', 'cargo', [...clippy, ...strict]);
    if (process.argv.includes('--cuda')) {
      const { env } = await cudaToolkit();
      await steps.check('cargo clippy with CUDA', 'cargo', [...clippy, '--all-features', ...strict], { env });
    }
  }
  return steps.end('Checks').code;
}
