// `npm run check`: formatters, linters and types of both languages. `--fix` formats, and applies the fixes that are safe; `--cuda` lints the
// code for CUDA too, with a toolkit that it downloads.
import { join } from 'node:path';
import { install } from './lib/build.mjs';
import { cudaToolkit } from './lib/cuda-toolkit.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';
import { countOne, Steps } from './lib/steps.mjs';
import { requireRust } from './lib/toolchain.mjs';

const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

await tool(async () => {
  const fix = process.argv.includes('--fix');
  const host = await requireRust();
  await install();
  for (const component of ['fmt', 'clippy']) {
    if ((await run('cargo', [component, '--version'], { output: 'capture' })).code !== 0) {
      throw new ToolError(
        `\`cargo ${component}\` is not installed: run \`rustup component add rustfmt clippy\` and then the command again.`,
      );
    }
  }
  const steps = new Steps();
  /**
   * @param {string} name - What will be done.
   * @param {string} command - Program.
   * @param {readonly string[]} args - Its arguments.
   * @param {NodeJS.ProcessEnv} [env] - Added to the environment.
   */
  const check = (name, command, args, env = {}) => steps.step(name, async () => countOne((await run(command, args, { env })).code));
  if (fix) {
    await check('biome check --write', process.execPath, [biome, 'check', '--write']);
    await check('cargo fmt', 'cargo', ['fmt', '--all']);
  } else {
    await check('biome (format, lint, import rule)', process.execPath, [biome, 'check', '--error-on-warnings']);
    await check('tsc', process.execPath, [tsc, '--build']);
    await check('cargo fmt', 'cargo', ['fmt', '--all', '--check']);
    const clippy = ['clippy', '--locked', '--workspace', '--all-targets', '--release', '--target', host];
    const strict = ['--', '-D', 'warnings'];
    await check('cargo clippy', 'cargo', [...clippy, ...strict]);
    if (process.argv.includes('--cuda')) {
      const { env } = await cudaToolkit();
      await check('cargo clippy with CUDA', 'cargo', [...clippy, '--all-features', ...strict], env);
    }
  }
  steps.print();
  return steps.total().failed === 0 ? 0 : 1;
});
