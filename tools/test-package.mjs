// `npm run test:package`: packs, publishes to a registry on loopback, installs as a user would on a machine without compilers, and uses the
// package from JavaScript and TypeScript, under test runners, under each runtime, and with CUDA's beside it if `npm run build:cuda` made one.
// `--packed` takes what build/npm holds instead of building. See docs/decisions/0012 to 0014.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { install } from './lib/build.mjs';
import { Machine } from './lib/consumer.mjs';
import { checkGlibc } from './lib/glibc.mjs';
import { checkBudget, checkHooks, checkInstall, checkJavaScript } from './lib/package-checks.mjs';
import { OUT as CUDA_OUT, checkCuda, cudaTarball } from './lib/package-cuda.mjs';
import { checkFailures } from './lib/package-failures.mjs';
import { checkTypes } from './lib/package-types.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';
import { startRegistry } from './lib/registry.mjs';
import { checkRunners } from './lib/runners.mjs';
import { checkRuntimes } from './lib/runtimes.mjs';
import { Steps } from './lib/steps.mjs';
import { OUT, pack, stageEmptyPlatforms } from './pack.mjs';

const steps = new Steps();

/**
 * One step: it passes when the body returns what it saw, and fails when the body throws.
 *
 * @param {string} name - What is checked.
 * @param {() => Promise<string> | string} body - Checks it.
 */
const check = (name, body) =>
  steps.step(name, async () => {
    try {
      console.log(await body());
      return { passed: 1, failed: 0, skipped: 0 };
    } catch (error) {
      if (!(error instanceof ToolError)) {
        throw error;
      }
      console.error(error.message);
      return { passed: 0, failed: 1, skipped: 0 };
    }
  });

/** @returns {string[]} The tarballs in build/npm. */
function packed() {
  return readdirSync(OUT)
    .filter((name) => name.endsWith('.tgz'))
    .map((name) => join(OUT, name));
}

/**
 * @param {string} folder - Where packages are staged.
 * @returns {{ file: string, platform: string }[]} The addons for glibc in them.
 */
function addonsIn(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const platform = /^innate\.(.+-gnu)(?:-cuda)?\.node$/.exec(basename(name))?.[1];
    return platform === undefined ? [] : [{ file: join(folder, name), platform }];
  });
}

/**
 * A linter of packages, over tarballs.
 *
 * @param {string} program - Its JavaScript file, from node_modules.
 * @param {readonly string[]} args - Its arguments.
 * @param {readonly string[]} tarballs - What it is given, one after another.
 */
async function lint(program, args, tarballs) {
  for (const tarball of tarballs) {
    const { code, output } = await run(process.execPath, [join(ROOT, 'node_modules', program), ...args, tarball], { output: 'capture' });
    if (code !== 0 || /warning|suggestion/i.test(output)) {
      throw new ToolError(output);
    }
  }
  return `0 findings in ${tarballs.length}`;
}

await tool(async () => {
  await install();
  if (!process.argv.includes('--packed')) {
    await check('pack', async () => `the addon took ${(await pack()).seconds.toFixed(0)} s`);
  }
  if (!existsSync(OUT)) {
    throw new ToolError('build/npm is not there: without `-- --packed` it is made, and what kept it from that is above.');
  }
  const cuda = cudaTarball();
  const tarballs = [...packed(), ...(cuda === undefined ? [] : [cuda])];
  const main = tarballs.filter((tarball) => /^innate-\d/.test(basename(tarball)));
  await check('publint --strict', () => lint('publint/src/cli.js', ['--strict'], tarballs));
  await check('attw', () => lint('@arethetypeswrong/cli/dist/index.js', ['--no-emoji', '--no-color'], main));
  await check('glibc floor', () => {
    const addons = [...addonsIn(OUT), ...(cuda === undefined ? [] : addonsIn(CUDA_OUT))];
    const seen = addons.map(({ file, platform }) => `${basename(file)}: ${checkGlibc(file, platform)}`).join(', ');
    return seen || 'no addon for glibc here';
  });
  await check('test hooks', () => {
    const published = [OUT, ...(cuda === undefined ? [] : [CUDA_OUT])].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    );
    const tested = readdirSync(ROOT).find((name) => name.endsWith('.node')) ?? 'the addon of this clone, which is not built';
    return checkHooks(
      published.filter((file) => file.endsWith('.node')),
      join(ROOT, tested),
    );
  });
  const folder = mkdtempSync(join(tmpdir(), 'innate-package-'));
  const cleanUp = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A moment for the running program to hear of it; then what listens to `exit` stops the registry and removes the folder.
    process.once(signal, () => setTimeout(() => process.exit(1), 200));
  }
  const registry = await startRegistry(join(folder, 'registry'));
  try {
    const machine = new Machine(join(folder, 'machine'), registry.url);
    await check('publish', async () => {
      // Those of the other platforms are empty here; npm must neither install them nor call a lock without them out of date.
      const empty = await stageEmptyPlatforms(join(folder, 'empty'));
      for (const what of [...tarballs, ...empty]) {
        await machine.npm(folder, ['publish', what, '--ignore-scripts', '--loglevel=error']);
      }
      return `${tarballs.length} packages, and ${empty.length} empty ones of other platforms`;
    });
    const project = join(folder, 'project');
    await check('install with no compiler on the PATH', () => checkInstall(machine, project));
    await check('import and require', () => checkJavaScript(machine, project));
    await check('TypeScript: NodeNext, CommonJS, bundler', () => checkTypes(machine, project));
    await check('cold import', () => checkBudget(machine, project));
    await checkRunners(machine, join(folder, 'runners'), check);
    await checkRuntimes(machine, join(folder, 'runtimes'), project, steps, check);
    await checkFailures(machine, join(folder, 'failures'), check);
    if (cuda === undefined) {
      await steps.step('CUDA', async () => {
        console.log('build/npm-cuda holds no package of this version: run `npm run build:cuda`, on Linux x64, and then the command again.');
        return { passed: 0, failed: 0, skipped: 1 };
      });
    } else {
      await checkCuda(machine, join(folder, 'cuda'), check);
    }
  } finally {
    await registry.stop();
    cleanUp();
    process.off('exit', cleanUp);
  }
  steps.print();
  const { passed, failed } = steps.total();
  console.log(`\nPackage: ${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
});
