import test from 'ava';
import { Agent, InputError, type TaskTrainerOptions, Trainer, type TrainingEvent } from 'innate';
import { echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';
import { drawers } from './support/drawers.js';

const OPTIONS = { hiddenSize: 16, seed: 1, batchSize: 48, learningRate: 1e-2, updateEpochs: 2, progress: false } as const;

/** Divergences of the iterations of two stages, and the digest of what was learned. */
async function divergences(options: object, task = echoTask()): Promise<readonly number[]> {
  const seen: number[] = [];
  const progress = (event: TrainingEvent): void => {
    if (event.type === 'iteration') {
      seen.push(event.train.referenceKl ?? NaN);
    }
  };
  await using trainer = await Trainer.create({ ...OPTIONS, task, algorithm: 'ppo', ...options, progress } as unknown as TaskTrainerOptions);
  const iterations = 12;
  await trainer.run(
    task.stages.length > 1
      ? [
          { stage: 0, iterations },
          { stage: 1, iterations },
        ]
      : [{ stage: 0, iterations: 2 * iterations }],
  );
  return seen;
}

test('it begins at 0 with the run or with each stage, grows, and a coefficient holds it', async (t) => {
  for (const algorithm of ['ppo', 'rloo', 'grpo']) {
    const free = await divergences({ algorithm, reference: 'start', minibatches: 1, updateEpochs: 1 });
    t.is(free.length, 24);
    t.true(Math.abs(free[0] ?? 1) < 1e-6, `${free[0]}`);
    t.true((free[11] ?? 0) > 0.05 && (free[12] ?? 0) > 0.05, `${free}`);
    const staged = await divergences({ algorithm, reference: 'stage', minibatches: 1, updateEpochs: 1 });
    t.true(Math.abs(staged[12] ?? 1) < 1e-6 && (staged[11] ?? 0) > 0.05, `${staged}`);
    const held = await divergences({ algorithm, klCoef: 5, minibatches: 1, updateEpochs: 1 });
    t.true(Math.max(...held) < 0.3 * Math.max(...free), `${Math.max(...held)} ${Math.max(...free)}`);
    const none = await divergences({ algorithm });
    t.true(none.every(Number.isNaN));
  }
});

test('a task that answers has one too', async (t) => {
  for (const algorithm of ['ppo', 'grpo']) {
    const free = await divergences({ algorithm, reference: 'start', minibatches: 1, updateEpochs: 1 }, drawers(true) as never);
    t.true(Math.abs(free[0] ?? 1) < 1e-6 && (free.at(-1) ?? 0) > 0.02, `${free}`);
    const held = await divergences({ algorithm, klCoef: 5, minibatches: 1, updateEpochs: 1 }, drawers(true) as never);
    t.true(Math.max(...held) < 0.3 * Math.max(...free), `${Math.max(...held)} ${Math.max(...free)}`);
  }
});

test('another agent is a reference, stays as it is and is not closed', async (t) => {
  const task = echoTask();
  await using reference = await Agent.create({ task, hiddenSize: 8, seed: 9 });
  const before = await digest(reference);
  const [first] = await divergences({ reference });
  t.true((first ?? 0) > 1e-4);
  t.is(await digest(reference), before);
  t.false(reference.closed);
  await using other = await Agent.create({ seed: 9 });
  const failing = () => Trainer.create({ ...OPTIONS, task, algorithm: 'ppo', reference: other });
  await fails(t, failing, { code: 'ERR_OPTIONS', path: 'reference.vocabulary.length' });
});

test('an agent holds to a reference by public gradients', async (t) => {
  const network = { vocabulary: 5, stages: 1, horizon: 3, startToken: 4, hiddenSize: 7, seed: 3 } as const;
  await using agent = await Agent.create(network);
  const programs = { contexts: [0, 1], stages: [0, 0], actions: [0, 1, 2, 3, 4, 0] };
  const { logProbs } = await agent.evaluateActions(programs);
  const nothing = { ...programs, advantages: [0, 0], valueCoef: 0, entropyCoef: 0, klCoef: 0.5 };
  const away = await agent.gradients({ ...nothing, referenceLogProbs: logProbs.map((logProb) => logProb + Math.LN2) });
  // r = 2: r − log r − 1, and ∂/∂log π = 1 − r, as an advantage of 0.5 · 3 steps / 3 is.
  t.true(Math.abs((away.referenceKl ?? 0) - (1 - Math.LN2)) < 1e-6);
  t.true(Math.abs(away.loss - 0.5 * (1 - Math.LN2)) < 1e-6);
  const same = await agent.gradients({ ...programs, advantages: [0.5, 0.5], valueCoef: 0, entropyCoef: 0, reduction: 'step' });
  for (const [name, { data }] of Object.entries(away.gradients)) {
    t.true(
      data.every((x, i) => Math.abs(x - (same.gradients[name]?.data[i] ?? NaN)) < 1e-6),
      name,
    );
  }
  t.false('referenceKl' in same);
  await t.throwsAsync(agent.update({ ...nothing, referenceLogProbs: [0] }), { instanceOf: InputError, message: /referenceLogProbs/ });
});
