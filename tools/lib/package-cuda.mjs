// The package with CUDA on machines that cannot use it: `auto` trains on the CPU and says why once, `cuda` is a typed error of one sentence.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { newProject } from './consumer.mjs';
import { NO_DEVICE } from './cuda-stand-ins.mjs';
import { manifest } from './platform-package.mjs';
import { ROOT, ToolError } from './process.mjs';

/** @typedef {import('./consumer.mjs').Machine} Machine */

/** Where `npm run build:cuda` puts the package. */
export const OUT = join(ROOT, 'build/npm-cuda');

/** @returns {string | undefined} The tarball of the package with CUDA, if it was built of this version. */
export function cudaTarball() {
  const name = `innate-linux-x64-gnu-cuda-${manifest()['version']}.tgz`;
  return existsSync(join(OUT, name)) ? join(OUT, name) : undefined;
}

/**
 * @param {Machine} machine - A user's machine.
 * @param {string} project - A folder with both packages installed.
 * @param {'cuda' | 'auto'} device - What is asked for.
 * @param {string} [libraries] - Folder for `LD_LIBRARY_PATH`.
 * @returns {Promise<any>} What tools/consumer/device.mjs printed.
 */
async function train(machine, project, device, libraries) {
  const env = libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries };
  const { code, output } = await machine.node(project, ['--no-warnings', 'device.mjs', device], env);
  try {
    return JSON.parse(output);
  } catch {
    throw new ToolError(`device.mjs ${device} ended with exit status ${code}:\n${output}`);
  }
}

/**
 * @param {Machine} machine - A user's machine.
 * @param {string} project - A folder with both packages installed.
 * @param {string | undefined} libraries - Folder for `LD_LIBRARY_PATH`.
 * @param {string} expectedCode - Of the error.
 * @param {RegExp} says - Its message.
 */
async function expectNoCuda(machine, project, libraries, expectedCode, says) {
  const { code, message, warnings } = await train(machine, project, 'cuda', libraries);
  if (code !== expectedCode || !says.test(message) || /\n/.test(message) || warnings.length > 0) {
    throw new ToolError(`With device 'cuda' the program said ${code} and:\n${message}`);
  }
  const auto = await train(machine, project, 'auto', libraries);
  if (auto.iterations !== 3 || auto.device !== 'cpu' || !message.includes(auto.reason) || auto.warnings.join() !== 'INNATE_CPU') {
    throw new ToolError(`With device 'auto' it should train on the CPU and warn once, and there is ${JSON.stringify(auto)}`);
  }
  return `cuda: ${code}, ${message}\nauto: trained on the CPU, and said so once`;
}

/**
 * Installs both packages and takes away, one after another, what CUDA needs.
 *
 * @param {Machine} machine - A user's machine.
 * @param {string} folder - Where.
 * @param {(name: string, body: () => Promise<string>) => Promise<void>} check - Runs one check.
 */
export async function checkCuda(machine, folder, check) {
  const project = newProject(join(folder, 'project'));
  const name = 'innate-linux-x64-gnu-cuda';
  await check('CUDA: install', async () => {
    const seconds = await machine.npm(project, ['install', 'innate', name]);
    const size = readFileSync(join(project, `node_modules/${name}/innate.linux-x64-gnu-cuda.node`)).length;
    return `${seconds.toFixed(1)} s; the addon has ${(size / 1e6).toFixed(2)} MB`;
  });
  await check('CUDA: no driver', async () => {
    const libraries = join(folder, 'no-driver');
    mkdirSync(libraries);
    for (const library of readdirSync(NO_DEVICE).filter((entry) => entry !== 'libcuda.so.1')) {
      symlinkSync(join(NO_DEVICE, library), join(libraries, library));
    }
    const { device } = await train(machine, project, 'auto', undefined);
    return device === 'cuda'
      ? 'this machine has CUDA: it trained there'
      : expectNoCuda(
          machine,
          project,
          libraries,
          'ERR_NATIVE_LOAD',
          /^innate-\S+ needs NVIDIA's driver, .*: install the driver, or pass device: 'cpu'\.$/,
        );
  });
  await check('CUDA: a driver and no device', () =>
    expectNoCuda(machine, project, NO_DEVICE, 'ERR_DEVICE', /^device: CUDA cannot be used .*CUDA_ERROR_NO_DEVICE/),
  );
  await check('CUDA: a cut .node file', () => {
    const addon = join(project, `node_modules/${name}/innate.linux-x64-gnu-cuda.node`);
    truncateSync(addon, readFileSync(addon).length / 2);
    return expectNoCuda(
      machine,
      project,
      NO_DEVICE,
      'ERR_NATIVE_LOAD',
      /^innate-\S+ is damaged: delete node_modules\/innate-\S+-cuda and run/,
    );
  });
  await check('CUDA: not installed', () => {
    rmSync(join(project, `node_modules/${name}`), { recursive: true });
    return expectNoCuda(machine, project, NO_DEVICE, 'ERR_NATIVE_LOAD', /is not installed: run `npm install innate-\S+-cuda@[\d.]+`, or/);
  });
}
