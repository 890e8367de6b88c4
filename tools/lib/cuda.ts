// CUDA on a machine that has none. To build with: compiler and headers from PyPI's wheels, and stub libraries in place of those that come with a
// driver. To test with: a driver that runs on the processor. See docs/decisions/0013.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allCrates } from './licences.js';
import { must, ROOT, run, ToolError } from './process.js';

/** Where all that CUDA needs is built. */
export const HOME = join(ROOT, 'build/cuda');
/** A folder for `LD_LIBRARY_PATH` that makes this a machine with CUDA's libraries and no device. */
export const NO_DEVICE = join(HOME, 'no-device');
const SOURCES = join(ROOT, 'tools/cuda/processor');
const KERNELS = join(ROOT, 'crates/innate-core/src/kernel/cell');

interface Library {
  readonly name: string; // For the linker.
  readonly soname: string; // What the loader looks for.
  readonly module?: string; // cudarc's module that lists its functions.
  readonly code: number; // The library's own for "there is no device" or "not initialized".
  readonly written?: string; // C file with the functions that do something on the processor.
}

const LIBRARIES: readonly Library[] = [
  { name: 'cuda', soname: 'libcuda.so.1', module: 'driver', code: 100, written: 'driver.c' },
  { name: 'cublas', soname: 'libcublas.so.13', module: 'cublas', code: 1, written: 'cublas.c' },
  { name: 'cublasLt', soname: 'libcublasLt.so.13', module: 'cublaslt', code: 1 },
  { name: 'curand', soname: 'libcurand.so.10', module: 'curand', code: 203 },
  { name: 'nvrtc', soname: 'libnvrtc.so.13', module: 'nvrtc', code: 11 },
  // Only the kernels that tools/cuda/nvcc.sh leaves out would need it.
  { name: 'cudart', soname: 'libcudart.so.13', code: 0 },
];

/** What writes a library in C: all functions that cudarc binds. */
async function writer(): Promise<(library: Library, code: number, written?: string) => string> {
  const cudarc = (await allCrates()).find(({ name }) => name === 'cudarc');
  if (cudarc === undefined) {
    throw new ToolError('The workspace does not depend on cudarc with any feature: tools/lib/cuda.ts must be changed with it.');
  }
  const sources = join(dirname(cudarc.manifest_path), 'src');
  return ({ module }, code, written = '') => {
    const bindings = module === undefined ? '' : readFileSync(join(sources, module, 'sys/mod.rs'), 'utf8');
    const functions = new Set(bindings.match(/(?<=\bfn )(?:cu|nvrtc)\w+/g));
    const rest = [...functions].filter((symbol) => !new RegExp(`^int ${symbol}\\(`, 'm').test(written));
    return written + rest.map((symbol) => `int ${symbol}(void) { return ${code}; }\n`).join('');
  };
}

async function link(file: string, soname: string, text: string) {
  writeFileSync(`${file}.c`, text);
  const flags = ['-shared', '-fPIC', '-O1', '-w', `-Wl,-soname,${soname}`, `-I${SOURCES}`, `-I${KERNELS}`];
  await must(`Linking a stand-in for ${soname}`, 'cc', [...flags, '-o', file, `${file}.c`, '-lm']);
}

function renew(folder: string) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

/** Makes stubs to link with, whose functions only return that they cannot be used, and {@link NO_DEVICE} of them. */
export async function linkStubs(folder: string) {
  const write = await writer();
  renew(folder);
  renew(NO_DEVICE);
  for (const library of LIBRARIES) {
    const file = join(folder, `lib${library.name}.so`);
    await link(file, library.soname, write(library, library.code));
    symlinkSync(file, join(NO_DEVICE, library.soname));
  }
}

/** Makes a driver and a cuBLAS that run on the processor, for `LD_LIBRARY_PATH`; what is not written in C returns success. */
export async function linkProcessor(): Promise<string> {
  const write = await writer();
  const folder = join(HOME, 'processor');
  renew(folder);
  for (const library of LIBRARIES) {
    const written = library.written && readFileSync(join(SOURCES, library.written), 'utf8');
    await link(join(folder, library.soname), library.soname, write(library, 0, written));
  }
  return folder;
}

const TOOLKIT = join(HOME, 'toolkit/nvidia/cu13');

/** The oldest architecture that CUDA 13 compiles for. The driver translates its PTX for every later one. */
export const COMPUTE_CAPABILITY = '75';

/** Whether this is a system that the compiler runs on. */
export const BUILDS_CUDA = process.platform === 'linux' && process.arch === 'x64';

/** Stops unless this machine can run the compiler. */
async function requireHost() {
  if (!BUILDS_CUDA) {
    throw new ToolError(`CUDA is built on Linux x64 only, and this is ${process.platform} ${process.arch}: run it there.`);
  }
  if ((await run('python3', ['-m', 'pip', '--version'], { output: 'capture' })).code !== 0) {
    const remedy = 'install it (Debian, Ubuntu: `apt-get install python3-pip`) and run the command again.';
    throw new ToolError(`CUDA's compiler is brought by pip, and \`python3 -m pip\` does not run: ${remedy}`);
  }
  if ((await run('c++', ['--version'], { output: 'capture' })).code !== 0) {
    const remedy = 'install one (Debian, Ubuntu: `apt-get install build-essential`) and run the command again.';
    throw new ToolError(`CUDA's compiler needs a C++ compiler, and \`c++\` is not on your PATH: ${remedy}`);
  }
}

/** Downloads the wheels, checks their hashes and unpacks them, unless that has been done. */
async function unpackWheels() {
  const requirements = join(ROOT, 'tools/cuda/requirements.txt');
  const stamp = join(HOME, 'toolkit/.requirements');
  if (existsSync(stamp) && readFileSync(stamp).equals(readFileSync(requirements))) {
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
  cpSync(requirements, stamp);
}

/** Makes the toolkit. Returns its compiler, and the environment that Candle's build finds all in. */
export async function cudaToolkit(): Promise<{ nvcc: string; env: NodeJS.ProcessEnv }> {
  await requireHost();
  await unpackWheels();
  await linkStubs(join(TOOLKIT, 'lib/stubs'));
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
