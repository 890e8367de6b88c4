import test from 'ava';
import { Agent, arithmetic, defineTask, InputError, OptionsError, tutorial } from 'innate';
import { inFolder } from '../support/folder.js';

const NETWORK = { vocabulary: 6, stages: 2, horizon: 4, startToken: 5, seed: 3, hiddenSize: 8 } as const;

async function issues(options: object): Promise<string[]> {
  try {
    await (await Agent.create(options as never)).close();
  } catch (error) {
    if (error instanceof OptionsError) {
      return error.issues.map(({ path }) => path);
    }
    throw error;
  }
  return [];
}

test('what a network is made of stands in network, and its size beside it too', async (t) => {
  const { hiddenSize, ...rest } = NETWORK;
  await using nested = await Agent.create({ ...rest, network: { hiddenSize, layers: 2, memory: false } });
  await using flat = await Agent.create({ ...rest, hiddenSize, layers: 2, memory: false });
  t.deepEqual(nested.info, flat.info);
  t.deepEqual(await nested.stateDict(), await flat.stateDict());
  t.like(nested.info, { encoder: 'mean', attention: 'none', layers: 2, memory: false });
  t.deepEqual(await issues({ ...NETWORK, network: { hiddenSize: 8, layers: 1 }, layers: 1 }), ['hiddenSize', 'layers']);
  t.deepEqual(await issues({ ...NETWORK, network: { encoder: 'lstm', attention: 'all', widht: 3 } }), [
    'network.encoder',
    'network.attention',
    'network.widht',
  ]);
  t.deepEqual(await issues({ ...NETWORK, network: 3 }), ['network']);
  t.deepEqual(await issues({ ...NETWORK, pooling: 'batch', network: { encoder: 'gru' } }), ['network.encoder']);
  t.deepEqual(await issues({ task: tutorial.task(), network: { encoder: 'gru' } }), ['network.encoder']);
});

test('prompts are read from their end, or from their beginning where that is said', async (t) => {
  await using backward = await Agent.create({ ...NETWORK, network: { encoder: 'gru' } });
  await using forward = await Agent.create({ ...NETWORK, network: { encoder: 'gru', direction: 'forward' } });
  t.deepEqual([backward.info.direction, forward.info.direction], ['backward', 'forward']);
  t.deepEqual(await backward.stateDict(), await forward.stateDict());
  const prompts = { stages: [0, 1], contextLengths: [2, 3], deterministic: true };
  const said = await backward.act({ ...prompts, contexts: [1, 2, 0, 4, 3, 2] });
  t.deepEqual(await forward.act({ ...prompts, contexts: [2, 1, 0, 2, 3, 4] }), said);
  t.notDeepEqual((await forward.act({ ...prompts, contexts: [1, 2, 0, 4, 3, 2] })).values, said.values);
  await using mean = await Agent.create(NETWORK);
  t.is(mean.info.direction, undefined);
  t.deepEqual(await issues({ ...NETWORK, network: { encoder: 'mean', direction: 'backward' } }), ['network.direction']);
  t.deepEqual(await issues({ ...NETWORK, network: { encoder: 'gru', direction: 'both' } }), ['network.direction']);
});

test('attention comes with gru unless it is said; info and weights say so', async (t) => {
  await using agent = await Agent.create({ ...NETWORK, network: { encoder: 'gru' } });
  t.like(agent.info, { encoder: 'gru', attention: 'prompt' });
  const weights = await agent.stateDict();
  t.deepEqual(weights['encoder.weight_ih_l0']?.shape, [24, 8]);
  t.deepEqual(weights['attn.prompt.query.weight']?.shape, [8, 8]);
  t.deepEqual(weights['pi.weight']?.shape, [6, 16]);
  t.deepEqual(weights['v.weight']?.shape, [1, 16]);
  await agent.loadStateDict(weights);
  t.deepEqual(await agent.stateDict(), weights);
  await using alone = await Agent.create({ ...NETWORK, network: { encoder: 'gru', attention: 'none' } });
  t.deepEqual((await alone.stateDict())['pi.weight']?.shape, [6, 8]);
  await using pooled = await Agent.create({ ...NETWORK, network: { attention: 'prompt' } });
  t.like(pooled.info, { encoder: 'mean', attention: 'prompt' });
  t.deepEqual((await pooled.stateDict())['v.weight']?.shape, [1, 16]);
});

for (const network of [
  { encoder: 'gru' },
  { encoder: 'gru', direction: 'forward' },
  { encoder: 'gru', attention: 'none' },
  { encoder: 'mean', attention: 'prompt' },
  {},
] as const) {
  const name = JSON.stringify(network);

  test(`padding is not read: ${name}`, async (t) => {
    await using agent = await Agent.create({ ...NETWORK, network });
    const prompts = { stages: [0, 1], contextLengths: [2, 3], deterministic: true };
    const said = await agent.act({ ...prompts, contexts: [1, 2, 0, 4, 3, 2] });
    t.deepEqual(await agent.act({ ...prompts, contexts: [1, 2, 5, 4, 3, 2] }), said);
    t.deepEqual(await agent.act({ ...prompts, contexts: [1, 2, 5, 5, 4, 3, 2, 0] }), said);
    const whole = await agent.act({ contexts: [1, 2, 5, 4, 3, 2], stages: [0, 1], deterministic: true });
    t.notDeepEqual(whole.values.subarray(0, 4), said.values.subarray(0, 4));
    t.deepEqual(whole.values.subarray(4), said.values.subarray(4));
    const alone = await agent.act({ contexts: [1, 2], stages: [0], deterministic: true });
    t.deepEqual(alone.values, said.values.slice(0, 4));
    // What is learned does not depend on it either.
    const learned = (contexts: number[]) =>
      agent.gradients({ contexts, contextLengths: [2, 3], stages: [0, 1], actions: said.actions, returns: [1, 0] });
    t.deepEqual(await learned([1, 2, 5, 4, 3, 2]), await learned([1, 2, 0, 4, 3, 2]));
  });

  test(`a session steps as an agent acts: ${name}`, async (t) => {
    await using agent = await Agent.create({ ...NETWORK, network });
    const prompts = { contexts: [1, 2, 0, 4, 3, 2], contextLengths: [2, 3], stages: [0, 1] };
    const { actions, values } = await agent.act({ ...prompts, deterministic: true });
    const session = await agent.session({ size: 2 });
    // Longer contexts than before, and shorter ones.
    session.begin({ contexts: [1, 1, 1, 1, 1, 1, 1], stages: [0] });
    session.begin(prompts);
    for (let step = 0; step < 4; step += 1) {
      const taken = session.step({ deterministic: true });
      t.deepEqual([...taken.actions], [actions[step], actions[4 + step]]);
      t.deepEqual([...taken.values], [values[step], values[4 + step]]);
    }
    session.close();
  });

  test(`a file says how prompts are read: ${name}`, async (t) => {
    await inFolder(async (folder) => {
      await using agent = await Agent.create({ ...NETWORK, network });
      await agent.save(`${folder}/agent`);
      await using loaded = await Agent.load(`${folder}/agent`);
      t.deepEqual(loaded.info, agent.info);
      const prompts = { contexts: [1, 2, 3], stages: [0] };
      t.deepEqual(await loaded.act(prompts), await agent.act(prompts));
    });
  });
}

test('lengths are checked', async (t) => {
  await using agent = await Agent.create(NETWORK);
  const paths = async (contextLengths: unknown) => {
    const error = await t.throwsAsync(agent.act({ contexts: [1, 2, 3, 4], stages: [0, 1], contextLengths } as never), {
      instanceOf: InputError,
    });
    return error?.issues.map(({ path }) => path);
  };
  t.deepEqual(await paths([1]), ['contextLengths']);
  t.deepEqual(await paths([1, 0]), ['contextLengths[1]']);
  t.deepEqual(await paths([3, 1]), ['contextLengths[0]']);
  t.deepEqual(await paths([1.5, 1]), ['contextLengths[0]']);
});

/** Says its symbols, one tool each: in their order, or how often each occurs. */
function saying(order: 'in order' | 'sorted', more: object = {}) {
  const SYMBOLS = ['a', 'b', 'c'] as const;
  return defineTask({
    name: 'saying',
    stages: ['all'],
    horizon: 4,
    symbols: SYMBOLS,
    sample: (random): ('a' | 'b' | 'c')[] => Array.from({ length: 2 + random.int(2) }, () => SYMBOLS[random.int(3)] ?? 'a'),
    encode: (symbols) => symbols,
    start: () => ({ said: '' }),
    tools: {
      A: {
        run: (state) => {
          state.said += 'a';
        },
      },
      B: {
        run: (state) => {
          state.said += 'b';
        },
      },
      C: {
        run: (state) => {
          state.said += 'c';
        },
      },
      END: { ends: true },
    },
    success: ({ said }, symbols) => said === (order === 'sorted' ? [...symbols].sort() : symbols).join(''),
    ...more,
  });
}

test('where order decides, prompts are read in order and attended to, unless it is said otherwise', async (t) => {
  const read = async (options: object) => {
    await using agent = await Agent.create(options);
    return `${agent.info.encoder} ${agent.info.attention}`;
  };
  t.is(await read({ task: saying('in order') }), 'gru prompt');
  t.is(await read({ task: saying('sorted') }), 'mean none');
  t.is(await read({ task: saying('in order', { contextOrder: 'ignored' }) }), 'mean none');
  t.is(await read({ task: saying('sorted', { contextOrder: 'matters' }) }), 'gru prompt');
  t.is(await read({ task: saying('in order'), network: { encoder: 'mean' } }), 'mean none');
  t.is(await read({ task: saying('in order'), network: { attention: 'none' } }), 'gru none');
  t.is(await read({ task: arithmetic }), 'mean none');
  t.is(await read({ task: tutorial.task() }), 'mean none');
});

test('shorter contexts of a task come with their lengths, unless their padding is read', (t) => {
  const problems = [
    ['a', 'b'],
    ['c', 'a', 'b'],
  ] as ('a' | 'b' | 'c')[][];
  const batch = saying('in order').encode(problems, 0);
  t.is(batch.contextLength, 4);
  t.deepEqual(batch.contextLengths, Int32Array.of(3, 4));
  t.is(saying('in order').encode(problems.slice(1), 0).contextLengths, undefined);
  t.is(saying('in order', { padding: 'read' }).encode(problems, 0).contextLengths, undefined);
});
