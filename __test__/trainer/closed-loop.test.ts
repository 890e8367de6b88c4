import test from 'ava';
import { arithmetic, linear, Trainer, type TrainerOptions } from 'innate';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';
import { drawers } from './support/drawers.js';

/** Two steps: a look, and a drawer. */
const looked = (hears: boolean) => drawers(false, { horizon: 2, ends: false, hears });

const OPTIONS = { hiddenSize: 32, seed: 1, progress: false } as const;

for (const algorithm of ['a2c', 'ppo'] as const) {
  test(`a task that answers is learned with ${algorithm}, and without hearing it stays at chance`, async (t) => {
    const train = async (hears: boolean): Promise<number> => {
      const options: TrainerOptions = {
        ...OPTIONS,
        task: looked(hears),
        ...(algorithm === 'a2c' ? { learningRate: 3e-3 } : { algorithm }),
      };
      const { stages, agent } = await Trainer.run([{ stage: 0, iterations: 150 }], options);
      await agent.close();
      return stages[0]?.successRate ?? 0;
    };
    const [hearing, deaf] = [await train(true), await train(false)];
    t.log(hearing, deaf);
    t.true(hearing >= 0.99);
    t.true(deaf < 0.45);
  });
}

test('in closed loop bytes depend on the seed alone, and explaining and evaluating move nothing', async (t) => {
  const learned = async (threads: number, measures: boolean): Promise<string> => {
    await using trainer = await Trainer.create({ ...OPTIONS, threads, task: looked(true), evaluateEvery: measures ? 2 : 100 });
    await trainer.run([{ stage: 0, iterations: 3 }]);
    if (measures) {
      const [explanation] = await trainer.explain(0, 1);
      t.is(explanation?.steps.length, 2);
      await trainer.evaluate({ problems: 20, samples: 2 });
    }
    await trainer.run([{ stage: 0, iterations: 3 }]);
    return digest(trainer.agent);
  };
  const first = await learned(1, false);
  t.is(await learned(2, false), first);
  t.is(await learned(2, true), first);
});

test('PPO on a task that does not answer; schedules', async (t) => {
  const { stages, agent } = await Trainer.run([{ stage: 0, iterations: 100 }], {
    task: arithmetic,
    algorithm: 'ppo',
    seed: 1,
    progress: false,
    learningRate: linear(1e-3, 0),
  });
  t.log(stages[0]);
  t.true((stages[0]?.successRate ?? 0) > 0.9);
  await agent.close();
});

test('options of PPO and A2C on tasks', async (t) => {
  const refused = async (options: object, path: string): Promise<void> => {
    await fails(t, () => Trainer.create({ ...OPTIONS, ...options } as TrainerOptions), { code: 'ERR_OPTIONS', path });
  };
  await refused({ clipRange: 0.2 }, 'clipRange');
  await refused({ algorithm: 'ppo', baseline: 'step' }, 'baseline');
  await refused({ algorithm: 'ppo', gamma: 0.9 }, 'gamma');
  await refused({ algorithm: 'ppo', valueClipRange: 0.2 }, 'valueClipRange');
  await refused({ algorithm: 'ppo', batchSize: 2, minibatches: 4 }, 'minibatches');
  await refused({ learningRate: linear(0, 1) }, 'learningRate.from');
  await refused({ task: looked(true), baseline: 'program' }, 'baseline');
});
