// What CI runs, through .ci/run: everything, from a clean clone. The last line is `N passed, N failed`.
import { audit } from './audit.js';
import { BUILDS_CUDA } from './lib/cuda.js';
import { run } from './lib/process.js';
import { countOne, countTests, SKIPPED, STEPS_COUNTS, Steps } from './lib/steps.js';
import { requireRust } from './lib/toolchain.js';

/** All of it, in milliseconds; a step is killed when this is used up. */
const LIMIT = 55 * 60_000;
const start = performance.now();
const steps = new Steps();

/** Runs a program with its own limit, inside the whole's. */
function within(minutes: number, [program = '', ...args]: readonly string[], output: 'inherit' | 'tee' = 'inherit') {
  const left = Math.max(1000, LIMIT - (performance.now() - start));
  return run(program, args, { timeout: Math.min(left, minutes * 60_000), env: { CI: 'true' }, output });
}

const CHECKS: readonly (readonly [name: string, minutes: number, command: readonly string[]])[] = [
  ['npm run check', 12, ['npm', 'run', 'check', ...(BUILDS_CUDA ? ['--', '--cuda'] : [])]],
  [
    'src/native/binding.d.ts and the locks are what the build makes',
    1,
    ['git', 'diff', '--exit-code', '--', 'src/native/binding.d.ts', 'Cargo.lock', 'package-lock.json'],
  ],
  ['docs/api-report.md is what the declarations say', 2, ['npm', 'run', 'api-report', '--', '--check']],
  ['npm run bench -- --short', 6, ['npm', 'run', 'bench', '--', '--short']],
  ['npm run bench:learning -- --short', 6, ['npm', 'run', 'bench:learning', '--', '--short']],
  ['npm run example -- --short', 6, ['npm', 'run', 'example', '--', '--short']],
  ['npm start', 12, ['npm', 'start']],
];

const CUDA_CHECKS: typeof CHECKS = [
  ['npm run build:cuda', 15, ['npm', 'run', 'build:cuda']],
  ['npm run test:cuda -- --processor', 20, ['npm', 'run', 'test:cuda', '--', '--processor']],
];

async function runAll(checks: typeof CHECKS) {
  for (const [name, minutes, command] of checks) {
    await steps.step(name, async () => countOne((await within(minutes, command)).code === 0));
  }
}

/** Counted as skipped where there is no browser. */
async function testBrowser() {
  await steps.step('npm run test:browser', async () => {
    const { code, output } = await within(5, ['npm', 'run', 'test:browser'], 'tee');
    return code === 0 && /^Browser: 0 passed, 0 failed, 1 skipped$/m.test(output) ? SKIPPED : countOne(code === 0);
  });
}

export async function main(): Promise<number> {
  let ready = false;
  try {
    await steps.step('Node, Rust, a C linker', async () => {
      await requireRust();
      ready = true;
      return countOne(true);
    });
    if (ready) {
      await steps.step('npm test', async () => {
        const { code, output } = await within(35, ['npm', 'test'], 'tee');
        return countTests(code, output, STEPS_COUNTS);
      });
      await runAll(CHECKS);
      await audit(steps);
      await runAll(BUILDS_CUDA ? CUDA_CHECKS : []);
      await testBrowser();
      await runAll([
        ['npm run test:onnx', 15, ['npm', 'run', 'test:onnx']],
        ['npm run test:package', 15, ['npm', 'run', 'test:package']],
      ]);
    }
  } catch (error) {
    // Whatever goes wrong, the last line is printed.
    console.error(error);
    await steps.step('tools/ci.ts', () => countOne(false));
  }
  const { passed, failed, code } = steps.end(`All, ${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
  console.log(`${passed} passed, ${failed} failed`);
  return code;
}
