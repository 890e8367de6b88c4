// A CUDA toolkit to build with, on a machine that has none: compiler and headers from PyPI's wheels, and stub libraries in place of those
// that come with a driver. See docs/decisions/0013.
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cargoMetadata } from './cargo.mjs';
import { must, ROOT, run, ToolError } from './process.mjs';

const HOME = join(ROOT, 'build/cuda');
const TOOLKIT = join(HOME, 'toolkit/nvidia/cu13');
const KERNELS = join(ROOT, 'crates/innate-core/src/kernel/cell');

/** The oldest architecture that CUDA 13 compiles for. The driver translates its PTX for every later one. */
export const COMPUTE_CAPABILITY = '75';

/**
 * Libraries that the addon is linked with: the name for the linker, the one the loader looks for, cudarc's module that lists the functions,
 * and what a stub returns: the library's own code for "there is no device" or "not initialized".
 *
 * @type {readonly { name: string, soname: string, module: string | undefined, code: number }[]}
 */
const LIBRARIES = [
  { name: 'cuda', soname: 'libcuda.so.1', module: 'driver', code: 100 },
  { name: 'cublas', soname: 'libcublas.so.13', module: 'cublas', code: 1 },
  { name: 'cublasLt', soname: 'libcublasLt.so.13', module: 'cublaslt', code: 1 },
  { name: 'curand', soname: 'libcurand.so.10', module: 'curand', code: 203 },
  { name: 'nvrtc', soname: 'libnvrtc.so.13', module: 'nvrtc', code: 11 },
  // Only the kernels that tools/cuda/nvcc.sh leaves out would need it.
  { name: 'cudart', soname: 'libcudart.so.13', module: undefined, code: 0 },
];

/**
 * Functions of stand-ins that do something, in C, by library.
 *
 * @type {Readonly<Record<string, string | undefined>>}
 */
const WRITTEN = { cuda: 'tools/cuda/processor/driver.c', cublas: 'tools/cuda/processor/cublas.c' };

/** A folder for `LD_LIBRARY_PATH` that makes this a machine with CUDA's libraries and no device. */
export const NO_DEVICE = join(HOME, 'no-device');
/** Likewise, with a driver and a cuBLAS that run on the processor. */
export const PROCESSOR = join(HOME, 'processor');

/** Stops unless this machine can run the compiler. */
async function requireHost() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new ToolError(`CUDA is built on Linux x64 only, and this is ${process.platform} ${process.arch}: run it there.`);
  }
  if ((await run('python3', ['-m', 'pip', '--version'], { output: 'capture' })).code !== 0) {
    throw new ToolError(
      "CUDA's compiler is brought by pip, and `python3 -m pip` does not run: install it (Debian, Ubuntu: `apt-get install python3-pip`) and run the command again.",
    );
  }
  if ((await run('c++', ['--version'], { output: 'capture' })).code !== 0) {
    throw new ToolError(
      "CUDA's compiler needs a C++ compiler, and `c++` is not on your PATH: install one (Debian, Ubuntu: `apt-get install build-essential`) and run the command again.",
    );
  }
}

/** Downloads the wheels, checks their hashes and unpacks them, unless that has been done. */
async function unpackWheels() {
  const requirements = join(ROOT, 'tools/cuda/requirements.txt');
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  const stamp = join(HOME, 'toolkit/.requirements');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) {
    return;
  }
  const wheels = join(HOME, 'wheels');
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(wheels, { recursive: true });
  console.log("Downloading CUDA's compiler, about 100 MB ...");
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes'];
  await must('pip download', 'python3', [...pip, '--dest', wheels, '--requirement', requirements]);
  for (const wheel of readdirSync(wheels)) {
    await must(`Unpacking ${wheel}`, 'python3', ['-m', 'zipfile', '-e', join(wheels, wheel), join(HOME, 'toolkit')]);
  }
  rmSync(wheels, { recursive: true });
  // A wheel unpacked so has lost its modes.
  for (const folder of ['bin', 'nvvm/bin']) {
    for (const entry of readdirSync(join(TOOLKIT, folder), { withFileTypes: true })) {
      if (entry.isFile()) {
        chmodSync(join(TOOLKIT, folder, entry.name), 0o755);
      }
    }
  }
  writeFileSync(stamp, hash);
}

/** @returns {Promise<string>} The folder of cudarc's sources, whose bindings say which functions there are. */
async function cudarcFolder() {
  const { packages } = await cargoMetadata(['--all-features']);
  const cudarc = packages.find((/** @type {{ name: string }} */ { name }) => name === 'cudarc');
  if (cudarc === undefined) {
    throw new ToolError('With all features, the workspace does not depend on cudarc: tools/lib/cuda-toolkit.mjs must be changed with it.');
  }
  return dirname(cudarc.manifest_path);
}

/**
 * Links a C file into a library.
 *
 * @param {string} library - The library.
 * @param {string} soname - The name that the loader looks for.
 * @param {readonly string[]} args - The file, and more for the compiler.
 */
async function link(library, soname, args) {
  const flags = ['-shared', '-fPIC', '-O1', '-w', `-Wl,-soname,${soname}`, '-o', library];
  await must(`Linking a stand-in for ${soname}`, 'cc', [...flags, ...args]);
}

/**
 * Links two stand-ins for each library, with every function that cudarc binds: one whose functions return that they cannot be used, to link
 * with and for {@link NO_DEVICE}, and one for {@link PROCESSOR}.
 */
async function linkStubs() {
  const cudarc = await cudarcFolder();
  const stubs = join(TOOLKIT, 'lib/stubs');
  for (const folder of [stubs, NO_DEVICE, PROCESSOR]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  for (const { name, soname, module, code } of LIBRARIES) {
    const bindings = module === undefined ? '' : readFileSync(join(cudarc, 'src', module, 'sys/mod.rs'), 'utf8');
    const functions = [...new Set([...bindings.matchAll(/\bfn ((?:cu|nvrtc)\w+)/g)].map(([, symbol]) => symbol ?? ''))];
    const all = (/** @type {readonly string[]} */ symbols, /** @type {number} */ value) =>
      symbols.map((symbol) => `int ${symbol}(void) { return ${value}; }\n`).join('');
    const source = join(stubs, `${name}.c`);
    const library = join(stubs, `lib${name}.so`);
    writeFileSync(source, all(functions, code));
    await link(library, soname, [source]);
    symlinkSync(library, join(NO_DEVICE, soname));
    // For the processor: what is written in C, and success for the rest.
    const written = WRITTEN[name] === undefined ? '' : readFileSync(join(ROOT, WRITTEN[name]), 'utf8');
    const rest = functions.filter((symbol) => !new RegExp(`^int ${symbol}\\(`, 'm').test(written));
    const working = join(PROCESSOR, `${name}.c`);
    writeFileSync(working, written + all(rest, 0));
    await link(join(PROCESSOR, soname), soname, [`-I${KERNELS}`, `-I${join(ROOT, 'tools/cuda/processor')}`, working, '-lm']);
  }
}

/**
 * Makes the toolkit.
 *
 * @returns {Promise<{ nvcc: string, env: NodeJS.ProcessEnv }>} Its compiler, and the environment that Candle's build finds all in.
 */
export async function cudaToolkit() {
  await requireHost();
  await unpackWheels();
  await linkStubs();
  const wrapped = join(TOOLKIT, 'wrapped');
  mkdirSync(wrapped, { recursive: true });
  cpSync(join(ROOT, 'tools/cuda/nvcc.sh'), join(wrapped, 'nvcc'));
  chmodSync(join(wrapped, 'nvcc'), 0o755);
  const bin = join(TOOLKIT, 'bin');
  return {
    nvcc: join(bin, 'nvcc'),
    env: {
      CUDA_HOME: TOOLKIT,
      CUDA_COMPUTE_CAP: COMPUTE_CAPABILITY,
      NVCC: join(wrapped, 'nvcc'),
      PATH: `${bin}:${process.env['PATH']}`,
    },
  };
}
