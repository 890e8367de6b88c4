import test from 'ava';
import { Agent, Trainer, tutorial } from 'innate';
import { device } from '../support/device.js';
import { distance } from '../support/weights.js';

const TWO = { contexts: Int32Array.of(1, 2, 3, 10, 9, 8, 7, 10), stages: Int32Array.of(0, 0), actions: new Int32Array(12).fill(11) };
const FIRST = { contexts: TWO.contexts.subarray(0, 4), stages: Int32Array.of(0), actions: TWO.actions.subarray(0, 6) };

test('defect 3: the network never sees its own problem: two contexts of a batch get the same logits', async (t) => {
  const size = 6 * 18;
  await using batch = await Agent.create({ device, task: tutorial.task({ context: 'batch' }), seed: 1 });
  const shared = (await batch.evaluateActions(TWO)).logits;
  t.is(distance(shared.subarray(0, size), shared.subarray(size)), 0, "context: 'batch'");
  const alone = (await batch.evaluateActions(FIRST)).logits;
  t.true(distance(alone, shared.subarray(0, size)) > 1e-3, 'and with one problem it does see it: training and use differ');
  await using own = await Agent.create({ device, task: tutorial.task({ context: 'own' }), seed: 1 });
  const separate = (await own.evaluateActions(TWO)).logits;
  t.true(distance(separate.subarray(0, size), separate.subarray(size)) > 1e-3, "context: 'own'");
  t.true(distance((await own.evaluateActions(FIRST)).logits, separate.subarray(0, size)) < 1e-6, 'the same alone and in a batch');
});

test('defect 5: 60 iterations do not teach it', async (t) => {
  const { batchSize } = tutorial.settings;
  await using trainer = await Trainer.create({ device, task: tutorial.task(), batchSize, rehearsal: 0, progress: false });
  const { iterations, stages } = await trainer.run(tutorial.schedule);
  t.is(iterations, 60);
  t.true(stages.every(({ mastered }) => !mastered));
  for (const { stage, successRate, meanReturn } of await trainer.evaluate()) {
    t.log(`stage ${stage}: stated target met ${(100 * successRate).toFixed(1)} %, mean reward ${meanReturn.toFixed(3)}`);
    t.true(successRate < 0.25);
  }
});

test('a sixth defect: the whole-program baseline takes the advantage away from what it judges', async (t) => {
  const run = async (baseline: 'program' | 'step'): Promise<boolean> => {
    const { stages, agent } = await Trainer.run([0, 1, 2], { device, baseline, seed: 1, maxIterations: 400, progress: false });
    await agent.close();
    t.log(`${baseline}: ${stages.map(({ successRate }) => `${(100 * successRate).toFixed(1)} %`).join(', ')}`);
    return stages.every(({ mastered }) => mastered);
  };
  t.false(await run('program'));
  t.true(await run('step'));
});
