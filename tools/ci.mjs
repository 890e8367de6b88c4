// What CI runs, through .ci/run: everything, from a clean clone. The last line is `N passed, N failed`.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { BUILDS_CUDA } from './lib/cuda-toolkit.mjs';
import { ROOT, run, tool } from './lib/process.mjs';
import { countOne, Steps } from './lib/steps.mjs';
import { requireNode, requireRust } from './lib/toolchain.mjs';

/** All of it, in milliseconds; a step is killed when this is used up. */
const LIMIT = 55 * 60 * 1000;
const start = performance.now();
const steps = new Steps();

/**
 * Runs an npm script with its own limit, inside the whole's.
 *
 * @param {readonly string[]} args - Arguments of npm.
 * @param {number} minutes - The step's own limit.
 * @returns {Promise<number>} Exit status.
 */
async function npm(args, minutes) {
  const left = Math.max(1000, LIMIT - (performance.now() - start));
  const { code } = await run('npm', args, { timeout: Math.min(left, minutes * 60_000), env: { CI: 'true' } });
  return code;
}

/** Debian: a C linker for Rust, git, and pip for CUDA's compiler, if they are missing and we may install them. */
async function installDebianPackages() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 0;
  }
  /** @type {string[]} */
  const missing = [];
  for (const [command, name] of [
    ['cc --version', 'build-essential'],
    ['c++ --version', 'build-essential'],
    ['git --version', 'git'],
    ['python3 -m pip --version', 'python3-pip'],
  ]) {
    const [program = '', ...args] = command?.split(' ') ?? [];
    if (name !== undefined && !missing.includes(name) && (await run(program, args, { output: 'capture' })).code !== 0) {
      missing.push(name);
    }
  }
  if (missing.length === 0) {
    return 0;
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const update = await run('apt-get', ['update', '-q'], { env });
  return update.code === 0
    ? (await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env })).code
    : update.code;
}

/**
 * What `npm test` wrote, its steps one by one.
 *
 * @param {number} code - The exit status of `npm test`.
 */
function testCounts(code) {
  const file = join(ROOT, 'build/test-summary.json');
  if (!existsSync(file)) {
    return countOne(code === 0 ? 1 : code);
  }
  const summary = JSON.parse(readFileSync(file, 'utf8'));
  for (const { name, passed, failed, skipped } of summary.steps) {
    console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  const { passed, failed, skipped } = summary;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
}

await tool(async () => {
  let ready = false;
  try {
    await steps.step('Node, Rust, a C linker', async () => {
      const code = await installDebianPackages();
      await tool(async () => {
        requireNode();
        await requireRust();
        ready = true;
        return 0;
      });
      return countOne(ready ? code : 1);
    });
    if (ready) {
      rmSync(join(ROOT, 'build/test-summary.json'), { force: true });
      await steps.step('npm test', async () => testCounts(await npm(['test'], 35)));
      const check = BUILDS_CUDA ? ['run', 'check', '--', '--cuda'] : ['run', 'check'];
      await steps.step('npm run check', async () => countOne(await npm(check, 12)));
      await steps.step('src/native/binding.d.ts and the locks are what the build makes', async () => {
        const files = ['src/native/binding.d.ts', 'Cargo.lock', 'package-lock.json'];
        return countOne((await run('git', ['diff', '--exit-code', '--', ...files])).code);
      });
      await steps.step('docs/api-report.md is what the declarations say', async () =>
        countOne(await npm(['run', 'api-report', '--', '--check'], 2)),
      );
      await steps.step('README example', async () => countOne((await run(process.execPath, ['tools/check-docs.mjs', 'README.md'])).code));
      await steps.step('npm run bench -- --short', async () => countOne(await npm(['run', 'bench', '--', '--short'], 6)));
      await steps.step('npm start', async () => countOne(await npm(['start'], 12)));
      await audit(steps);
      if (BUILDS_CUDA) {
        await steps.step('npm run build:cuda', async () => countOne(await npm(['run', 'build:cuda'], 15)));
        await steps.step('npm run test:cuda -- --processor', async () =>
          countOne(await npm(['run', 'test:cuda', '--', '--processor'], 10)),
        );
      }
      await steps.step('npm run test:package', async () => countOne(await npm(['run', 'test:package'], 15)));
    }
  } catch (error) {
    // Whatever goes wrong, the last line is printed.
    console.error(error);
    steps.done.push({ name: 'tools/ci.mjs', passed: 0, failed: 1, skipped: 0, seconds: 0 });
  }
  steps.print();
  const { passed, failed } = steps.total();
  console.log(`\nTotal: ${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
