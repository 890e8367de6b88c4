// Install, native build, TypeScript build. Each does nothing when nothing changed.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { writeCommonJsDeclarations } from './declarations.mjs';
import { must, ROOT } from './process.mjs';
import { sysrootFlags } from './sysroot.mjs';
import { requireNode, requireRust } from './toolchain.mjs';

/** @returns {boolean} Whether node_modules is what package-lock.json says. */
function isInstalled() {
  const lock = join(ROOT, 'package-lock.json');
  const installed = join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) {
    return false;
  }
  const stamp = join(ROOT, 'node_modules/.innate-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash()) {
    return true;
  }
  // Installed by hand: npm writes the two within moments of each other.
  return statSync(installed).mtimeMs + 5000 >= statSync(lock).mtimeMs;
}

/** @returns {string} What identifies the lock's content. */
function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
}

/** Installs the locked packages if they are missing or older than the lock. */
export async function install() {
  requireNode();
  if (isInstalled()) {
    return;
  }
  console.log('Installing packages (npm ci) ...');
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath'];
  if (npm?.endsWith('.js')) {
    await must('npm ci', process.execPath, [npm, ...args]);
  } else {
    await must('npm ci', 'npm', args);
  }
  writeFileSync(join(ROOT, 'node_modules/.innate-lock'), lockHash());
}

/**
 * @typedef {object} AddonBuild
 * @property {string} profile - Profile of Cargo.toml.
 * @property {string} folder - Where the addon goes, from the root.
 * @property {string} dts - Where its declarations go, from that folder.
 * @property {readonly string[]} [features] - Features of the binding's crate.
 * @property {readonly string[]} [cargo] - Further arguments of cargo.
 * @property {NodeJS.ProcessEnv} [env] - Added to the environment.
 */

/**
 * Builds the addon and its declarations. Cargo decides what is stale.
 *
 * @param {AddonBuild} build - What to build.
 * @returns {Promise<string>} The host's target triple.
 */
async function buildAddon({ profile, folder, dts, features = [], cargo = [], env = {} }) {
  requireNode();
  const host = await requireRust();
  await install();
  const cli = join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js');
  const manifest = ['--manifest-path', 'crates/innate-napi/Cargo.toml'];
  const output = ['--output-dir', folder, '--dts', dts, '--no-js', '--platform'];
  const optimize = profile === 'release' ? ['--release'] : ['--profile', profile];
  const what = features.length === 0 ? [] : ['--features', features.join(',')];
  const args = [cli, 'build', ...manifest, ...output, ...optimize, ...what, '--target', host, '--', '--locked', ...cargo];
  await must('Building the native part', process.execPath, args, { env });
  return host;
}

/**
 * Builds the addon for this clone, with what tests need: into the root folder, and its declarations into src/native.
 *
 * @returns {Promise<string>} The host's target triple.
 */
export function buildNative() {
  return buildAddon({ profile: 'release', folder: '.', dts: 'src/native/binding.d.ts', features: ['test-hooks'] });
}

/**
 * Builds the addon with CUDA for tests: in the profile that cargo's tests have, into build/addon-cuda-test.
 *
 * @param {NodeJS.ProcessEnv} env - The toolkit's.
 * @returns {Promise<string>} The host's target triple.
 */
export function buildCudaForTests(env) {
  return buildAddon({ profile: 'release', folder: 'build/addon-cuda-test', dts: 'binding.d.ts', features: ['cuda', 'test-hooks'], env });
}

/**
 * Builds an addon that is published: the `dist` profile, with no path of this machine in it, for systems older than this one.
 *
 * @param {string} folder - Where it goes, from the root; emptied first.
 * @param {Pick<AddonBuild, 'features' | 'env'>} [options] - See there.
 * @returns {Promise<string>} The host's target triple.
 */
export async function buildPublished(folder, options = {}) {
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  const host = await requireRust();
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const flags = [`--remap-path-prefix=${cargoHome}=cargo`, `--remap-path-prefix=${ROOT}=innate`, ...(await sysrootFlags(host))];
  const cargo = ['--config', `target.${host}.rustflags=${JSON.stringify(flags)}`];
  return buildAddon({ profile: 'dist', folder, dts: 'binding.d.ts', cargo, ...options });
}

/** Compiles src to dist and the tests, benchmarks and examples to build. */
export async function buildTypeScript() {
  await install();
  for (const folder of ['.', '__test__', 'bench', 'examples']) {
    prune(join(ROOT, folder === '.' ? 'dist' : `build/${folder}`), join(ROOT, folder === '.' ? 'src' : folder));
  }
  await must('Compiling TypeScript', process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--build']);
  writeCommonJsDeclarations(join(ROOT, 'dist'));
}

/**
 * Removes compiled files whose source is gone, so that a deleted test is not run and a deleted module is not shipped.
 *
 * @param {string} output - Folder of compiled files.
 * @param {string} source - Folder of their sources.
 */
function prune(output, source) {
  if (!existsSync(output)) {
    return;
  }
  for (const entry of readdirSync(output, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const compiled = /^(.*)(?:\.d\.c?ts|\.js)$/.exec(path)?.[1];
    if (entry.isFile() && compiled !== undefined && !existsSync(join(source, `${relative(output, compiled)}.ts`))) {
      rmSync(path);
    }
  }
}

/**
 * Everything that `npm start` and `npm test` need: installed, built, up to date.
 *
 * @returns {Promise<string>} The host's target triple.
 */
export async function prepare() {
  const host = await buildNative();
  await buildTypeScript();
  return host;
}
