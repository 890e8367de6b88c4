// `npm run test:cuda`: the numeric tests of both languages on a CUDA device, with the addon built for it. Fails where there is no device.
// `-- --processor` gives it a driver that runs on the processor: all but the kernels of Candle and cuBLAS themselves is tested without a GPU.
import { join } from 'node:path';
import { buildAddon, buildTypeScript } from './build.js';
import { cudaToolkit, linkProcessor } from './lib/cuda.js';
import { ROOT, run, ToolError } from './lib/process.js';
import { AVA_COUNTS, CARGO_COUNTS, Steps } from './lib/steps.js';

const onProcessor = process.argv.includes('--processor');
/** On the processor, those that train for long are left out. */
const FILES = onProcessor ? ['agent/*', 'trainer/run'] : ['agent/*', 'trainer/{determinism,mastery,run,tutorial-defects}'];

/** Stops with the loader's or the driver's own reason unless an agent can be made on CUDA. */
async function requireDevice(env: NodeJS.ProcessEnv) {
  const source = `
    const { Agent } = await import('innate');
    const failure = await Agent.create({ device: 'cuda' }).then((agent) => agent.close(), (error) => error);
    process.stdout.write(failure ? failure.candidates?.at(-1)?.reason ?? failure.message : 'ready');`;
  const { output } = await run(process.execPath, ['--input-type=module', '--eval', source], { output: 'capture', env });
  if (output !== 'ready') {
    throw new ToolError(`No test was run, because there is no CUDA device to run it on: ${output}`);
  }
}

export async function main(): Promise<number> {
  const { env: toolkit } = await cudaToolkit();
  const folder = 'build/addon-cuda-test';
  const host = await buildAddon({ folder, features: ['cuda', 'test-hooks'], env: toolkit });
  await buildTypeScript();
  const env = {
    INNATE_TEST_DEVICE: 'cuda',
    // The addon with CUDA has everything that the other has.
    NAPI_RS_NATIVE_LIBRARY_PATH: join(ROOT, folder, 'innate.linux-x64-gnu.node'),
    ...(onProcessor ? { LD_LIBRARY_PATH: await linkProcessor() } : {}),
  };
  await requireDevice(env);
  const where = onProcessor ? "CUDA's stand-in on the processor" : 'CUDA';
  const steps = new Steps();
  const cargo = ['test', '--locked', '--workspace', '--release', '--target', host, '--all-features', '--no-fail-fast'];
  await steps.tests(`cargo test on ${where}`, CARGO_COUNTS, 'cargo', cargo, { env: { ...toolkit, ...env } });
  const ava = [join(ROOT, 'node_modules/ava/entrypoints/cli.mjs'), ...FILES.map((file) => `build/__test__/${file}.test.js`)];
  await steps.tests(`ava on ${where}`, AVA_COUNTS, process.execPath, ava, { env });
  if (!onProcessor) {
    await steps.check('npm run bench -- --cuda', process.execPath, ['build/bench/main.js', '--cuda'], { env });
  }
  return steps.end(`Tests on ${where}`).code;
}
