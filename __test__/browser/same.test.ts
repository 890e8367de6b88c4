import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { build } from 'esbuild';
import { Agent, arithmetic } from 'innate';
import { promptsOf } from '#dist/task/checked.js';
import { Random } from '#dist/util/random.js';
import { serve } from '../../examples/page/serve.js';
import { builtIn } from '../builtin/support/built-in.js';
import { shake } from '../onnx/support/shaken.js';
import { ROOT } from '../tooling/helpers.js';
import { type Browser, openPage, startChromium } from './support/chromium.js';

/** Prompts of each task. */
const PROMPTS = 60;
const HIDDEN = 128;
/** What a decision may take, in milliseconds. */
const WANTED = 0.2;

let browser: Browser;
let server: Server;
let origin = '';
let folder = '';

/** `innate/infer`, and what the pages of this test do with it. */
const PROGRAM = `
  import { Agent } from './infer.js';
  export async function programs(file, prompts, size, horizon) {
    const session = await (await Agent.load(await fetch(file))).session({ size });
    session.begin(prompts);
    const steps = Array.from({ length: horizon }, () => {
      const { actions, logProbs, values } = session.step({ deterministic: true });
      return { actions: [...actions], logProbs: [...logProbs], values: [...values] };
    });
    return steps;
  }
  export async function times(file, prompts, horizon) {
    const session = await (await Agent.load(await fetch(file))).session();
    const block = (programs) => {
      const start = performance.now();
      for (let program = 0; program < programs; program += 1) {
        session.begin(prompts);
        for (let step = 0; step < horizon; step += 1) session.step({ deterministic: true });
      }
      return (performance.now() - start) / programs / horizon;
    };
    block(200);
    return Array.from({ length: 101 }, () => block(10)).sort((a, b) => a - b);
  }`;

test.before(async () => {
  await mkdir('build/browser', { recursive: true });
  folder = await mkdtemp('build/browser/same-');
  await writeFile(join(folder, 'index.html'), '<!doctype html><link rel="icon" href="data:,">');
  await build({
    stdin: { contents: PROGRAM, resolveDir: join(ROOT, 'dist') },
    outfile: join(folder, 'program.js'),
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'esm',
  });
  browser = await startChromium();
  server = await serve(folder, 0);
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

test.after.always(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true });
});

interface Step {
  readonly actions: readonly number[];
  readonly logProbs: readonly number[];
  readonly values: readonly number[];
}

for (const [index, { title, task }] of builtIn.filter((each) => each.task.interaction === undefined).entries()) {
  test.serial(`Chromium, ${title}: the programs of the addon`, async (t) => {
    await using agent = await Agent.create({ task, seed: index, hiddenSize: HIDDEN });
    await shake(agent);
    await agent.save(join(folder, `agent-${index}.safetensors`));
    const stages = Int32Array.from({ length: PROMPTS }, (_, row) => row % task.stages.length);
    const batch = task.sample(stages, new Random(4));
    const native = await agent.act({ ...batch, deterministic: true });
    const prompts = Object.fromEntries(
      Object.entries(promptsOf(task, batch)).map(([name, ids]) => [name, ids === undefined ? undefined : [...ids]]),
    );
    const { page, wrong } = await openPage(browser, origin);
    await page.goto(origin);
    const call = { file: `agent-${index}.safetensors`, prompts, size: PROMPTS, horizon: task.horizon };
    const steps = await page.evaluate<typeof call, Promise<Step[]>>(
      `import('./program.js').then(({ programs }) => programs(${[call.file, prompts, PROMPTS, task.horizon].map((each) => JSON.stringify(each)).join()}))`,
    );
    let largest = 0;
    const programs = new Set<string>();
    for (let row = 0; row < PROMPTS; row += 1) {
      const at = (step: number) => row * task.horizon + step;
      const own = steps.map(({ actions }) => actions[row]);
      programs.add(own.join());
      t.deepEqual(own, [...native.actions.subarray(at(0), at(task.horizon))], `prompt ${row}`);
      for (const [step, { logProbs, values }] of steps.entries()) {
        largest = Math.max(
          largest,
          Math.abs((logProbs[row] ?? NaN) - (native.logProbs[at(step)] ?? NaN)),
          Math.abs((values[row] ?? NaN) - (native.values[at(step)] ?? NaN)),
        );
      }
    }
    t.true(largest <= 1e-5, `${largest}`);
    t.true(programs.size > 1, 'prompts are told apart');
    t.deepEqual(wrong, []);
    t.log(`${PROMPTS} prompts, ${programs.size} programs, log-probabilities and values within ${largest.toExponential(1)}`);
  });
}

test.serial('Chromium: the time of a decision', async (t) => {
  await using agent = await Agent.create({ task: arithmetic, seed: 1, hiddenSize: HIDDEN });
  await agent.save(join(folder, 'timed.safetensors'));
  const { contexts, stages } = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }], 2);
  const { page } = await openPage(browser, origin);
  await page.goto(origin);
  const prompts = JSON.stringify({ contexts: [...contexts], stages: [...stages] });
  const times = await page.evaluate<void, Promise<number[]>>(
    `import('./program.js').then(({ times }) => times('timed.safetensors', ${prompts}, ${arithmetic.horizon}))`,
  );
  const [least = NaN, median = NaN] = [times[0], times[50]];
  t.log(`Chromium ${browser.version()}, hidden ${HIDDEN}: median ${median.toFixed(4)} ms, least ${least.toFixed(4)} ms a decision`);
  t.true(median <= WANTED, `${median} ms`);
});
