import test from 'ava';
import { Agent, CheckpointError, InputError, OptionsError } from 'innate';
import { inFolder } from '../support/folder.js';

const NETWORK = { vocabulary: 6, stages: 2, horizon: 4, startToken: 5, seed: 3, hiddenSize: 8, contextValues: true } as const;
const PROMPTS = { contexts: [1, 2, 0, 4, 3, 2], contextLengths: [2, 3], contextValues: [0.5, -1, 0, 2, 0, 0.25], stages: [0, 1] };
const NETWORKS = [{ encoder: 'gru' }, { encoder: 'gru', attention: 'none' }, { encoder: 'mean', attention: 'prompt' }, {}] as const;

for (const network of NETWORKS) {
  const name = JSON.stringify(network);

  test(`the numbers beside tokens are read, those beside padding are not: ${name}`, async (t) => {
    await using agent = await Agent.create({ ...NETWORK, network });
    const said = await agent.act({ ...PROMPTS, deterministic: true });
    const other = (contextValues: number[]) => agent.act({ ...PROMPTS, contextValues, deterministic: true });
    t.deepEqual(await other([0.5, -1, 7, 2, 0, 0.25]), said);
    const changed = await other([0.5, -0.5, 0, 2, 0, 0.25]);
    t.notDeepEqual(changed.values.subarray(0, 4), said.values.subarray(0, 4));
    t.deepEqual(changed.values.subarray(4), said.values.subarray(4));
    const learned = (contextValues: number[]) => agent.gradients({ ...PROMPTS, contextValues, actions: said.actions, returns: [1, 0] });
    t.deepEqual(await learned([0.5, -1, 7, 2, 0, 0.25]), await learned(PROMPTS.contextValues));
    t.notDeepEqual(await learned([0.5, -0.5, 0, 2, 0, 0.25]), await learned(PROMPTS.contextValues));
  });

  test(`a number is its multiple of one vector, added to the embedding: ${name}`, async (t) => {
    await using agent = await Agent.create({ ...NETWORK, network });
    const weights = await agent.stateDict();
    const w = weights['value_emb.weight'];
    t.deepEqual(w?.shape, [8, 1]);
    // Token 0 with the number 2 is what token 1 is alone, once its embedding has been made so.
    const emb = Float32Array.from(weights['emb.weight']?.data ?? []);
    for (let i = 0; i < 8; i += 1) {
      emb[8 + i] = (emb[i] ?? 0) + 2 * (w?.data[i] ?? 0);
    }
    await agent.loadStateDict({ ...weights, 'emb.weight': { shape: [6, 8], data: emb } });
    const beside = await agent.act({ contexts: [0, 2], contextValues: [2, 1], stages: [0], deterministic: true });
    const alone = await agent.act({ contexts: [1, 2], contextValues: [0, 1], stages: [0], deterministic: true });
    t.deepEqual(beside.actions, alone.actions);
    for (const [at, value] of beside.values.entries()) {
      t.true(Math.abs(value - (alone.values[at] ?? 0)) < 1e-5);
    }
  });

  test(`a session reads numbers as an agent does: ${name}`, async (t) => {
    await using agent = await Agent.create({ ...NETWORK, network });
    const { actions, values } = await agent.act({ ...PROMPTS, deterministic: true });
    const session = await agent.session({ size: 2 });
    session.begin(PROMPTS);
    for (let step = 0; step < 4; step += 1) {
      const taken = session.step({ deterministic: true });
      t.deepEqual([...taken.actions], [actions[step], actions[4 + step]]);
      t.deepEqual([...taken.values], [values[step], values[4 + step]]);
    }
    t.throws(() => session.begin({ contexts: [1], stages: [0] }), { instanceOf: InputError, message: /contextValues/ });
    session.close();
  });

  test(`a file and a clone say that numbers are read: ${name}`, async (t) => {
    await inFolder(async (folder) => {
      await using agent = await Agent.create({ ...NETWORK, network });
      t.true(agent.info.contextValues);
      await agent.save(`${folder}/agent`);
      await using loaded = await Agent.load(`${folder}/agent`);
      await using clone = await agent.clone();
      t.deepEqual(loaded.info, agent.info);
      const said = await agent.act(PROMPTS);
      t.deepEqual(await loaded.act(PROMPTS), said);
      t.deepEqual(await clone.act(PROMPTS), said);
    });
  });

  test(`both engines say the same, and learn the same: ${name}`, async (t) => {
    await using fused = await Agent.create({ ...NETWORK, network });
    await using plain = await Agent.create({ ...NETWORK, network, engine: 'plain' });
    const { actions } = await fused.act({ ...PROMPTS, deterministic: true });
    const lesson = { ...PROMPTS, actions, returns: [1, -0.5] };
    const [own, other] = [await fused.gradients(lesson), await plain.gradients(lesson)];
    for (const [key, { data }] of Object.entries(own.gradients)) {
      for (const [at, x] of data.entries()) {
        t.true(Math.abs(x - (other.gradients[key]?.data[at] ?? Number.NaN)) < 1e-5, key);
      }
    }
    t.true(own.gradients['value_emb.weight']?.data.some((x) => Math.abs(x) > 1e-4));
  });
}

test('numbers are checked', async (t) => {
  await using agent = await Agent.create(NETWORK);
  await using without = await Agent.create({ ...NETWORK, contextValues: false });
  const paths = async (contextValues: unknown, of = agent) => {
    const error = await t.throwsAsync(of.act({ ...PROMPTS, contextValues } as never), { instanceOf: InputError });
    return error?.issues.map(({ path }) => path);
  };
  t.deepEqual(await paths(undefined), ['contextValues']);
  t.deepEqual(await paths([1, 2]), ['contextValues']);
  t.deepEqual(await paths([0, 0, 0, Number.NaN, 0, Infinity]), ['contextValues[3]']);
  t.deepEqual(await paths([0, 1e39, 0, 0, 0, 0]), ['contextValues[1]']);
  t.deepEqual(await paths([0, '1', 0, 0, 0, 0]), ['contextValues[1]']);
  t.deepEqual(await paths(3), ['contextValues']);
  t.deepEqual(await paths(PROMPTS.contextValues, without), ['contextValues']);
  await t.throwsAsync(Agent.create({ ...NETWORK, contextValues: 1 } as never), { instanceOf: OptionsError });
});

test('a file of an agent without numbers does not speak of them', async (t) => {
  await inFolder(async (folder) => {
    const { readFile } = await import('node:fs/promises');
    await using without = await Agent.create({ ...NETWORK, contextValues: false });
    await using reads = await Agent.create(NETWORK);
    const text = async (agent: Agent, name: string) => {
      await agent.save(`${folder}/${name}`);
      return (await readFile(`${folder}/${name}`)).toString('latin1');
    };
    t.notRegex(await text(without, 'without'), /\\"values\\"|value_emb/);
    t.regex(await text(reads, 'reads'), /\\"values\\":true/);
    const task = { vocabulary: ['a', 'b', 'c', 'd', 'e', 'f'], stages: ['x', 'y'], horizon: 4, startToken: 5, name: 'other' };
    const unused = () => {
      throw new Error('not called');
    };
    const made = { ...task, sample: unused, score: unused, describe: unused };
    await t.throwsAsync(Agent.load(`${folder}/reads`, { task: made }), { instanceOf: CheckpointError, message: /contextValues/ });
  });
});
