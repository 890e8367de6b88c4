import test from 'ava';
import { Agent, InputError, NonFiniteError, OptionsError, type StateDict } from 'innate';

const network = { vocabulary: 5, stages: 2, horizon: 3, startToken: 4, hiddenSize: 7, seed: 3 } as const;
const programs = {
  contexts: [0, 1, 2, 3, 4, 0, 1, 2],
  stages: [0, 1, 0, 1],
  actions: [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1],
} as const;
const episodes = { ...programs, lengths: [3, 1, 2, 3], returns: [1, 0, 0.5, -1] } as const;
const total = { rows: 4, steps: 9 } as const;

function distance(a: StateDict, b: StateDict): number {
  const difference = (name: string) => (a[name]?.data ?? []).map((x, i) => Math.abs(x - (b[name]?.data[i] ?? NaN)));
  return Math.max(...Object.keys(a).flatMap((name) => Array.from(difference(name))));
}

for (const engine of ['fused', 'plain'] as const) {
  test(`${engine}: gradients of parts wait, sum to that of the whole and are applied once`, async (t) => {
    await using whole = await Agent.create({ ...network, engine });
    await using parts = await Agent.create({ ...network, engine });
    await using summed = await Agent.create({ ...network, engine });
    const stats = await whole.update(episodes);
    const before = await parts.stateDict();
    const losses = [await parts.accumulate({ ...episodes, total, rows: [3, 0] })];
    losses.push(await parts.accumulate({ ...episodes, total, rows: [1, 2] }));
    t.deepEqual(await parts.stateDict(), before);
    t.true(Math.abs(losses.reduce((sum, { loss }) => sum + loss, 0) - stats.loss) < 1e-6);
    const gradient = await parts.gradient();
    await summed.setGradient(gradient);
    t.deepEqual(await summed.gradient(), gradient);
    for (const agent of [parts, summed]) {
      const { gradNorm } = await agent.apply();
      t.true(Math.abs(gradNorm - stats.gradNorm) < 1e-5);
      t.true(distance(await agent.stateDict(), await whole.stateDict()) < 1e-5);
    }
    const none = await parts.gradient();
    t.true(Object.values(none).every(({ data }) => data.every((x) => x === 0)));
  });

  test(`${engine}: what is given in another form is the same`, async (t) => {
    await using agent = await Agent.create({ ...network, engine });
    const same = async (a: Parameters<Agent['gradients']>[0], b: Parameters<Agent['gradients']>[0]) =>
      t.deepEqual((await agent.gradients(a)).gradients, (await agent.gradients(b)).gradients);
    const { lengths: _, ...uncounted } = episodes;
    await same(episodes, { ...uncounted, weights: [1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1] });
    await same(episodes, { ...episodes, inputs: [4, 0, 1, 4, 3, 4, 4, 1, 2, 4, 4, 0] });
    await same(episodes, { ...episodes, returns: episodes.returns.flatMap((value) => [value, value, value]) });
    const { returns: advantages, ...judged } = episodes;
    await same({ ...judged, advantages }, { ...judged, advantages: advantages.flatMap((value) => [value, value, value]) });
    const { values } = await agent.evaluateActions(programs).then(({ values }) => ({ values }));
    const own = values.map((value, i) => (advantages[Math.floor(i / 3)] as number) - value);
    const given = await agent.gradients({ ...judged, advantages: own, valueTargets: advantages });
    t.true(distance(given.gradients, (await agent.gradients(episodes)).gradients) < 1e-6);
    const { logProbs } = await agent.evaluateActions(programs);
    const ratio = await agent.gradients({ ...episodes, oldLogProbs: logProbs, clipRange: 0.2 });
    t.true(distance(ratio.gradients, (await agent.gradients(episodes)).gradients) < 1e-6);
    t.true(Math.abs(ratio.approxKl ?? 1) < 1e-6 && ratio.clipFraction === 0);
    t.false('approxKl' in (await agent.gradients(episodes)));
  });
}

test('a clipped ratio is learned from where it moves back, and not where it moves on', async (t) => {
  await using agent = await Agent.create(network);
  const { logProbs } = await agent.evaluateActions(programs);
  // ρ = e for all.
  const oldLogProbs = logProbs.map((logProb) => logProb - 1);
  const learns = async (advantage: number) => {
    const advantages = new Float32Array(4).fill(advantage);
    const { clipFraction, gradNorm, policyLoss } = await agent.gradients({
      ...{ ...programs, advantages, oldLogProbs, clipRange: 0.2, valueCoef: 0, entropyCoef: 0, reduction: 'step' },
    });
    return { clipFraction, gradNorm, policyLoss };
  };
  const on = await learns(1);
  t.deepEqual([on.clipFraction, on.gradNorm], [1, 0]);
  t.true(Math.abs(on.policyLoss + 1.2) < 1e-6);
  const back = await learns(-1);
  t.true(back.gradNorm > 0 && Math.abs(back.policyLoss - Math.E) < 1e-5);
});

test('what cannot be accumulated or applied is refused, and what waits stays', async (t) => {
  await using agent = await Agent.create(network);
  const path = async (promise: Promise<unknown>, instanceOf: typeof InputError | typeof OptionsError) =>
    (await t.throwsAsync(promise, { instanceOf }))?.path;
  t.is(await path(agent.apply(), InputError), 'gradient');
  await agent.accumulate(episodes);
  const waiting = await agent.gradient();
  t.is(await path(agent.update(episodes), InputError), 'gradient');
  t.is(await path(agent.gradients(episodes), InputError), 'gradient');
  t.is(await path(agent.accumulate({ ...episodes, rows: [4] }), InputError), 'rows[0]');
  t.is(await path(agent.accumulate({ ...episodes, clipRange: 0 }), OptionsError), 'clipRange');
  t.is(await path(agent.accumulate({ ...episodes, total: { rows: 0, steps: 1 } }), OptionsError), 'total.rows');
  t.is(await path(agent.accumulate({ ...episodes, total: { ...total, batches: 1 } } as never), OptionsError), 'total.batches');
  t.is(await path(agent.accumulate({ ...episodes, learningRate: 1 } as never), OptionsError), 'learningRate');
  t.is(await path(agent.update({ ...episodes, rows: [0] } as never), OptionsError), 'rows');
  t.is(await path(agent.setGradient({}), InputError), "gradient['emb.weight']");
  t.is(await path(agent.apply({ learningRate: -1 }), OptionsError), 'learningRate');
  await t.throwsAsync(agent.accumulate({ ...episodes, returns: [1e38, -1e38, 1e38, 0] }), { instanceOf: NonFiniteError });
  t.deepEqual(await agent.gradient(), waiting);
  const before = await agent.stateDict();
  await agent.setGradient();
  t.is(await path(agent.apply(), InputError), 'gradient');
  const huge = Object.fromEntries(Object.entries(waiting).map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 3e38) }]));
  await agent.setGradient(huge);
  await t.throwsAsync(agent.apply(), { instanceOf: NonFiniteError });
  t.deepEqual(await agent.stateDict(), before);
  t.is(await path(agent.apply(), InputError), 'gradient', 'none waits after a step that was not taken');
});
