// `npm run build:cuda`: the package with CUDA, from a clean clone on a machine without GPU, driver and toolkit, into build/npm-cuda.
// `npm run cuda:ptx` writes the PTX of our own kernels anew; `-- --check` only compares. See docs/decisions/0013.
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildPublished, buildTypeScript } from './build.js';
import { COMPUTE_CAPABILITY, cudaToolkit } from './lib/cuda.js';
import { must, ROOT, ToolError } from './lib/process.js';
import { packFolders, stagePlatform, tarballsIn } from './pack.js';

/** Where the package goes. */
const OUT = join(ROOT, 'build/npm-cuda');
const KERNELS = join(ROOT, 'crates/innate-core/src/kernel/cell/gru_cell');

async function compilePtx(nvcc: string, out: string) {
  await must('nvcc', nvcc, ['--ptx', '-O3', `-arch=compute_${COMPUTE_CAPABILITY}`, '-o', out, `${KERNELS}.cu`]);
}

/** Stops unless the PTX that is checked in is what its source compiles to. */
async function checkPtx(nvcc: string) {
  const fresh = join(ROOT, 'build/cuda/gru_cell.ptx');
  await compilePtx(nvcc, fresh);
  if (readFileSync(fresh, 'utf8') !== readFileSync(`${KERNELS}.ptx`, 'utf8')) {
    throw new ToolError(`gru_cell.ptx is not what gru_cell.cu compiles to: run \`npm run cuda:ptx\` and commit it.`);
  }
  console.log('gru_cell.ptx is what gru_cell.cu compiles to.');
}

/** Builds and packs. */
async function buildCuda() {
  const { nvcc, env } = await cudaToolkit();
  await checkPtx(nvcc);
  await buildTypeScript();
  const target = await buildPublished('build/addon-cuda', { features: ['cuda'], env });
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  await stagePlatform({ addon: 'build/addon-cuda', target, out: OUT, cuda: true });
  await packFolders(OUT);
  for (const tarball of tarballsIn(OUT)) {
    console.log(`${tarball.slice(ROOT.length + 1)}: ${(statSync(tarball).size / 1e6).toFixed(2)} MB packed`);
  }
}

export async function main(): Promise<void> {
  const [what, ...more] = process.argv.slice(2);
  if (what === undefined) {
    await buildCuda();
  } else if (what === 'ptx') {
    const { nvcc } = await cudaToolkit();
    await (more.includes('--check') ? checkPtx(nvcc) : compilePtx(nvcc, `${KERNELS}.ptx`));
  } else {
    throw new ToolError(`Nothing called ${what} is built here: name ptx, or nothing for the package.`);
  }
}
