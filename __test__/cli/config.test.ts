import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { arithmetic, defineConfig } from 'innate';
import { cartPole } from 'innate/environments';
import { innate, numbersIn, projectWith } from '../support/command.js';

test('a configuration has a type: keys that there are, for what it is on', (t) => {
  const config = defineConfig({ task: arithmetic, stages: [0, { stage: 1, iterations: 3 }], seed: 1, checkpoint: { folder: 'runs/a' } });
  t.is(config.seed, 1);
  t.is(defineConfig({ environment: () => cartPole(), stages: [{ stage: 0, steps: 100 }], envCount: 8 }).envCount, 8);
  // @ts-expect-error: no such option
  defineConfig({ task: arithmetic, learningRat: 1 });
  // @ts-expect-error: not of environments
  defineConfig({ environment: () => cartPole(), batchSize: 3 });
  // @ts-expect-error: no such target
  defineConfig({ task: arithmetic, stages: [{ stage: 0, until: { sucessRate: 1 } }] });
});

const configOf = (options: string): Record<string, string> => ({
  'innate.config.mjs': `import { arithmetic, defineConfig } from 'innate';\nexport default defineConfig({ ${options} });\n`,
});

const SMALL = 'task: arithmetic, hiddenSize: 16, batchSize: 32, stages: [{ stage: 0, iterations: 2 }], progress: false';

test('a configuration says all that a run needs, and the command line goes over it', (t) => {
  const cwd = projectWith(t, configOf(`${SMALL}, seed: 4, checkpoint: { folder: 'runs/configured', every: 1, keepLast: 9 }`));
  const trained = innate(cwd, ['train']);
  t.deepEqual([trained.code, trained.stderr], [0, ''], 'progress: false');
  t.regex(trained.stdout, /^2 iterations, 64 episodes/);
  const run = join(cwd, 'runs/configured');
  t.deepEqual(JSON.parse(readFileSync(join(run, 'command.json'), 'utf8')), { version: 1, config: '../../innate.config.mjs' });
  t.is(
    innate(cwd, ['train', '--folder', 'typed', '--seed', '5', '--quiet', '--iterations', '3', '--set', 'checkpoint.keepLast=1']).code,
    0,
  );
  const { streams, run: kept, folder } = JSON.parse(innate(cwd, ['inspect', 'typed', '--json']).stdout);
  t.is(streams.seed, 5);
  t.is(kept.iterations, 3);
  t.deepEqual(
    kept.options,
    { hiddenSize: 16, batchSize: 32, seed: 5, checkpoint: { folder: '', every: 1, keepLast: 1 } },
    'the folder is where it is found',
  );
  t.is(folder.checkpoints.length, 1);
  t.not(numbersIn(join(cwd, 'typed')), numbersIn(run));
  t.is(innate(join(cwd, '..'), ['resume', run, '--quiet']).code, 0, 'from elsewhere, by its configuration');
  t.is(innate(cwd, ['evaluate', run, '--problems', '10', '--quiet']).code, 0);
  t.is(innate(cwd, ['check', '--problems', '4', '--quiet']).code, 0, 'of the configured task');
  const other = innate(cwd, ['train', '--task', 'triage', '--stages', '0', '--iterations', '1', '--folder', 'triage', '--quiet']);
  t.is(other.code, 0, other.stderr);
  t.is(JSON.parse(innate(cwd, ['inspect', 'triage', '--json']).stdout).note.task, 'triage');
});

for (const [options, message] of [
  [`${SMALL}, learningRat: 1`, 'innate.config.mjs: learningRat: is not an option. Did you mean learningRate?'],
  [`${SMALL}, learningRate: -1`, 'innate.config.mjs: learningRate: must be'],
  [`${SMALL}, checkpoint: { folder: 3 }`, 'innate.config.mjs: checkpoint.folder: must be'],
  [`${SMALL}, checkpoint: 'runs'`, 'innate.config.mjs: checkpoint: must be'],
  [`${SMALL}, network: { encoder: 'lstm' }`, 'innate.config.mjs: network.encoder: must be one of'],
  ["task: arithmetic, stages: [0, { stage: 'mul' }]", "innate.config.mjs: stages[1].stage: unknown stage 'mul'."],
  ["task: arithmetic, stages: { kind: 'mixd' }", 'innate.config.mjs: curriculum.kind: must be one of'],
  ['environment: 3', '--steps: must say how long'],
  ['seed: 3', '--task: must say what the agent is trained on.'],
] as const) {
  test(`a configuration with ${options} is refused by the name of the key`, (t) => {
    const { code, stdout, stderr } = innate(projectWith(t, configOf(options)), ['train']);
    t.deepEqual([code, stdout], [2, '']);
    t.true(stderr.startsWith(message), stderr);
  });
}

test('a configuration without a default export is refused, one that is named is read', (t) => {
  const cwd = projectWith(t, { 'none.mjs': 'export const seed = 1;', ...configOf(SMALL) });
  const { code, stderr } = innate(cwd, ['train', '--config', 'none.mjs']);
  t.is(code, 2);
  t.is(stderr.split('\n')[0], 'none.mjs: must export options by default, got undefined. Write `export default defineConfig({ task, … })`.');
  t.is(innate(join(cwd, '..'), ['train', '--config', join(cwd, 'innate.config.mjs'), '--folder', join(cwd, 'a'), '-q']).code, 0);
});

test('two things that are wrong are said at once, each by where it was given', (t) => {
  const cwd = projectWith(t, configOf(`${SMALL}, valueCoef: -1`));
  const { stderr } = innate(cwd, ['train', '--batch-size', '0']);
  t.regex(stderr, /--batch-size: must be/);
  t.regex(stderr, /innate\.config\.mjs: valueCoef: must be/);
});
