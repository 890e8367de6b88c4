import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { build } from 'esbuild';
import { Agent, arithmetic } from 'innate';
import { cartPole } from 'innate/environments';
import { inFolder } from '../support/folder.js';
import { ROOT } from '../tooling/helpers.js';

/** Bytes of `innate/infer`, minified and gzipped. */
const MOST = 15_000;

/** A program for the browser. An import of Node.js, or of the addon, is an error here. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(ROOT, 'dist') },
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  for (const path of Object.keys(metafile.inputs)) {
    if (/native|\/agent\/|\/trainer\//.test(path.replace('infer/agent', ''))) {
      throw new Error(`${path} is in a bundle for the browser`);
    }
  }
  return new TextDecoder().decode(outputFiles[0]?.contents);
}

test('innate/infer is small', async (t) => {
  const bytes = gzipSync(await bundle("export * from './infer.js';"), { level: 9 }).length;
  t.log(`${bytes} bytes`);
  t.true(bytes > 5000);
  t.true(bytes <= MOST, `${bytes} bytes, minified and gzipped`);
});

for (const entry of ['infer', 'define', 'environments']) {
  test(`innate/${entry} imports nothing of Node.js, and neither does what it is made of`, async (t) => {
    const text = await bundle(`export * from './${entry}.js';`);
    t.false(/require\(|node:/.test(text));
  });
}

test('the package itself does, so that there is something to find', async (t) => {
  await t.throwsAsync(bundle("export * from './index.js';"), { message: /node:/ });
});

test('a page acts in a task and an environment, in a context with what browsers have', async (t) => {
  const page = await bundle(`
    import { arithmetic, Random } from './define.js';
    import { cartPole } from './environments.js';
    import { Agent } from './infer.js';
    globalThis.result = (async () => {
      const recites = await (await Agent.load(task)).session();
      recites.begin(arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 0));
      const program = Array.from({ length: arithmetic.horizon }, () => recites.step({ deterministic: true }).actions[0]);
      const plays = await (await Agent.load(environment)).session();
      const pole = cartPole();
      let observation = pole.reset({ random: new Random(1), stage: 0 });
      const actions = [];
      for (let over = false; !over; ) {
        plays.step({ observation, deterministic: true });
        actions.push(plays.action());
        const step = pole.step(plays.action());
        observation = step.observation;
        over = step.terminated || step.truncated;
      }
      return JSON.stringify({ program, actions });
    })();`);
  const { observationSpace, actionSpace } = cartPole();
  await using recites = await Agent.create({ seed: 3, hiddenSize: 16 });
  await using plays = await Agent.create({ observationSpace, actionSpace, seed: 3, hiddenSize: 16 });
  await inFolder(async (folder) => {
    await recites.save(`${folder}/task`);
    await plays.save(`${folder}/environment`);
    const context = {
      task: new Uint8Array(readFileSync(`${folder}/task`)),
      environment: new Uint8Array(readFileSync(`${folder}/environment`)),
      TextDecoder,
      result: undefined as Promise<string> | undefined,
    };
    runInNewContext(page, context);
    const { program, actions } = JSON.parse((await context.result) ?? '') as { readonly program: number[]; readonly actions: number[] };
    const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 0);
    t.deepEqual(program, [...(await recites.act({ ...batch, deterministic: true })).actions]);
    t.true(actions.length >= 8 && actions.every((action) => action === 0 || action === 1));
  });
});
