import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Agent, InnateError, type StateDict, type UpdateOptions } from 'innate';
import { device, engines } from '../support/device.js';
import { ECHO_EPISODES, ECHO_PROMPTS, echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { inFolder } from '../support/folder.js';
import { digest } from '../support/weights.js';

const task = echoTask();
const prompts = ECHO_PROMPTS;
const episodes = ECHO_EPISODES;

/** Weights with one tensor changed. */
function changed(weights: StateDict, name: string, change: (value: number, index: number) => number): StateDict {
  return Object.fromEntries(
    Object.entries(weights).map(([key, { shape, data }]) => [key, { shape, data: key === name ? data.map(change) : data.slice() }]),
  );
}

test('numbers are judged as they are computed with', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  const before = await digest(agent);
  const bad: readonly UpdateOptions[] = [
    { learningRate: 1e39 },
    { learningRate: 1e-46 },
    { epsilon: 1e-46 },
    { epsilon: 1e39 },
    { valueCoef: 1e300 },
    { entropyCoef: 1e39 },
    { maxGradNorm: 1e-50 },
    { beta1: 1 - 1e-12 },
    { beta2: 1 - 1e-12 },
  ];
  for (const options of bad) {
    const [path = ''] = Object.keys(options);
    for (const work of [
      () => agent.update({ ...episodes, ...options }),
      () => agent.gradients({ ...episodes, ...options }),
      () => Agent.create({ device, task, hiddenSize: 8, ...options }),
    ]) {
      const { message } = await fails(t, work, { code: 'ERR_OPTIONS', path });
      t.regex(message, /32 bits/, message);
    }
    const own = { ...task, updateOptions: options };
    await fails(t, () => Agent.create({ device, task: own, hiddenSize: 8 }), { code: 'ERR_OPTIONS', path: `task.updateOptions.${path}` });
  }
  t.is(await digest(agent), before);
  await agent.update({ ...episodes, maxGradNorm: Infinity, beta1: 0, beta2: 0.999_999_9, epsilon: 1e-30, entropyCoef: 0, valueCoef: 0 });
});

test('a step to weights that are not finite is not taken, and nothing is lost', async (t) => {
  for (const engine of engines) {
    await using agent = await Agent.create({ device, task, engine, hiddenSize: 8 });
    await using twin = await Agent.create({ device, task, engine, hiddenSize: 8 });
    await agent.update(episodes);
    await twin.update(episodes);
    for (let i = 0; i < 3; i += 1) {
      const too = { ...episodes, learningRate: 3e38 };
      await fails(t, () => agent.update(too), { code: 'ERR_NON_FINITE', path: 'weights', name: 'NonFiniteError' });
      t.is(await digest(agent), await digest(twin));
      await agent.update(episodes);
      await twin.update(episodes);
    }
    t.is(await digest(agent), await digest(twin), 'the moments were kept too');
    await inFolder(async (folder) => {
      const path = join(folder, 'agent.safetensors');
      await agent.save(path);
      await using loaded = await Agent.load(path, { device, engine });
      t.is(await digest(loaded), await digest(twin));
    });
  }
});

test('no action is chosen where there are no probabilities, and a masked one never', async (t) => {
  const { actionMask } = task;
  const spoils: readonly [string, (value: number, index: number) => number][] = [
    ['pi.weight', () => 3e38],
    ['pi.weight', (_, index) => (index % 2 === 0 ? 3.4e38 : -3.4e38)],
    ['pi.bias', () => -3.4e38],
    ['pi.bias', (_, token) => (actionMask?.[token] === 1 ? -1e38 : 3e38)],
    ['emb.weight', () => 3e38],
    ['rnn.weight_hh_l0', () => -3.4e38],
    ['rnn.bias_ih_l0', () => 3.4e38],
  ];
  const allowed = (actions: Int32Array): boolean => actions.every((token) => actionMask?.[token] === 1);
  let refused = 0;
  for (const engine of engines) {
    for (const [name, spoil] of spoils) {
      await using agent = await Agent.create({ device, task, engine, hiddenSize: 8, seed: 5 });
      const weights = await agent.stateDict();
      await agent.loadStateDict(changed(weights, name, spoil));
      let drawn = 0;
      for (const deterministic of [true, false]) {
        try {
          const { actions, logProbs } = await agent.act({ ...prompts, deterministic });
          t.true(allowed(actions) && logProbs.every((x) => !Number.isNaN(x)), `${engine} ${name}`);
          drawn += deterministic ? 0 : 1;
        } catch (error) {
          t.like(error, { name: 'NonFiniteError', code: 'ERR_NON_FINITE', path: 'logits' });
          t.regex((error as Error).message, /of row \d at step \d/);
          refused += 1;
        }
      }
      await using fresh = await Agent.create({ device, task, engine, hiddenSize: 8, seed: 5 });
      for (let i = 0; i < drawn; i += 1) {
        await fresh.act(prompts);
      }
      await agent.loadStateDict(weights);
      t.deepEqual(await agent.act(prompts), await fresh.act(prompts), 'a rollout that failed has drawn nothing');
    }
  }
  t.true(refused >= 4, 'the weights were bad enough');
});

test('a session says that it must begin again, and does', async (t) => {
  await using agent = await Agent.create({ device, task, hiddenSize: 8 });
  await agent.loadStateDict(changed(await agent.stateDict(), 'pi.weight', () => 3.4e38));
  using session = await agent.session({ size: 3 });
  for (let round = 0; round < 2; round += 1) {
    session.begin(prompts);
    let failure: unknown;
    for (const deterministic of [true, false]) {
      try {
        session.step({ deterministic });
      } catch (error) {
        failure ??= error;
        const { remedy } = InnateError.isInstance(error) ? error : { remedy: undefined };
        t.regex(remedy ?? '', /begin/);
      }
    }
    t.like(failure, { code: 'ERR_NON_FINITE', path: 'logits' });
  }
});

test('activations are not kept across loadStateDict', async (t) => {
  for (const engine of engines) {
    await using agent = await Agent.create({ device, task, engine, hiddenSize: 8, seed: 1 });
    await using other = await Agent.create({ device, task, engine, hiddenSize: 8, seed: 2 });
    const { actions } = await agent.act(prompts);
    await agent.loadStateDict(await other.stateDict());
    const taken = { ...episodes, actions };
    t.deepEqual(await agent.update(taken), await other.update(taken));
    t.is(await digest(agent), await digest(other));
  }
});

test('more than the machine holds is refused before it is taken', async (t) => {
  for (const engine of engines) {
    await using agent = await Agent.create({ device: 'cpu', task, engine, hiddenSize: 96 });
    const before = await digest(agent);
    const long = { contexts: [0], stages: [0], actions: new Int32Array(2 ** 24), returns: [1] };
    const expected = { code: 'ERR_INPUT', path: 'stages' } as const;
    const { message } = await fails(t, () => agent.update(long), expected);
    t.regex(message, /1 problems × 16777216 steps at hiddenSize 96 .*needs \d+\.\d GB, and \d+\.\d GB may be taken.*fewer problems/);
    t.is(await digest(agent), before);
    await agent.update(episodes);
  }
});

test('a file that asks for more than the machine holds is an error when it is used', async (t) => {
  await using agent = await Agent.create({ device: 'cpu', task, hiddenSize: 8 });
  await inFolder(async (folder) => {
    const path = join(folder, 'agent.safetensors');
    await agent.save(path);
    const bytes = await readFile(path);
    const length = Number(bytes.readBigUInt64LE(0));
    const header = bytes
      .toString('utf8', 8, 8 + length)
      .replace('\\"horizon\\":2', '\\"horizon\\":1048576')
      .padEnd(length + 8);
    const start = Buffer.alloc(8);
    start.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
    await writeFile(path, Buffer.concat([start, Buffer.from(header), bytes.subarray(8 + length)]));
    await using loaded = await Agent.load(path, { device: 'cpu' });
    t.is(loaded.info.horizon, 2 ** 20);
    const many = { contexts: new Int32Array(4096), stages: new Int32Array(4096) };
    await fails(t, () => loaded.act(many), { code: 'ERR_INPUT', path: 'stages' });
    const { logProbs } = await loaded.evaluateActions({ ...prompts, actions: episodes.actions });
    t.is(logProbs.length, 6);
  });
});
