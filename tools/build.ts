// Install, native build, TypeScript build; each does nothing when nothing changed. `npm run build`, `build:native`, `build:ts`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { installLocked } from './lib/install.js';
import { must, ROOT, ToolError } from './lib/process.js';
import { requireRust } from './lib/toolchain.js';

export interface AddonBuild {
  readonly folder: string; // Where the addon goes, from the root.
  readonly profile?: string; // Profile of Cargo.toml. Default `release`.
  readonly dts?: string; // Where its declarations go, from that folder.
  readonly features?: readonly string[]; // Features of the binding's crate.
  readonly cargo?: readonly string[]; // Further arguments of cargo.
  readonly env?: NodeJS.ProcessEnv; // Added to the environment.
}

/** Builds the addon and its declarations. Cargo decides what is stale. Returns the host's target triple. */
export async function buildAddon({
  folder,
  profile = 'release',
  dts = 'binding.d.ts',
  features = [],
  cargo = [],
  env = {},
}: AddonBuild): Promise<string> {
  const host = await requireRust();
  const output = ['--output-dir', folder, '--dts', dts, '--no-js', '--platform'];
  const what = ['--manifest-path', 'crates/innate-napi/Cargo.toml', '--profile', profile, '--target', host];
  const args = ['build', ...what, ...output, ...(features.length === 0 ? [] : ['--features', features.join()]), '--', '--locked', ...cargo];
  await must('Building the native part', process.execPath, [join(ROOT, 'node_modules/@napi-rs/cli/dist/cli.js'), ...args], { env });
  return host;
}

/** Builds an addon that is published: the `dist` profile, with no path of this machine in it, for systems older than this one. */
export async function buildPublished(folder: string, options: Pick<AddonBuild, 'features' | 'env'> = {}): Promise<string> {
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  const host = await requireRust();
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const flags = [`--remap-path-prefix=${cargoHome}=cargo`, `--remap-path-prefix=${ROOT}=innate`, ...(await sysrootFlags(host))];
  const cargo = ['--config', `target.${host}.rustflags=${JSON.stringify(flags)}`];
  return buildAddon({ profile: 'dist', folder, cargo, ...options });
}

/**
 * An old GNU C library to link with, so that what is published loads on systems older than the one that builds. Only its libraries are
 * used; compiler and linker are the system's. See docs/decisions/0012.
 */
async function sysrootFlags(target: string): Promise<readonly string[]> {
  if (target !== 'x86_64-unknown-linux-gnu') {
    return [];
  }
  const modules = await installLocked('sysroot', 'an old C library to link with, about 50 MB');
  const folder = join(ROOT, 'build/sysroot/unpacked');
  const stamp = join(folder, '.complete');
  if (!existsSync(stamp)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const packed = join(modules, '@napi-rs/cross-toolchain-x64-target-x86_64', `${target}.tar.xz`);
    await must('Unpacking the C library with tar and xz', 'tar', ['-xJf', packed, '-C', folder, `./${target}/sysroot`]);
    writeFileSync(stamp, '');
  }
  const sysroot = join(folder, target, 'sysroot');
  // Before the system's own folders, which the C compiler names even with a sysroot.
  return [`-Clink-arg=--sysroot=${sysroot}`, `-Clink-arg=-L${join(sysroot, 'usr/lib')}`, `-Clink-arg=-L${join(sysroot, 'lib')}`];
}

/** Builds the addon for this clone, with what tests need: into the root folder, and its declarations into src/native. */
export function buildNative(): Promise<string> {
  return buildAddon({ folder: '.', dts: 'src/native/binding.d.ts', features: ['test-hooks'] });
}

/** Compiles src to dist and the tests, benchmarks and examples to build. */
export async function buildTypeScript() {
  prune('dist', 'src');
  for (const folder of ['__test__', 'bench', 'examples', 'tools']) {
    prune(`build/${folder}`, folder);
  }
  await must('Compiling TypeScript', process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--build']);
  writeCommonJsDeclarations(join(ROOT, 'dist'));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
}

/** Removes compiled files whose source is gone, so that a deleted test is not run and a deleted module is not shipped. */
function prune(output: string, source: string) {
  for (const name of namesIn(join(ROOT, output))) {
    const compiled = /^(.*)(?:\.d\.c?ts|\.js)$/.exec(name)?.[1];
    if (compiled !== undefined && !existsSync(join(ROOT, source, `${compiled}.ts`))) {
      rmSync(join(ROOT, output, name));
    }
  }
}

/**
 * Writes `x.d.cts` beside every `x.d.ts`, with its imports renamed, for TypeScript files that are CommonJS: the compiler refuses an ES
 * module's declarations there, although Node.js loads the module. Does nothing to files that are as they should be.
 */
export function writeCommonJsDeclarations(folder: string) {
  for (const name of namesIn(folder).filter((file) => file.endsWith('.d.ts'))) {
    const declared = readFileSync(join(folder, name), 'utf8');
    // What a module is imported for beside its types declares nothing.
    const text = declared.replace(/^import '[^']*';\n/gm, '').replace(/((?:from |import\()'\.[^']*)\.js'/g, "$1.cjs'");
    const output = join(folder, name.replace(/\.ts$/, '.cts'));
    if (!existsSync(output) || readFileSync(output, 'utf8') !== text) {
      writeFileSync(output, text);
    }
  }
}

/** Everything that `npm start` and `npm test` need: installed, built, up to date. Returns the host's target triple. */
export async function prepare(): Promise<string> {
  const host = await buildNative();
  await buildTypeScript();
  return host;
}

export async function main(): Promise<void> {
  const what = process.argv[2] ?? 'all';
  const build = { all: prepare, native: buildNative, ts: buildTypeScript }[what];
  if (build === undefined) {
    throw new ToolError(`Nothing called ${what} is built here: name native, ts, or nothing for both.`);
  }
  await build();
}
