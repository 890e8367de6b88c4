// `npm run check`: formatters, linters and types of both languages. `--fix` formats, and applies the fixes that are safe.
import { join } from 'node:path';
import { install } from './lib/build.mjs';
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
   */
  const check = (name, command, args) => steps.step(name, async () => countOne((await run(command, args)).code));
  if (fix) {
    await check('biome check --write', process.execPath, [biome, 'check', '--write']);
    await check('cargo fmt', 'cargo', ['fmt', '--all']);
  } else {
    await check('biome (format, lint, import rule)', process.execPath, [biome, 'check', '--error-on-warnings']);
    await check('tsc', process.execPath, [tsc, '--build']);
    await check('cargo fmt', 'cargo', ['fmt', '--all', '--check']);
    const clippy = ['clippy', '--locked', '--workspace', '--all-targets', '--release', '--target', host, '--', '-D', 'warnings'];
    await check('cargo clippy', 'cargo', clippy);
  }
  steps.print();
  return steps.total().failed === 0 ? 0 : 1;
});
