import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { Agent, arithmetic, CheckpointError, type Prompts, Random, tutorial } from 'innate';
import { device, engines } from '../support/device.js';
import { ECHO_EPISODES, ECHO_PROMPTS, echoTask, QUICK } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { inFolder } from '../support/folder.js';
import { digest } from '../support/weights.js';

const task = echoTask();
const prompts = ECHO_PROMPTS;
const episodes = ECHO_EPISODES;

async function train(agent: Agent, random: Random, iterations: number): Promise<void> {
  const stages = new Int32Array(32);
  const scores = { returns: new Float32Array(32), successes: new Uint8Array(32) };
  for (let i = 0; i < iterations; i += 1) {
    const batch = task.sample(stages, random);
    const { actions } = await agent.act(batch);
    task.score(batch, actions, scores);
    await agent.update({ ...batch, actions, returns: scores.returns });
  }
}

test('says what it is made of', async (t) => {
  await using agent = await Agent.create({ device, task, seed: 7, hiddenSize: 8, threads: 1, learningRate: 0.5 });
  t.like(agent.info, {
    taskName: 'echo',
    vocabSize: 5,
    stageCount: 2,
    hiddenSize: 8,
    horizon: 2,
    startToken: 4,
    seed: 7,
    device,
    threads: 1,
  });
  t.like(agent.info, { engine: engines[0], pooling: 'own', deviceReason: undefined, update: { learningRate: 0.5, valueCoef: 0.5 } });
  t.deepEqual(agent.info.vocabulary, task.vocabulary);
});

test('is made for arithmetic, 96 wide, on the CPU by default', async (t) => {
  await using agent = await Agent.create();
  t.like(agent.info, { taskName: 'arithmetic', hiddenSize: 96, horizon: 7, device: 'cpu', seed: 0 });
});

test('acts in the documented shapes, and repeats itself when deterministic', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const a = await agent.act({ ...prompts, deterministic: true });
  const b = await agent.act({ ...prompts, deterministic: true });
  t.deepEqual(a, b);
  t.deepEqual([a.actions.length, a.logProbs.length, a.entropies.length, a.values.length], [6, 6, 6, 6]);
  const evaluation = await agent.evaluateActions({ ...prompts, actions: a.actions });
  t.is(evaluation.logits.length, 3 * 2 * 5);
  t.is(evaluation.logits[4], -Infinity, 'the masked token');
});

test('takes plain lists, and gives what typed arrays give', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const lists = { contexts: [...prompts.contexts], stages: [...prompts.stages], actions: [...episodes.actions], returns: [1, 1, 0.5] };
  t.deepEqual(await agent.gradients(lists), await agent.gradients(episodes));
});

test('inputs may be overwritten as soon as the call returns', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const expected = await agent.gradients(episodes);
  const scratch = {
    contexts: prompts.contexts.slice(),
    stages: prompts.stages.slice(),
    actions: episodes.actions.slice(),
    returns: episodes.returns.slice(),
  };
  const pending = agent.gradients(scratch);
  scratch.contexts.fill(3);
  scratch.stages.fill(1);
  scratch.actions.fill(0);
  scratch.returns.fill(9);
  t.deepEqual(await pending, expected);
});

test('coefficients of one call override the agent, for that call', async (t) => {
  await using a = await Agent.create({ device, task, hiddenSize: 8, learningRate: 5e-3, baseline: 'program' });
  await using b = await Agent.create({ device, task, hiddenSize: 8 });
  await a.update(episodes);
  await b.update({ ...episodes, learningRate: 5e-3, baseline: 'program' });
  t.is(await digest(a), await digest(b));
  await a.update(episodes);
  await b.update(episodes);
  t.not(await digest(a), await digest(b));
});

test('a state dict goes into another agent', async (t) => {
  await using a = await Agent.create({ device, task, hiddenSize: 8, seed: 1 });
  await using b = await Agent.create({ device, task, hiddenSize: 8, seed: 2 });
  t.not(await digest(a), await digest(b));
  await b.loadStateDict(await a.stateDict());
  t.is(await digest(a), await digest(b));
});

test('saved, loaded and trained on equals never interrupted', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'agent.safetensors');
    await using agent = await Agent.create({ ...pick(), device, task, seed: 5 });
    await train(agent, new Random(1), 5);
    await agent.save(path);
    await using copy = await Agent.load(path, { device, task, threads: 1 });
    t.deepEqual({ ...copy.info, threads: 0 }, agent.info);
    t.is(await digest(copy), await digest(agent));
    await Promise.all([train(agent, new Random(2), 5), train(copy, new Random(2), 5)]);
    t.is(await digest(copy), await digest(agent));
    await using second = await Agent.load(pathToFileURL(path));
    t.is(second.info.taskName, 'echo');
    t.is(second.info.update.learningRate, 1e-2);
  });
});

test('a file that cannot be used is refused, and says why', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'agent.safetensors');
    await using agent = await Agent.create({ device, task, hiddenSize: 8 });
    await agent.save(path);
    const bytes = await readFile(path);
    const damaged: [string, Uint8Array][] = [
      ['empty', new Uint8Array(0)],
      ['cut', bytes.subarray(0, bytes.length - 100)],
      ['text', Buffer.from('not a checkpoint at all')],
      ['header', Buffer.concat([Buffer.from([255, 255, 255, 255, 255, 255, 255, 127]), bytes.subarray(8)])],
    ];
    for (const [name, content] of damaged) {
      const file = join(folder, name);
      await writeFile(file, content);
      const error = await t.throwsAsync(Agent.load(file), { instanceOf: CheckpointError, code: 'ERR_CHECKPOINT' }, name);
      t.truthy(error?.path, name);
      t.truthy(error?.remedy, name);
    }
    const missing = await t.throwsAsync(Agent.load(join(folder, 'missing')), { instanceOf: CheckpointError });
    t.truthy(missing?.path);
    await t.throwsAsync(agent.save(join(folder, 'no', 'such', 'folder')), { instanceOf: CheckpointError });
    await fails(t, () => Agent.load(path, { task: arithmetic }), { code: 'ERR_CHECKPOINT', path: 'task.vocabulary.length' });
    const renamed = { ...task, vocabulary: ['a', 'b', 'x', 'd', 'go'] };
    await fails(t, () => Agent.load(path, { task: renamed }), { code: 'ERR_CHECKPOINT', path: 'task.vocabulary[2]' });
    const unmasked = { ...task, actionMask: undefined };
    await fails(t, () => Agent.load(path, { task: unmasked }), { code: 'ERR_CHECKPOINT', path: 'task.actionMask' });
    await fails(t, () => Agent.load('' as string), { code: 'ERR_OPTIONS', path: 'path' });
    t.is((await agent.act(prompts)).actions.length, 6, 'the agent is usable');
  });
});

const BAD_PROMPTS: [string, Prompts, string][] = [
  ['contexts of wrong length', { contexts: Int32Array.of(0, 1), stages: prompts.stages }, 'contexts'],
  ['no contexts', { contexts: new Int32Array(0), stages: prompts.stages }, 'contexts'],
  ['a token out of range', { contexts: Int32Array.of(0, 1, 5), stages: prompts.stages }, 'contexts[2]'],
  ['a negative token', { contexts: Int32Array.of(0, -1, 2), stages: prompts.stages }, 'contexts[1]'],
  ['a token that is no integer', { contexts: [0, 1.5, 2], stages: prompts.stages }, 'contexts[1]'],
  ['contexts as text', { contexts: '012' as unknown as Int32Array, stages: prompts.stages }, 'contexts'],
  ['an unknown stage', { contexts: prompts.contexts, stages: Int32Array.of(0, 2, 0) }, 'stages[1]'],
  ['no stages', { contexts: prompts.contexts, stages: new Int32Array(0) }, 'stages'],
  ['absent stages', { contexts: prompts.contexts } as unknown as Prompts, 'stages'],
];

for (const [name, bad, path] of BAD_PROMPTS) {
  test(`refuses ${name}`, async (t) => {
    await using agent = await Agent.create({ device, task, hiddenSize: 8 });
    await fails(t, () => agent.act(bad), { code: 'ERR_INPUT', path, name: 'InputError' });
    t.is((await agent.act(prompts)).actions.length, 6, 'the agent is usable');
  });
}

test('refuses bad actions, returns and coefficients, and stays as it was', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const before = await digest(agent);
  const bad =
    (changes: object): (() => Promise<unknown>) =>
    () =>
      agent.update({ ...episodes, ...changes });
  await fails(t, bad({ actions: Int32Array.of(0) }), { code: 'ERR_INPUT', path: 'actions' });
  await fails(t, bad({ actions: Int32Array.of(0, 0, 0, 0, 0, 4) }), { code: 'ERR_INPUT', path: 'actions[5]' });
  await fails(t, bad({ returns: Float32Array.of(1, 1) }), { code: 'ERR_INPUT', path: 'returns' });
  await fails(t, bad({ returns: Float32Array.of(1, NaN, 1) }), { code: 'ERR_INPUT', path: 'returns[1]' });
  await fails(t, bad({ returns: [1, 1, 1e39] }), { code: 'ERR_INPUT', path: 'returns[2]' });
  await fails(t, bad({ learningRate: -1 }), { code: 'ERR_OPTIONS', path: 'learningRate' });
  await fails(t, bad({ lerningRate: 1 }), { code: 'ERR_OPTIONS', path: 'lerningRate' });
  t.is(await digest(agent), before);
});

test('steps after the end of a program do not count', async (t) => {
  for (const engine of engines) {
    await using agent = await Agent.create({ device, task, engine, hiddenSize: 8 });
    const ending = { ...episodes, lengths: Int32Array.of(1, 2, 1) };
    const counted = await agent.gradients(ending);
    t.deepEqual(await agent.gradients({ ...ending, lengths: [1, 2, 1] }), counted, 'a plain list');
    t.deepEqual(await agent.gradients({ ...ending, actions: Int32Array.of(0, 3, 1, 1, 2, 0) }), counted, 'what follows the end');
    t.notDeepEqual(await agent.gradients({ ...ending, actions: Int32Array.of(0, 3, 1, 0, 2, 0) }), counted, 'what counts');
    const whole = await agent.gradients(episodes);
    t.notDeepEqual(counted, whole);
    t.deepEqual(await agent.gradients({ ...episodes, lengths: Int32Array.of(2, 2, 2) }), whole);
    t.deepEqual(await agent.gradients({ ...episodes, lengths: undefined }), whole);
    const scratch = ending.lengths.slice();
    const pending = agent.update({ ...ending, lengths: scratch });
    scratch.fill(2);
    const { gradients: _, ...stats } = counted;
    t.deepEqual(await pending, stats, 'overwritten as soon as the call returns');
  }
});

test('refuses bad lengths, and stays as it was', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const before = await digest(agent);
  const cases: [unknown, string][] = [
    [null, 'lengths'],
    [2, 'lengths'],
    ['212', 'lengths'],
    [[], 'lengths'],
    [Int32Array.of(1, 2), 'lengths'],
    [Int32Array.of(1, 2, 1, 1), 'lengths'],
    [Int32Array.of(1, 0, 1), 'lengths[1]'],
    [Int32Array.of(1, 2, 3), 'lengths[2]'],
    [Int32Array.of(-1, 2, 1), 'lengths[0]'],
    [[1, 1.5, 1], 'lengths[1]'],
    [[1, Number.NaN, 1], 'lengths[1]'],
    [[1, '2', 1], 'lengths[1]'],
    [[1, 2 ** 32 + 1, 1], 'lengths[1]'],
    [new Array(3), 'lengths[0]'],
    [BigInt64Array.of(1n, 2n, 1n), 'lengths[0]'],
  ];
  for (const [lengths, path] of cases) {
    for (const call of ['update', 'gradients'] as const) {
      await fails(t, () => agent[call]({ ...episodes, lengths: lengths as Int32Array }), { code: 'ERR_INPUT', path, name: 'InputError' });
    }
  }
  t.is(await digest(agent), before);
});

test('a loss that is not finite stops before the weights are touched', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const before = await digest(agent);
  await t.throwsAsync(agent.update({ ...episodes, returns: Float32Array.of(3e38, -3e38, 3e38) }), {
    code: 'ERR_NON_FINITE',
    name: 'NonFiniteError',
  });
  t.is(await digest(agent), before);
  await agent.update(episodes);
  t.not(await digest(agent), before);
});

test('refuses wrong weights, all problems at once, and keeps its own', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const before = await digest(agent);
  const weights = await agent.stateDict();
  const { 'v.bias': _, ...incomplete } = weights;
  const wrong = { ...incomplete, 'pi.bias': { shape: [6], data: new Float32Array(6) }, extra: { shape: [1], data: new Float32Array(1) } };
  const error = await fails(t, () => agent.loadStateDict(wrong), { code: 'ERR_INPUT', path: "stateDict['pi.bias'].shape" });
  t.true(error.message.includes("stateDict['v.bias']: is missing"));
  t.true(error.message.includes("stateDict['extra']"));
  const broken = { ...weights, 'v.bias': { shape: [1], data: Float32Array.of(NaN) } };
  await fails(t, () => agent.loadStateDict(broken), { code: 'ERR_INPUT', path: "stateDict['v.bias'].data[0]" });
  t.is(await digest(agent), before);
});

test('refuses bad options, all problems at once', async (t) => {
  const error = await fails(t, () => Agent.create({ seed: -1, hiddenSize: 0.5, hidenSize: 3 } as object), {
    code: 'ERR_OPTIONS',
    path: 'seed',
  });
  t.true(error.message.includes('hiddenSize: must be an integer'));
  t.true(error.message.includes('Did you mean hiddenSize?'));
  await fails(t, () => Agent.create({ device: 'tpu' } as object), { code: 'ERR_OPTIONS', path: 'device' });
  await fails(t, () => Agent.create([] as object), { code: 'ERR_OPTIONS', path: 'options' });
  await t.throwsAsync(Agent.create({ task: {} } as object), { code: 'ERR_TASK' });
});

test('use after close is a named error; closing twice is fine', async (t) => {
  const agent = await Agent.create({ device, task, hiddenSize: 8 });
  const last = agent.act(prompts);
  await agent.close();
  await agent.close();
  t.is((await last).actions.length, 6, 'what was under way is finished');
  const uses = [
    () => agent.act(prompts),
    () => agent.update(episodes),
    () => agent.evaluateActions(episodes),
    () => agent.gradients(episodes),
    () => agent.stateDict(),
    () => agent.loadStateDict({}),
    () => agent.save('x'),
  ];
  for (const use of uses) {
    await fails(t, use, { code: 'ERR_CLOSED', path: 'agent', name: 'ClosedError' });
  }
});

test('the tutorial with both poolings', async (t) => {
  for (const context of ['own', 'batch'] as const) {
    await using agent = await Agent.create({ device, task: tutorial.task({ context }), hiddenSize: 8 });
    t.is(agent.info.pooling, context);
  }
});

function pick(): { hiddenSize: number; learningRate: number } {
  return { hiddenSize: QUICK.hiddenSize, learningRate: QUICK.learningRate };
}
