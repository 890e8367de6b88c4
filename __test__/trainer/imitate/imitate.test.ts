import test from 'ava';
import {
  AbortedError,
  BusyError,
  ClosedError,
  eventMetrics,
  type ImitationEvent,
  linear,
  solvingPrograms,
  Trainer,
  type TrainingEvent,
} from 'innate';
import { echoTask } from '../../support/echo-task.js';
import { fails } from '../../support/failure.js';
import { digest } from '../../support/weights.js';
import { drawers } from '../support/drawers.js';
import { lock, openingOf } from '../support/lock.js';

const OPTIONS = { hiddenSize: 32, seed: 1, progress: false } as const;

test('a task that chance never solves is started by programs that a search found', async (t) => {
  await using alone = await Trainer.create({ ...OPTIONS, task: lock });
  const byChance = await alone.run([{ stage: 0, iterations: 100 }]);
  t.is(byChance.stages[0]?.successRate, 0);
  await using trainer = await Trainer.create({ ...OPTIONS, task: lock });
  const { count, successRate, updates, loss, stopped } = await trainer.imitate({ from: 'search', problems: 128 }, { learningRate: 5e-3 });
  t.deepEqual([count, successRate, updates, stopped], [128, 1, 100, false]);
  t.true(loss < 0.5, `${loss}`);
  const { stages } = await trainer.run([{ stage: 0, iterations: 100 }]);
  t.is(stages[0]?.successRate, 1);
});

test('the same beside the algorithm, for each of them and with a weight that falls', async (t) => {
  const programs = solvingPrograms(lock, { problems: 16 });
  for (const [algorithm, iterations] of [
    [{}, 100],
    [{ algorithm: 'ppo' }, 30],
    [{ algorithm: 'grpo' }, 30],
  ] as const) {
    const losses: number[] = [];
    const progress = (event: TrainingEvent): void => {
      if (event.type === 'iteration') {
        losses.push(event.train.imitationLoss ?? NaN);
      }
    };
    const imitation = { programs, weight: linear(1, 0), batchSize: 16 };
    const options = { ...OPTIONS, ...algorithm, task: lock, learningRate: 5e-3, imitation, progress };
    const { stages, agent } = await Trainer.run([{ stage: 0, iterations }], options);
    t.true((losses[0] ?? 0) > 1 && (losses.at(-1) ?? 9) < 0.4, `${losses[0]} ${losses.at(-1)}`);
    t.is(stages[0]?.successRate, 1, JSON.stringify(algorithm));
    await agent.close();
  }
});

test('a task that answers is imitated: what is heard and allowed on the way is seen', async (t) => {
  for (const masked of [false, true]) {
    const task = drawers(masked);
    const programs = [0, 1, 2].map((problem) => ({
      problem,
      tokens: task.program('LOOK', (['LEFT', 'MIDDLE', 'RIGHT'] as const)[problem] ?? 'LEFT'),
    }));
    await using trainer = await Trainer.create({ ...OPTIONS, task });
    const { loss, successRate } = await trainer.imitate(programs, { learningRate: 1e-2, updateEpochs: 100 });
    t.is(successRate, 1);
    t.true(loss < 0.05, `${loss}`);
    const [measured] = await trainer.evaluate({ problems: 60 });
    t.is(measured?.successRate, 1);
    // Beside an algorithm the native side learns both.
    const imitation = { programs, weight: 1 };
    for (const algorithm of [{}, { algorithm: 'grpo' }] as const) {
      const seen: number[] = [];
      const progress = (event: TrainingEvent) => event.type === 'iteration' && seen.push(event.train.imitationLoss ?? NaN);
      const { stages, agent } = await Trainer.run([{ stage: 0, iterations: 60 }], {
        ...{ ...OPTIONS, ...algorithm, task, learningRate: 1e-2, imitation, progress },
      });
      t.true((seen.at(-1) ?? 9) < 0.5 * (seen[0] ?? 0), `${seen}`);
      t.is(stages[0]?.successRate, 1);
      await agent.close();
    }
  }
});

test('the loss is the cross-entropy of the steps that count', async (t) => {
  const task = echoTask();
  await using trainer = await Trainer.create({ ...OPTIONS, task });
  const programs = [
    { context: [0], tokens: [0, 0] },
    { context: [1], stage: 'four', tokens: [1] },
    { context: [2], stage: 1, tokens: [2, 3] },
  ];
  const { agent } = trainer;
  const prompts = { contexts: [0, 1, 2], stages: [0, 1, 1] };
  const { logProbs } = await agent.evaluateActions({ ...prompts, actions: [0, 0, 1, 0, 2, 3] });
  const expected = -[0, 1, 2, 4, 5].reduce((sum, at) => sum + (logProbs[at] ?? NaN), 0) / 5;
  const events: ImitationEvent[] = [];
  await using twin = await agent.clone();
  const progress = (event: ImitationEvent): void => void events.push(event);
  const { loss, successRate } = await trainer.imitate(programs, { weight: 0.25, updateEpochs: 1, learningRate: 1e-3, progress });
  t.true(Math.abs(loss - expected) < 1e-6);
  t.true(Number.isNaN(successRate), 'nobody can say');
  const [event] = events;
  t.deepEqual([events.length, event?.epoch, event?.epochs, event?.imitation.updates, event?.imitation.programs], [1, 1, 1, 1, 3]);
  t.is(eventMetrics(event as ImitationEvent)['imitation/loss'], loss);
  // The same step by public gradients: advantages of the weight, and nothing else.
  const weights = [1, 1, 1, 0, 1, 1];
  const actions = [0, 0, 1, 0, 2, 3];
  const none = { valueCoef: 0, entropyCoef: 0, reduction: 'step', learningRate: 1e-3 } as const;
  await twin.update({ ...prompts, actions, weights, advantages: [0.25, 0.25, 0.25], ...none });
  const [own, other] = [await agent.stateDict(), await twin.stateDict()];
  for (const [name, { data }] of Object.entries(own)) {
    // Rows come in another order.
    t.true(
      data.every((x, i) => Math.abs(x - (other[name]?.data[i] ?? NaN)) < 1e-5),
      name,
    );
  }
});

test('bytes depend on the seed alone', async (t) => {
  const learned = async (threads: number): Promise<string> => {
    await using trainer = await Trainer.create({ ...OPTIONS, task: lock, threads });
    await trainer.imitate({ from: 'search', problems: 70 }, { updateEpochs: 2, batchSize: 16 });
    return digest(trainer.agent);
  };
  t.is(await learned(2), await learned(1));
});

test('one thing at a time, and closing ends it', async (t) => {
  const trainer = await Trainer.create({ ...OPTIONS, task: lock });
  const imitating = trainer.imitate({ from: 'search', problems: 8 }, { updateEpochs: 100_000 });
  t.true(trainer.running);
  await t.throwsAsync(trainer.imitate([]), { instanceOf: BusyError });
  await t.throwsAsync(async () => trainer.run([0]), { instanceOf: BusyError });
  await trainer.close();
  const { stopped, updates } = await imitating;
  t.true(stopped && updates < 100_000);
  await t.throwsAsync(trainer.imitate([]), { instanceOf: ClosedError });
  await using other = await Trainer.create({ ...OPTIONS, task: lock });
  const signal = AbortSignal.abort();
  await t.throwsAsync(other.imitate({ from: 'search', problems: 8 }, { signal }), { instanceOf: AbortedError });
  t.false(other.running);
});

test('bad programs are named with their place, before anything is learned', async (t) => {
  await using trainer = await Trainer.create({ ...OPTIONS, task: lock });
  const before = await digest(trainer.agent);
  const good = { problem: 1, tokens: openingOf(1) };
  const refused = async (programs: unknown, path: string, options = {}): Promise<void> => {
    await fails(t, () => trainer.imitate(programs as never, options), { code: 'ERR_OPTIONS', path });
  };
  await refused([], 'programs');
  await refused(3, 'programs');
  await refused({ from: 'logs' }, 'programs');
  await refused({ from: 'search', problems: 0 }, 'programs.problems');
  await refused({ from: 'search', maxStates: 1, problems: 2 }, 'programs');
  await refused([good, 7], 'programs[1]');
  await refused([good, { ...good, reward: 1 }], 'programs[1].reward');
  await refused([good, { tokens: good.tokens }], 'programs[1].problem');
  await refused([good, { ...good, context: [0] }], 'programs[1].problem');
  await refused([{ ...good, stage: 'open' }], 'programs[0].stage');
  await refused([good, good, { ...good, tokens: [] }], 'programs[2].tokens');
  await refused([{ ...good, tokens: 'D0' }], 'programs[0].tokens');
  await refused([{ ...good, tokens: new Int32Array(7).fill(lock.token('D0')) }], 'programs[0].tokens');
  await refused([{ ...good, tokens: [lock.token('D0'), 99] }], 'programs[0].tokens[1]');
  await refused([good, good, good, { ...good, tokens: [lock.token('D0'), lock.token('D1'), 0] }], 'programs[3].tokens[2]');
  await refused([{ ...good, tokens: [lock.token('D0'), 1.5] }], 'programs[0].tokens[1]');
  await refused([good], 'weight', { weight: 0 });
  await refused([good], 'updateEpochs', { updateEpochs: 0 });
  await refused([good], 'epochs', { epochs: 3 });
  await refused([good], 'progress', { progress: 3 });
  t.is(await digest(trainer.agent), before);
  const task = drawers(true);
  await using answering = await Trainer.create({ ...OPTIONS, task });
  const early = [
    { problem: 0, tokens: [task.token('LOOK')] },
    { problem: 0, tokens: [task.token('LEFT')] },
  ];
  await fails(t, () => answering.imitate(early), { code: 'ERR_OPTIONS', path: 'programs[1].tokens[0]' });
  await fails(t, () => answering.imitate([{ context: [0], tokens: [task.token('LOOK')] }]), {
    code: 'ERR_OPTIONS',
    path: 'programs[0].context',
  });
  await using echo = await Trainer.create({ ...OPTIONS, task: echoTask() });
  await fails(t, () => echo.imitate([{ problem: 0, tokens: [0] }]), { code: 'ERR_OPTIONS', path: 'programs[0].problem' });
  await fails(t, () => echo.imitate([{ context: [0], tokens: [4] }]), { code: 'ERR_OPTIONS', path: 'programs[0].tokens[0]' });
  await fails(t, () => echo.imitate({ from: 'search' }), { code: 'ERR_TASK', path: 'task.machine' });
  for (const [imitation, path] of [
    [3, 'imitation'],
    [{ programs: [good], wait: 1 }, 'imitation.wait'],
    [{ programs: [good], weight: -1 }, 'imitation.weight'],
    [{ programs: [{ problem: 1, tokens: [0] }] }, 'imitation.programs[0].tokens[0]'],
  ] as const) {
    await fails(t, () => Trainer.create({ ...OPTIONS, task: lock, imitation: imitation as never }), { code: 'ERR_OPTIONS', path });
  }
});
