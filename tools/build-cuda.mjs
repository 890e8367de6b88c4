// `npm run build:cuda`: the package with CUDA, from a clean clone on a machine without GPU, driver and toolkit, into build/npm-cuda.
// `npm run cuda:ptx` writes the PTX of our own kernels anew; `-- --check` only compares. See docs/decisions/0013.
import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildPublished, buildTypeScript } from './lib/build.mjs';
import { COMPUTE_CAPABILITY, cudaToolkit } from './lib/cuda-toolkit.mjs';
import { OUT } from './lib/package-cuda.mjs';
import { checkVersions, packFolders, stagePlatform } from './lib/platform-package.mjs';
import { must, ROOT, ToolError, tool } from './lib/process.mjs';

const KERNELS = join(ROOT, 'crates/innate-core/src/kernel/cell/gru_cell');

/**
 * Compiles our own kernels.
 *
 * @param {string} nvcc - The compiler.
 * @param {string} out - Where the PTX goes.
 */
async function compilePtx(nvcc, out) {
  await must('nvcc', nvcc, ['--ptx', '-O3', `-arch=compute_${COMPUTE_CAPABILITY}`, '-o', out, `${KERNELS}.cu`]);
}

/**
 * Stops unless the PTX that is checked in is what its source compiles to.
 *
 * @param {string} nvcc - The compiler.
 */
async function checkPtx(nvcc) {
  const fresh = join(ROOT, 'build/cuda/gru_cell.ptx');
  await compilePtx(nvcc, fresh);
  if (readFileSync(fresh, 'utf8') !== readFileSync(`${KERNELS}.ptx`, 'utf8')) {
    throw new ToolError(`gru_cell.ptx is not what gru_cell.cu compiles to: run \`npm run cuda:ptx\` and commit it.`);
  }
  console.log('gru_cell.ptx is what gru_cell.cu compiles to.');
}

/** Builds and packs. */
async function buildCuda() {
  checkVersions();
  const { nvcc, env } = await cudaToolkit();
  await checkPtx(nvcc);
  await buildTypeScript();
  const start = performance.now();
  const target = await buildPublished('build/addon-cuda', { features: ['cuda'], env });
  const seconds = (performance.now() - start) / 1000;
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  await stagePlatform({ addon: 'build/addon-cuda', target, out: OUT, cuda: true });
  const [tarball = ''] = await packFolders(OUT);
  const size = (statSync(tarball).size / 1e6).toFixed(2);
  console.log(`${tarball.slice(ROOT.length + 1)}: ${size} MB packed; the addon took ${seconds.toFixed(0)} s`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await tool(async () => {
    const [what, ...more] = process.argv.slice(2);
    if (what === undefined) {
      await buildCuda();
    } else if (what === 'ptx') {
      const { nvcc } = await cudaToolkit();
      await (more.includes('--check') ? checkPtx(nvcc) : compilePtx(nvcc, `${KERNELS}.ptx`));
    } else {
      throw new ToolError(`Nothing called ${what} is built here: name ptx, or nothing for the package.`);
    }
    return 0;
  });
}
