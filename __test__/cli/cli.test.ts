import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { explanationLine } from '#dist/cli/explained.js';
import { runTutorial } from '#dist/cli/run-tutorial.js';
import { trainArithmetic } from '#dist/cli/train-arithmetic.js';

test('the tutorial prints what the tutorial prints', async (t) => {
  let text = '';
  await runTutorial({
    seed: 0,
    context: 'batch',
    write: (more) => {
      text += more;
    },
  });
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

test('the main job explains, and says whether all was mastered', async (t) => {
  let text = '';
  const events = new Set<string>();
  const mastered = await trainArithmetic({
    seed: 0,
    maxIterations: 2,
    write: (more) => {
      text += more;
    },
    progress: (event) => {
      events.add(event.type);
    },
  });
  t.false(mastered, 'not in two iterations a stage');
  t.deepEqual([...events].sort(), ['evaluation', 'iteration', 'stage', 'stage-end']);
  t.is(text.split('  target ').length - 1, 15);
  t.regex(text, /Stage 2 \(multiply-add-subtract-product\): \d+\.\d % {2}not mastered/);
  t.regex(text, /Greedy success on 1000 fresh problems a stage\n {2}Stage 0 \(multiply-add\): \d+\.\d %/);
});

test('an explained problem ends where the program does, and marks what did nothing', (t) => {
  const applied = { '[SUB]': false, '[MUL]': true, '[ANS]': true, '[ADD]': undefined };
  const steps = Object.entries(applied).map(([token, ran]) => ({ token, probability: 0.5, value: 0, entropy: 0, applied: ran }));
  const tokens = Object.keys(applied);
  const explanation = { stage: 0, name: 'x', context: '1 2', target: '2', tokens, steps, executed: 3, reward: 1.05, success: true };
  t.is(explanationLine(explanation), '  1 2  target 2  ([SUB]) [MUL] [ANS]  right, reward 1.05, p 0.13');
});

for (const [command, flags, message] of [
  ['start', ['--seed', 'x'], 'seed: must be an integer'],
  ['start', ['--sed', '1'], "Unknown option '--sed'"],
  ['tutorial', ['--context', 'none'], '--context: must be batch or own'],
] as const) {
  test(`${command} ${flags.join(' ')} fails with one clear message`, (t) => {
    const script = fileURLToPath(new URL(`../../../dist/cli/${command}.js`, import.meta.url));
    const child = spawnSync(process.execPath, [script, ...flags], { encoding: 'utf8' });
    t.is(child.status, 1);
    t.true(child.stderr.includes(message), child.stderr);
    t.false(child.stderr.includes('    at '), 'no stack');
  });
}
