import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Agent, type AgentOptions, arithmetic, checkTask, createArithmetic, InnateError, type Task, Trainer, tutorial } from 'innate';
import { show, showThrown } from '#dist/util/show.js';
import { echoTask } from '../support/echo-task.js';
import { type Expected, fails } from '../support/failure.js';

const OPTIONS: AgentOptions = { task: arithmetic, hiddenSize: 8, threads: 1 };
const batch = arithmetic.encode([{ operands: [7, 3, 5, 2, 4] }, { operands: [1, 2, 3, 4, 5] }], 0);
const actions = new Int32Array(2 * arithmetic.horizon).fill(arithmetic.token('MUL'));
const episodes = { ...batch, actions, returns: [1, 0] };

/** Types say what a compiler would; here is what comes from JavaScript. */
const loosely = (value: unknown): never => value as never;

test('a name that looks like one of an input, or is an option of another method, is refused', async (t) => {
  await using agent = await Agent.create(OPTIONS);
  using session = await agent.session({ size: 2 });
  session.begin(batch);
  const cases: [string, string, () => unknown][] = [
    ['determinstic', 'Did you mean deterministic?', () => agent.act(loosely({ ...batch, determinstic: true }))],
    ['greedy', 'Did you mean deterministic?', () => agent.act(loosely({ ...batch, greedy: true }))],
    ['learningRate', 'Known here: ', () => agent.act(loosely({ ...batch, learningRate: 1 }))],
    ['contxts', 'Did you mean contexts?', () => agent.act(loosely({ contxts: batch.contexts, stages: batch.stages }))],
    ['stage', 'Did you mean stages?', () => session.begin(loosely({ contexts: batch.contexts, stage: [0, 0] }))],
    ['determinstic', 'Did you mean deterministic?', () => session.step(loosely({ determinstic: true }))],
    ['size', 'Known here: actionMask, deterministic, observation, temperature.', () => session.step(loosely({ size: 1 }))],
    ['action', 'Did you mean actions?', () => agent.evaluateActions(loosely({ ...batch, action: actions }))],
    ['deterministic', 'Known here: ', () => agent.evaluateActions(loosely({ ...episodes, deterministic: true }))],
    ['lr', 'Did you mean learningRate?', () => agent.update(loosely({ ...episodes, lr: 1 }))],
    ['ent_coef', 'Did you mean entropyCoef?', () => agent.gradients(loosely({ ...episodes, ent_coef: 1 }))],
    ['gamma', 'There is no discount', () => agent.update(loosely({ ...episodes, gamma: 0.9 }))],
    ['n_envs', 'Did you mean size?', () => agent.session(loosely({ n_envs: 4 }))],
    ['vf_coef', 'Did you mean valueCoef?', () => Agent.create(loosely({ ...OPTIONS, vf_coef: 1 }))],
    ['num_envs', 'Did you mean batchSize?', () => Trainer.create(loosely({ num_envs: 1 }))],
    ['seeds', 'Did you mean', () => Agent.load('nowhere', loosely({ seeds: 1, seed: undefined }))],
  ];
  for (const [path, remedy, work] of cases) {
    const error = await fails(t, work, { code: 'ERR_OPTIONS', path });
    t.true(error.remedy?.includes(path === 'seeds' ? '' : remedy), `${path}: ${error.remedy}`);
  }
});

test('what a batch and a rollout bring beside may be spread into an input', async (t) => {
  await using agent = await Agent.create(OPTIONS);
  const more = { ...batch, labels: ['x'], id: 7, note: undefined };
  const rollout = await agent.act({ ...more, deterministic: true });
  t.is((await agent.evaluateActions({ ...more, ...rollout })).logits.length, 2 * arithmetic.horizon * arithmetic.vocabulary.length);
  const scores = { returns: [1, 0], successes: [1, 0] };
  t.true(Number.isFinite((await agent.update({ ...more, ...rollout, ...scores, returns: scores.returns, learningRate: 1e-3 })).loss));
  class Batch {
    get contexts(): Int32Array {
      return batch.contexts;
    }
    get stages(): Int32Array {
      return batch.stages;
    }
  }
  t.is((await agent.act(new Batch())).actions.length, rollout.actions.length, 'getters of a class are read');
});

test('contexts are of the length that the task fixed', async (t) => {
  await using agent = await Agent.create(OPTIONS);
  t.is(agent.info.contextLength, 6);
  using session = await agent.session({ size: 2 });
  const short = { contexts: [1, 2, 3, 10], stages: [0] };
  const expected: Expected = { code: 'ERR_INPUT', path: 'contexts' };
  await fails(t, () => agent.act(short), expected);
  await fails(t, () => session.begin(short), expected);
  await fails(t, () => agent.evaluateActions({ ...short, actions }), expected);
  await fails(t, () => agent.update({ ...short, actions, returns: [1] }), expected);
  const { message } = await fails(t, () => agent.act({ contexts: new Int32Array(12), stages: [0] }), expected);
  t.true(message.includes('must hold 6 tokens for each of the 1 problems, got 12 in all.'));

  await using free = await Agent.create({ ...OPTIONS, task: echoTask() });
  t.is(free.info.contextLength, undefined);
  for (const length of [1, 2, 7]) {
    t.is((await free.act({ contexts: new Int32Array(length), stages: [0] })).actions.length, 2);
  }
});

test('the length is kept in a checkpoint; a file without one takes that of the task it is loaded for', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'innate-inputs-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'agent.safetensors');
  await using fixed = await Agent.create(OPTIONS);
  await fixed.save(file);
  await using loaded = await Agent.load(file);
  t.is(loaded.info.contextLength, 6);
  await using free = await Agent.create({ ...OPTIONS, task: echoTask() });
  await free.save(file);
  await using without = await Agent.load(file);
  t.is(without.info.contextLength, undefined);
  await using given = await Agent.load(file, { task: { ...echoTask(), contextLength: 1 } });
  t.is(given.info.contextLength, 1);
});

test('a length that is no length is refused, and so is a batch that does not keep it', async (t) => {
  for (const contextLength of [0, 1.5, NaN, '1', null]) {
    const task: Task = { ...echoTask(), contextLength: loosely(contextLength) };
    await fails(t, () => Agent.create({ ...OPTIONS, task }), { code: 'ERR_TASK', path: 'task.contextLength' });
  }
  await using trainer = await Trainer.create({ task: { ...echoTask(), contextLength: 2 }, hiddenSize: 8, batchSize: 4, progress: false });
  await fails(t, () => trainer.run([{ stage: 0, iterations: 1 }]), { code: 'ERR_TASK', path: 'task.sample.contextLength' });
});

test('an agent is not trained on contexts of another length', async (t) => {
  await using agent = await Agent.create({ ...OPTIONS, task: { ...echoTask(), contextLength: 1 } });
  const longer = { ...echoTask(), contextLength: 2 };
  await fails(t, () => Trainer.create({ agent, task: longer }), { code: 'ERR_OPTIONS', path: 'task.contextLength' });
  await using trainer = await Trainer.create({ agent, task: echoTask(), batchSize: 4, progress: false });
  t.is((await trainer.run([{ stage: 0, iterations: 1 }])).iterations, 1);
});

test('anything at all is answered with a typed error', async (t) => {
  await using agent = await Agent.create(OPTIONS);
  await using trainer = await Trainer.create({ agent, progress: false });
  using session = await agent.session({ size: 2 });
  session.begin(batch);
  const breaks = (): never => {
    throw new Error('mine');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const throwing = Object.defineProperties(
    {},
    { contexts: { get: breaks, enumerable: true }, problems: { get: breaks, enumerable: true }, href: { get: breaks } },
  );
  const odd = [new Proxy({}, { get: breaks, ownKeys: breaks }), revoked.proxy, throwing];
  const values = [null, 3.5, 'x', 1n, Symbol('x'), () => 1, [], ...odd];
  const inputs: Record<string, (value: never) => unknown> = {
    act: (value) => agent.act(value),
    evaluateActions: (value) => agent.evaluateActions(value),
    update: (value) => agent.update(value),
    gradients: (value) => agent.gradients(value),
    loadStateDict: (value) => agent.loadStateDict(value),
    path: (value) => Agent.load(typeof value === 'string' ? '' : value),
    begin: (value) => session.begin(value),
    feed: (value) => session.feed(value),
    contexts: (value) => agent.act({ contexts: value, stages: [0] }),
    stages: (value) => agent.act({ contexts: [0], stages: value }),
    explain: (value) => trainer.explain(value),
    run: (value) => trainer.run(value),
    stage: (value) => trainer.run([value]),
  };
  const options: Record<string, (value: never) => unknown> = {
    deterministic: (value) => agent.act({ ...batch, deterministic: value }),
    create: (value) => Agent.create(value),
    task: (value) => Agent.create({ task: value }),
    load: (value) => Agent.load('nowhere', value),
    session: (value) => agent.session(value),
    step: (value) => session.step(value),
    evaluate: (value) => trainer.evaluate(value),
    evaluateStages: (value) => trainer.evaluate({ stages: value }),
    count: (value) => trainer.explain(0, value),
    runOptions: (value) => trainer.run([{ stage: 0, iterations: 1 }], value),
    signal: (value) => trainer.run([0], { signal: value }),
    trainer: (value) => Trainer.create(value),
    trainerAgent: (value) => Trainer.create({ agent: value }),
    checkTask: (value) => checkTask(arithmetic, value),
    arithmetic: (value) => createArithmetic(value),
    tutorial: (value) => tutorial.task(value),
  };
  const refuse = async (name: string, use: (value: never) => unknown, value: unknown): Promise<void> => {
    const error = await Promise.resolve()
      .then(() => use(value as never))
      .catch((thrown: unknown) => thrown);
    const what = `${name} of ${show(value)}: ${showThrown(error)}`;
    t.true(InnateError.isInstance(error) && (error.path ?? '') !== '' && (error.remedy ?? '') !== '', what);
  };
  for (const [name, use] of [...Object.entries(inputs), ...Object.entries(options)]) {
    for (const value of [...values, ...(name in inputs ? [undefined] : [])]) {
      await refuse(name, use, value);
    }
  }
});
