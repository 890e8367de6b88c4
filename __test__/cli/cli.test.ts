import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Agent, arithmetic } from 'innate';
import { explanationLine } from '#dist/cli/explained.js';
import { trainArithmetic } from '#dist/cli/repository/train-arithmetic.js';
import { runTutorial } from '#dist/cli/run-tutorial.js';

test('the tutorial prints what the tutorial prints', async (t) => {
  let text = '';
  await runTutorial({
    seed: 0,
    context: 'batch',
    write: (more) => {
      text += more;
    },
  });
  t.regex(text, /^The published tutorial to the letter.*zeros[\s\S]*npm start[\s\S]*\n\nEpoch 05/, 'says why it looks broken, up front');
  const lines = text.trimEnd().split('\n');
  const number = String.raw`-?\d+\.\d{3}`;
  const epochs = lines.filter((line) => line.startsWith('Epoch'));
  t.is(epochs.length, 12);
  const pattern = new RegExp(
    String.raw`^Epoch \d\d \| Stage [012] \| Training Accuracy: ${number} \| Eval T0: ${number} \| T1: ${number} \| T2: ${number} \| Loss: ${number}$`,
  );
  t.true(
    epochs.every((line) => pattern.test(line)),
    epochs.join('\n'),
  );
  t.true(epochs[0]?.startsWith('Epoch 05 | Stage 0 |'));
  t.true(epochs[6]?.startsWith('Epoch 35 | Stage 1 |'));
  t.true(epochs[11]?.startsWith('Epoch 60 | Stage 2 |'));
  const explained = lines.filter((line) => line.includes(' | Context: '));
  t.is(explained.length, 15);
  t.true(
    explained.every((line) => /^Stage [012] \| Context: .+ \| Target: -?\d+ \| Actions: .+ \| Reward: \d\.\d\d$/.test(line)),
    explained[0],
  );
  t.is(lines.filter((line) => /^Stage [012] \| Mean greedy reward on 1000 problems: \d\.\d{3}$/.test(line)).length, 3);
});

test('innate tutorial --json gives what the agent reaches, and prints nothing else', (t) => {
  const script = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'tutorial', '--json', '--context', 'own'], { encoding: 'utf8' });
  t.deepEqual([status, stderr], [0, '']);
  const { stages } = JSON.parse(stdout);
  t.deepEqual(
    stages.map(({ stage, problems }: { stage: number; problems: number }) => [stage, problems]),
    [0, 1, 2].map((stage) => [stage, 1000]),
  );
});

test('the main job says what its columns mean, explains, says once how good the agent is, saves it and says what to do next', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'innate-start-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'arithmetic.safetensors');
  let text = '';
  const events = new Set<string>();
  const mastered = await trainArithmetic({
    seed: 0,
    file,
    maxIterations: 2,
    write: (more) => {
      text += more;
    },
    progress: (event) => {
      if (events.size === 0) {
        text += 'first event\n';
      }
      events.add(event.type === 'evaluation' ? event.purpose : event.type);
    },
  });
  t.false(mastered, 'not in two iterations a stage');
  t.true(['iteration', 'progress', 'stage', 'stage-end'].every((type) => events.has(type)));
  t.false(events.has('final'), 'the final success is not for the progress line');
  t.regex(text, /^success .*\nreturn .*\nentropy .*\ngreedy .*\n\nfirst event\n/, 'columns, before the first line');
  t.is(text.split('  target ').length - 1, 15);
  t.regex(text, /Stage 2 \(multiply-add-subtract-product\): \d+\.\d % {2}not mastered/);
  t.is(text.split('Greedy success on 1000 fresh problems a stage\n').length - 1, 1);
  t.is(text.split('Stage 0 (multiply-add): ').length - 1, 1, 'said once');
  const ending = text.slice(text.indexOf('Saved the agent')).trimEnd().split('\n');
  t.is(ending[0], `Saved the agent to ${file}`);
  t.true(ending.length <= 4);
  for (const [path = ''] of ending.join('\n').matchAll(/docs\/[\w/-]+\.md/g)) {
    t.true(existsSync(path), path);
  }
  const loaded = await Agent.load(file, { task: arithmetic });
  t.is(loaded.info.seed, 0);
  await loaded.close();
});

test('an explained problem ends where the program does, and marks what did nothing', (t) => {
  const applied = { '[SUB]': false, '[MUL]': true, '[ANS]': true, '[ADD]': undefined };
  const steps = Object.entries(applied).map(([token, ran]) => ({ token, probability: 0.5, value: 0, entropy: 0, applied: ran }));
  const tokens = Object.keys(applied);
  const explanation = { stage: 0, name: 'x', context: '1 2', target: '2', tokens, steps, executed: 3, episodeReturn: 1.05, success: true };
  t.is(explanationLine(explanation), '  1 2  target 2  ([SUB]) [MUL] [ANS]  right, reward 1.05, p 0.13');
});

const run = (flags: readonly string[]) => {
  const script = fileURLToPath(new URL('../../../dist/cli/repository/start.js', import.meta.url));
  return spawnSync(process.execPath, [script, ...flags], { encoding: 'utf8' });
};

for (const [flags, message] of [
  [['--seed', 'x'], "--seed: must be an integer from 0 to 9007199254740991, got 'x'."],
  [['--seed='], '--seed: must be an integer'],
  [['--seed', '1.5'], '--seed: must be an integer'],
  [['--seed', '0x10'], '--seed: must be an integer'],
  [['--seed', '1e3'], '--seed: must be an integer'],
  [['--seed=-1'], '--seed: must be an integer'],
  [['--seed', '9007199254740992'], '--seed: must be an integer'],
  [['--seed', '-1'], '--seed'],
  [['--seed'], "Option '--seed <value>' argument missing"],
  [['--sed', '3'], '--sed: is not an option. Did you mean --seed?'],
  [['7'], '7: is one word too many.'],
  [['--help=yes'], '--help'],
] as const) {
  test(`npm start -- ${flags.join(' ')} fails with one clear message`, (t) => {
    const child = run(flags);
    t.is(child.status, 2);
    t.true(child.stderr.includes(message), child.stderr);
    t.true(child.stderr.endsWith('npm start -- --help says what can be typed.\n'), child.stderr);
    t.false(child.stderr.includes('    at '), 'no stack');
    t.is(child.stdout, '', 'nothing was begun');
  });
}

test('npm start -- --help prints the list of options', (t) => {
  for (const flag of ['--help', '-h']) {
    const child = run([flag]);
    t.like(child, { status: 0, stderr: '' });
    t.regex(child.stdout, /Usage: npm start -- \[options\][\s\S]*--seed <n> +\S[\s\S]*--help +prints this/);
  }
});
