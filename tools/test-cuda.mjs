// `npm run test:cuda`: the numeric tests of both languages on a CUDA device, with the addon built for it. Fails where there is no device.
// `-- --processor` instead has our kernels launched on the processor, by a driver of our own: what can be tested without a device.
import { join } from 'node:path';
import { buildCudaForTests, buildTypeScript } from './lib/build.mjs';
import { cudaToolkit, PROCESSOR } from './lib/cuda-toolkit.mjs';
import { ROOT, run, ToolError, tool } from './lib/process.mjs';
import { AVA_COUNTS, CARGO_COUNTS, countOne, countTests, Steps } from './lib/steps.mjs';
import { requireRust } from './lib/toolchain.mjs';

const ADDON = join(ROOT, 'build/addon-cuda-test/innate.linux-x64-gnu.node');
/** The addon with CUDA has everything that the other has. */
const DEVICE = { INNATE_TEST_DEVICE: 'cuda', NAPI_RS_NATIVE_LIBRARY_PATH: ADDON };
const FILES = ['agent/*', 'trainer/{determinism,mastery,run,tutorial-defects}'];
const steps = new Steps();
const ava = join(ROOT, 'node_modules/ava/entrypoints/cli.mjs');

/** Stops with the loader's or the driver's own reason unless an agent can be made on CUDA. */
async function requireDevice() {
  const source = `
    const { Agent } = await import('innate');
    const failure = await Agent.create({ device: 'cuda' }).then((agent) => agent.close(), (error) => error);
    process.stdout.write(failure ? failure.candidates?.at(-1)?.reason ?? failure.message : 'ready');`;
  const { output } = await run(process.execPath, ['--input-type=module', '--eval', source], { output: 'capture', env: DEVICE });
  if (output !== 'ready') {
    throw new ToolError(`No test was run, because there is no CUDA device to run it on: ${output}`);
  }
}

/**
 * Runs tests of Rust on CUDA.
 *
 * @param {string} name - What is done.
 * @param {NodeJS.ProcessEnv} env - The toolkit's, and more.
 * @param {readonly string[]} args - Further arguments of cargo.
 */
const cargoTest = (name, env, args) =>
  steps.step(name, async () => {
    const all = [
      'test',
      '--locked',
      '--workspace',
      '--release',
      '--target',
      await requireRust(),
      '--all-features',
      '--no-fail-fast',
      ...args,
    ];
    const { code, output } = await run('cargo', all, { output: 'tee', env: { ...env, ...DEVICE } });
    return countTests(code, output, CARGO_COUNTS);
  });

/**
 * Everything, on a device.
 *
 * @param {NodeJS.ProcessEnv} env - The toolkit's.
 */
async function testOnDevice(env) {
  await buildCudaForTests(env);
  await buildTypeScript();
  await requireDevice();
  await cargoTest('cargo test on CUDA', env, []);
  await steps.step('ava on CUDA', async () => {
    const files = FILES.map((file) => `build/__test__/${file}.test.js`);
    const { code, output } = await run(process.execPath, [ava, ...files], { output: 'tee', env: DEVICE });
    return countTests(code, output, AVA_COUNTS);
  });
  await steps.step('npm run bench -- --cuda', async () =>
    countOne((await run(process.execPath, ['build/bench/main.js', '--cuda'], { env: DEVICE })).code),
  );
}

await tool(async () => {
  const { env } = await cudaToolkit();
  if (process.argv.includes('--processor')) {
    await cargoTest('our kernels, launched on the processor', { ...env, LD_LIBRARY_PATH: PROCESSOR }, ['--test', 'cell']);
  } else {
    await testOnDevice(env);
  }
  steps.print();
  const { passed, failed, skipped } = steps.total();
  console.log(`\nTests on CUDA: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed === 0 ? 0 : 1;
});
