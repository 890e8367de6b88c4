import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Agent, arithmetic, OptionsError, Trainer } from 'innate';
import { cartPole, repeatPrevious } from 'innate/environments';

const { observationSpace, actionSpace } = cartPole({ observation: 'position' });
const spaces = { observationSpace, actionSpace, seed: 1, hiddenSize: 16 };
const moment = (row: number, step: number) => [0.1 * row + 0.05 * step, 0.02 * row - 0.01 * step];

async function pathsOf(make: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await make();
  } catch (error) {
    if (error instanceof OptionsError) {
      return error.issues.map(({ path }) => path);
    }
    throw error;
  }
  return [];
}

test('what does not go together is refused, and named', async (t) => {
  const inSpaces = (network: object) => pathsOf(() => Agent.create({ ...spaces, network }));
  t.deepEqual(await inSpaces({ attention: 'both' }), ['network.attention'], 'an environment has no prompts');
  t.deepEqual(await inSpaces({ historyWindow: 5 }), ['network.historyWindow'], 'nothing looks back');
  t.deepEqual(await inSpaces({ attention: 'history', historyWindow: 0 }), ['network.historyWindow']);
  t.deepEqual(await inSpaces({ attention: 'history', historyWindow: 65_537 }), ['network.historyWindow']);
  t.deepEqual(await inSpaces({ clock: 1 }), ['network.clock']);
  t.deepEqual(await inSpaces({ attention: 'past' }), ['network.attention']);
});

test('info says what there is, a file keeps it, and weights have the shapes that they are said to have', async (t) => {
  const path = join(tmpdir(), `innate-history-${process.pid}.safetensors`);
  const cases = [
    [{}, 'none', undefined, false],
    [{ clock: true }, 'none', undefined, true],
    [{ attention: 'history' }, 'history', 128, false],
    [{ attention: 'history', historyWindow: 3, clock: true }, 'history', 3, true],
    [{ attention: 'history', memory: false }, 'none', undefined, false],
  ] as const;
  for (const [network, attention, historyWindow, clock] of cases) {
    await using agent = await Agent.create({ ...spaces, network });
    t.like(agent.info, { attention, historyWindow, clock });
    await agent.save(path);
    await using loaded = await Agent.load(path);
    t.like(loaded.info, { attention, historyWindow, clock });
    const weights = await agent.stateDict();
    t.deepEqual(await loaded.stateDict(), weights);
    t.deepEqual(weights['pi.weight']?.shape, [2, historyWindow === undefined ? 16 : 80]);
    t.deepEqual(weights['attn.history.bias']?.shape, historyWindow === undefined ? undefined : [2, historyWindow]);
  }
  for (const [attention, read] of [
    ['history', 80],
    ['both', 96],
  ] as const) {
    await using agent = await Agent.create({ task: arithmetic, hiddenSize: 16, network: { attention, historyWindow: 4, clock: true } });
    const weights = await agent.stateDict();
    t.deepEqual([weights['pi.weight']?.shape[1], weights['attn.history.query.weight']?.shape], [read, [64, 32]]);
    await agent.loadStateDict(weights);
    t.is(agent.info.attention, attention);
  }
});

test('a session looks back as far as the window reaches, each row within its episode, and by the present weights', async (t) => {
  const network = { attention: 'history', historyWindow: 2 } as const;
  await using agent = await Agent.create({ ...spaces, network });
  const stepped = (session: Awaited<ReturnType<Agent['session']>>, step: number): number[] => {
    const { values } = session.step({ observation: [moment(0, step), moment(1, step)], deterministic: true });
    return [...values];
  };
  using session = await agent.session({ size: 2 });
  using kept = await agent.session({ size: 2 });
  // Long enough for what is held to move to the front more than once.
  const first = Array.from({ length: 12 }, (_, step) => stepped(session, step));
  t.deepEqual(
    Array.from({ length: 12 }, (_, step) => stepped(kept, step)),
    first,
  );
  session.reset([1]);
  const again = Array.from({ length: 12 }, (_, step) => stepped(session, step));
  t.deepEqual(
    again.map((values) => values[1]),
    first.map((values) => values[1]),
    'row 1 begins anew',
  );
  t.is(again[0]?.[0], stepped(kept, 0)[0], 'row 0 goes on');
  const environment = () => cartPole({ observation: 'position' });
  await Trainer.run([{ stage: 0, steps: 512 }], { environment, agent, envCount: 4, rolloutSteps: 64, learningRate: 0.05, progress: false });
  await session.sync(agent);
  session.reset();
  using fresh = await agent.session({ size: 2 });
  t.deepEqual(stepped(session, 2), stepped(fresh, 2));
});

test('what was shown eleven steps ago is learned by looking back, in episodes that go on over two rollouts', async (t) => {
  const environment = () => repeatPrevious({ decks: 1, k: 12 });
  const options = {
    environment,
    envCount: 16,
    rolloutSteps: 32,
    hiddenSize: 32,
    seed: 1,
    progress: false,
  } as const;
  const score = async (network: object): Promise<number> => {
    await using trainer = await Trainer.create({ ...options, network });
    await trainer.run([{ stage: 0, steps: 120_000 }]);
    const [evaluation] = await trainer.evaluate({ episodes: 64 });
    return evaluation?.meanReturn ?? Number.NaN;
  };
  t.true((await score({ attention: 'history', historyWindow: 16 })) > 0.9);
  t.true((await score({})) < 0.2);
});
