import test from 'ava';
import { Agent, tutorial } from 'innate';
import { device, engines } from '../support/device.js';
import { golden } from '../support/safetensors.js';
import { distance, largestDifference } from '../support/weights.js';

const FORWARD = 2e-5;
const LOSS = 5e-5;
const WEIGHTS = 2e-5;

function relative(actual: number, expected: number): number {
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}

for (const engine of engines) {
  for (const context of ['own', 'batch'] as const) {
    for (const stage of [0, 1, 2]) {
      test(`${engine} on ${device}, ${context} context, stage ${stage}: three updates equal PyTorch's`, async (t) => {
        const file = golden(`${context}_context_stage${stage}`);
        await using agent = await Agent.create({ device, task: tutorial.task({ context }), engine });
        await agent.loadStateDict(file.weights('init.'));
        for (const step of [0, 1, 2]) {
          const of = (name: string): string => `step${step}.${name}`;
          const programs = { contexts: file.ints(of('context')), stages: file.ints(of('stage')), actions: file.ints(of('actions')) };
          const evaluation = await agent.evaluateActions(programs);
          t.true(distance(evaluation.logits, file.floats(of('logits'))) <= FORWARD);
          t.true(distance(evaluation.logProbs, file.floats(of('log_prob'))) <= FORWARD);
          t.true(distance(evaluation.entropies, file.floats(of('entropy'))) <= FORWARD);
          t.true(distance(evaluation.values, file.floats(of('value'))) <= FORWARD);
          const episodes = { ...programs, returns: file.floats(of('reward')) };
          const before = await agent.stateDict();
          const { gradients, ...predicted } = await agent.gradients(episodes);
          t.is(largestDifference(await agent.stateDict(), before), 0, 'gradients() changes nothing');
          t.true(largestDifference(gradients, file.weights(of('clipped_grad.'))) <= WEIGHTS);
          const stats = await agent.update(episodes);
          t.deepEqual(stats, predicted);
          t.true(relative(stats.loss, file.floats(of('loss'))[0] ?? NaN) <= LOSS);
          t.true(relative(stats.gradNorm, file.floats(of('grad_norm'))[0] ?? NaN) <= LOSS);
          if (step !== 1) {
            t.true(largestDifference(await agent.stateDict(), file.weights(of('after.'))) <= WEIGHTS, `weights after step ${step}`);
          }
        }
      });
    }
  }
}

test(`fused and plain on ${device} act alike from the same weights`, async (t) => {
  const task = tutorial.task({ context: 'own' });
  await using fused = await Agent.create({ task, seed: 3, engine: 'fused' });
  await using plain = await Agent.create({ device, task, seed: 3, engine: 'plain' });
  t.is(fused.info.engine, 'fused');
  t.is(plain.info.engine, 'plain');
  t.is(largestDifference(await fused.stateDict(), await plain.stateDict()), 0, 'one seed, one initialisation');
  const prompts = { contexts: [1, 2, 3, 10, 4, 5, 6, 10], stages: [0, 0] };
  const a = await fused.act({ ...prompts, deterministic: true });
  const b = await plain.act({ ...prompts, deterministic: true });
  t.deepEqual(a.actions, b.actions);
  t.true(distance(a.logProbs, b.logProbs) <= FORWARD);
  t.true(distance(a.values, b.values) <= FORWARD);
});
