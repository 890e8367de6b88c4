import test from 'ava';
import { Agent, arithmetic, ClosedError, InputError, OptionsError } from 'innate';

const PROMPTS = { contexts: Int32Array.of(1, 2, 3, 10, 17, 17, 9, 8, 7, 6, 10, 17), stages: Int32Array.of(0, 1) };

test('steps as act does', async (t) => {
  await using agent = await Agent.create({ seed: 3 });
  const whole = await agent.act({ ...PROMPTS, deterministic: true });
  using session = await agent.session({ size: 4 });
  for (let round = 0; round < 2; round += 1) {
    session.begin(PROMPTS);
    for (let at = 0; at < arithmetic.horizon; at += 1) {
      const { actions, logProbs, entropies, values } = session.step({ deterministic: true });
      for (const row of [0, 1]) {
        const i = row * arithmetic.horizon + at;
        t.deepEqual(
          [actions[row], logProbs[row], entropies[row], values[row]],
          [whole.actions[i], whole.logProbs[i], whole.entropies[i], whole.values[i]],
        );
      }
    }
  }
});

test('samples alike under one seed, and what is fed changes what comes next', async (t) => {
  await using agent = await Agent.create({ seed: 3 });
  const run = async (seed: number, feed?: number): Promise<number[]> => {
    using session = await agent.session({ seed });
    session.begin({ contexts: [1, 2, 3, 10, 17, 17], stages: [0] });
    return Array.from({ length: 20 }, () => {
      const { actions, values } = session.step();
      if (feed !== undefined) {
        session.feed([feed]);
      }
      return (actions[0] ?? 0) + (values[0] ?? 0);
    });
  };
  t.deepEqual(await run(1), await run(1));
  t.notDeepEqual(await run(1), await run(2));
  t.notDeepEqual(await run(1), await run(1, 5));
});

test('a mask is for one step', async (t) => {
  await using agent = await Agent.create({ seed: 3 });
  using session = await agent.session();
  using other = await agent.session();
  const prompt = { contexts: [1, 2, 3, 10, 17, 17], stages: [0] };
  const { actions: free } = await agent.act({ ...prompt, deterministic: true });
  session.begin(prompt);
  other.begin(prompt);
  const actionMask = arithmetic.vocabulary.map((_, token) => token === free[0]);
  t.is(session.step({ deterministic: true, actionMask }).logProbs[0], 0);
  other.step({ deterministic: true });
  const [a, b] = [session.step({ deterministic: true }), other.step({ deterministic: true })];
  t.deepEqual([a.actions, a.logProbs], [b.actions, b.logProbs]);
});

test('refuses what it cannot do, and goes on', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 8 });
  const options = await t.throwsAsync(() => agent.session({ size: 0 }), { instanceOf: OptionsError });
  t.is(options?.path, 'size');
  const session = await agent.session();
  t.is(t.throws(() => session.step(), { instanceOf: InputError })?.path, 'session');
  t.is(t.throws(() => session.begin(PROMPTS), { instanceOf: InputError })?.path, 'stages');
  t.is(t.throws(() => session.begin({ contexts: [99], stages: [0] }), { instanceOf: InputError })?.path, 'contexts[0]');
  t.is(t.throws(() => session.begin({ contexts: [1, 10], stages: [0] }), { instanceOf: InputError })?.path, 'contexts');
  session.begin({ contexts: [1, 2, 3, 10, 17, 17], stages: [0] });
  t.is(t.throws(() => session.feed([1, 2]), { instanceOf: InputError })?.path, 'tokens');
  t.is(session.step().actions.length, 1);
  session.close();
  t.throws(() => session.step(), { instanceOf: ClosedError, code: 'ERR_CLOSED' });
  session.close();
});
