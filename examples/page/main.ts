// Two pages on which trained agents work step by step in a browser: trains the agents, and writes a folder that needs nothing from elsewhere.
import { copyFile, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { arithmetic, Trainer } from 'innate';
import { guessNumber } from 'innate/environments';

const { values } = parseArgs({
  options: {
    folder: { type: 'string', default: 'build/page' },
    seed: { type: 'string', default: '1' },
    iterations: { type: 'string', default: '1500' },
    steps: { type: 'string', default: '150000' },
  },
});
const { folder } = values;
const seed = Number(values.seed);
const here = fileURLToPath(new URL('.', import.meta.url));
const site = fileURLToPath(new URL('../../../examples/page/site/', import.meta.url));

await mkdir(folder, { recursive: true });

await using plans = await Trainer.create({ task: arithmetic, seed });
const learned = await plans.run(arithmetic.stages.map((stage) => ({ stage, maxIterations: Number(values.iterations) })));
await plans.agent.save(join(folder, 'arithmetic.safetensors'));

await using asks = await Trainer.create({ environment: () => guessNumber(), seed, hiddenSize: 64 });
const played = await asks.run([{ stage: 0, steps: Number(values.steps) }]);
await asks.agent.save(join(folder, 'guess-number.safetensors'));

for (const file of ['index.html', 'guess.html', 'page.css']) {
  await copyFile(join(site, file), join(folder, file));
}
await build({
  entryPoints: ['arithmetic', 'guess'].map((page) => join(here, 'browser', `${page}.js`)),
  outdir: folder,
  bundle: true,
  minify: true,
  platform: 'browser',
  format: 'esm',
  target: 'es2022',
  logLevel: 'warning',
});

const successes = learned.stages.map(({ successRate }) => `${(100 * successRate).toFixed(1)} %`).join(', ');
const serve = relative(process.cwd(), join(here, 'serve.js'));
console.log(`\nArithmetic, stage by stage: ${successes} right in ${learned.seconds.toFixed(1)} s`);
console.log(`Guess a number: found in ${(100 * (played.stages[0]?.meanReturn ?? NaN)).toFixed(1)} % in ${played.seconds.toFixed(1)} s`);
console.log(`${folder} has the pages. To open them: node ${serve} ${folder}, then http://127.0.0.1:8080/ in a browser`);
