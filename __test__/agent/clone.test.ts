import test from 'ava';
import { Agent, ClosedError } from 'innate';
import { ECHO_EPISODES, ECHO_PROMPTS, echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

for (const engine of ['fused', 'plain'] as const) {
  test(`${engine}: another agent of the same weights goes on alike, by itself`, async (t) => {
    await using agent = await Agent.create({ task: echoTask(), hiddenSize: 16, seed: 4, engine });
    await agent.act(ECHO_PROMPTS);
    await agent.update(ECHO_EPISODES);
    await using twin = await agent.clone();
    t.is(await digest(twin), await digest(agent));
    t.deepEqual(twin.info, agent.info);
    t.deepEqual(await twin.act(ECHO_PROMPTS), await agent.act(ECHO_PROMPTS));
    await Promise.all([twin.update(ECHO_EPISODES), agent.update(ECHO_EPISODES)]);
    t.is(await digest(twin), await digest(agent), "Adam's state is there too");
    const before = await digest(agent);
    await twin.update(ECHO_EPISODES);
    t.is(await digest(agent), before);
    await agent.close();
    await twin.act(ECHO_PROMPTS);
    await t.throwsAsync(agent.clone(), { instanceOf: ClosedError });
  });
}

test('another seed draws otherwise, and a fresh optimizer steps otherwise', async (t) => {
  await using agent = await Agent.create({ task: echoTask(), hiddenSize: 16, seed: 4 });
  await agent.act(ECHO_PROMPTS);
  await agent.update(ECHO_EPISODES);
  await using other = await agent.clone({ seed: 7 });
  await using again = await agent.clone({ seed: 7 });
  t.is(other.info.seed, 7);
  const many = { contexts: new Int32Array(64), stages: new Int32Array(64) };
  const drawn = await other.act(many);
  t.deepEqual(await again.act(many), drawn);
  t.notDeepEqual((await agent.act(many)).actions, drawn.actions);
  await using fresh = await agent.clone({ optimizer: false });
  t.is(await digest(fresh), await digest(agent));
  await Promise.all([fresh.update(ECHO_EPISODES), agent.update(ECHO_EPISODES)]);
  t.not(await digest(fresh), await digest(agent));
  await fails(t, () => agent.clone({ seed: -1 }), { code: 'ERR_OPTIONS', path: 'seed' });
  await fails(t, () => agent.clone({ sed: 1 } as never), { code: 'ERR_OPTIONS', path: 'sed' });
});
