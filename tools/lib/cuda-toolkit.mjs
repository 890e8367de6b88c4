// A CUDA toolkit to build with, on a machine that has none: compiler and headers from PyPI's wheels, and stub libraries in place of those
// that come with a driver. See docs/decisions/0013.
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HOME, linkStubs } from './cuda-stand-ins.mjs';
import { must, ROOT, run, ToolError } from './process.mjs';

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

/**
 * Makes the toolkit.
 *
 * @returns {Promise<{ nvcc: string, env: NodeJS.ProcessEnv }>} Its compiler, and the environment that Candle's build finds all in.
 */
export async function cudaToolkit() {
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
