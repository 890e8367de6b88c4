// `npm test`: installs, builds and runs every test. `node tools/test.mjs rust|ts|docs [arguments for cargo test or ava]` runs one kind.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkDocs } from './check-docs.mjs';
import { buildDocs } from './docs.mjs';
import { prepare } from './lib/build.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';
import { AVA_COUNTS, CARGO_COUNTS, countOne, countTests, Steps } from './lib/steps.mjs';
import { requireNode, requireRust } from './lib/toolchain.mjs';

const SUMMARY = join(ROOT, 'build/test-summary.json');
const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');

await tool(async () => {
  const [kind, ...args] = process.argv.slice(2);
  if (kind !== undefined && !['rust', 'ts', 'docs'].includes(kind)) {
    throw new ToolError(`There is no kind of test called ${kind}: name rust, ts, docs, or nothing for all.`);
  }
  rmSync(SUMMARY, { force: true });
  const steps = new Steps();
  requireNode();
  if (kind !== 'rust') {
    await prepare();
  }
  if (kind === undefined || kind === 'rust') {
    await steps.step('cargo test', async () => {
      const host = await requireRust();
      const cargo = ['test', '--locked', '--workspace', '--release', '--target', host, '--no-fail-fast', ...args];
      const { code, output } = await run('cargo', cargo, { output: 'tee' });
      return countTests(code, output, CARGO_COUNTS);
    });
  }
  if (kind === undefined || kind === 'ts') {
    await steps.step('ava', async () => {
      const { code, output } = await run(process.execPath, [ava, ...args], { output: 'tee' });
      return countTests(code, output, AVA_COUNTS);
    });
  }
  if (kind === undefined || kind === 'ts') {
    await steps.step('the binding by itself', async () => {
      const addon = readdirSync(ROOT).find((name) => name.endsWith('.node'));
      return countOne((await run(process.execPath, ['crates/innate-napi/tests/binding.mjs', join(ROOT, addon ?? '')])).code);
    });
  }
  if (kind === undefined) {
    for (const name of readdirSync(join(ROOT, 'examples'))) {
      await steps.step(`examples/${name}`, async () =>
        countOne((await run(process.execPath, [join(ROOT, 'build/examples', name, 'main.js')])).code),
      );
    }
    await steps.step('the site of the documentation', async () => countOne(await buildDocs()));
  }
  if (kind === undefined || kind === 'docs') {
    await steps.step('code blocks of the documentation', async () => countOne(await checkDocs(args)));
  }
  steps.print();
  const total = steps.total();
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  writeFileSync(SUMMARY, JSON.stringify({ steps: steps.done, ...total }, null, 2));
  console.log(`\nTests: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 ? 0 : 1;
});
