import test from 'ava';
import { arithmetic } from 'innate';
import { addScores, makeScores } from '#dist/trainer/collect/scores.js';
import { Evaluator } from '#dist/trainer/measure/evaluator.js';
import { explainStage } from '#dist/trainer/measure/explain.js';
import { Random } from '#dist/util/random.js';
import { type Asked, scriptedAgent, scriptedTask } from '../support/scripted.js';

const earn = ({ index }: Asked) => ({ reward: index % 4, success: index % 4 === 0 });

test('scores are added up from the first program on', (t) => {
  const scores = { returns: Float32Array.of(1, 2, 4), successes: Uint8Array.of(1, 0, 1), lengths: Int32Array.of(3, 2, 7) };
  const totals = { successes: 0, returns: 0, steps: 0 };
  addScores(totals, scores, 2);
  t.deepEqual(totals, { successes: 1, returns: 3, steps: 5 });
  addScores(totals, scores, 3);
  t.deepEqual(totals, { successes: 3, returns: 10, steps: 17 });
});

test('scores are written to arrays of one place a program', (t) => {
  t.deepEqual(makeScores(3), { returns: new Float32Array(3), successes: new Uint8Array(3), lengths: new Int32Array(3) });
});

test('measures greedy programs on as many fresh problems as asked for', async (t) => {
  const { agent, log } = scriptedAgent();
  const evaluator = new Evaluator({ task: scriptedTask({ earn }), agent });
  const random = new Random(3);
  t.deepEqual(await evaluator.measure(2, 6, random), { successRate: 2 / 6, meanReturn: 7 / 6 });
  t.deepEqual(await evaluator.measure(1, 8, random), { successRate: 0.25, meanReturn: 1.5 });
  const again = new Random(3);
  const draws = (count: number) => Array.from({ length: count }, () => again.int(2));
  t.deepEqual(log.acts, [
    { stages: new Array<number>(6).fill(2), contexts: draws(6), deterministic: true },
    { stages: new Array<number>(8).fill(1), contexts: draws(8), deterministic: true },
  ]);
});

test('where problems have groups, how the worst of them can be doing at best: the upper end of its interval, over all parts', async (t) => {
  const { agent } = scriptedAgent();
  const task = { ...scriptedTask({ earn }), group: (_: unknown, index: number) => (index % 4 === 0 ? 'rare' : 'common') };
  const { worstGroupAtMost } = await new Evaluator({ task, agent }).measure(0, 8200, new Random(1));
  const plain = await new Evaluator({ task: scriptedTask({ earn }), agent }).measure(0, 8200, new Random(1));
  t.false('worstGroupAtMost' in plain);
  t.true((worstGroupAtMost ?? 1) < 0.01, 'one of the groups is never right');
});

test('many problems are measured in parts, unless each sees the mean over its batch', async (t) => {
  for (const [pooling, sizes] of [
    ['own', [4096, 4096, 8]],
    ['batch', [8200]],
  ] as const) {
    const { agent, log } = scriptedAgent();
    const evaluator = new Evaluator({ task: scriptedTask({ earn, pooling }), agent });
    t.deepEqual(await evaluator.measure(0, 8200, new Random(1)), { successRate: 0.25, meanReturn: 1.5 });
    t.deepEqual(
      log.acts.map(({ stages }) => stages.length),
      sizes,
    );
  }
  const { agent, log } = scriptedAgent();
  await new Evaluator({ task: scriptedTask({ earn }), agent }).measure(0, 4096, new Random(1));
  t.is(log.acts.length, 1);
});

test('an explanation in full', async (t) => {
  const { agent, log } = scriptedAgent();
  const explanations = await explainStage({ task: scriptedTask({ earn }), agent }, 1, 2, new Random(3));
  const again = new Random(3);
  const contexts = [again.int(2), again.int(2)];
  t.deepEqual(log.acts, [{ stages: [1, 1], contexts, deterministic: true }]);
  const steps = (first: number) =>
    ['x', 'y'].map((token, at) => ({
      token,
      probability: Math.exp(Math.fround(Math.log(1 / 2 ** (first + at)))),
      value: 100 + first + at,
      entropy: 10 + first + at,
      applied: undefined,
    }));
  const shared = { stage: 1, name: 'b', tokens: ['x', 'y'], executed: 2 };
  t.deepEqual(explanations, [
    { ...shared, context: `context ${contexts[0]}`, target: 'target 0', steps: steps(0), episodeReturn: 0, success: true },
    { ...shared, context: `context ${contexts[1]}`, target: 'target 1', steps: steps(2), episodeReturn: 1, success: false },
  ]);
});

test('problems that would see the mean over their batch are explained one by one', async (t) => {
  const { agent, log } = scriptedAgent();
  const explanations = await explainStage({ task: scriptedTask({ earn, pooling: 'batch' }), agent }, 0, 3, new Random(1));
  t.is(explanations.length, 3);
  t.deepEqual(
    log.acts.map(({ stages }) => stages.length),
    [1, 1, 1],
  );
  t.deepEqual(
    explanations.map(({ target }) => target),
    ['target 0', 'target 0', 'target 0'],
  );
});

test('a task made of tools says which steps ran, and how many; others leave it open', async (t) => {
  const [mul, add, ans] = (['MUL', 'ADD', 'ANS'] as const).map((tool) => arithmetic.token(tool)) as [number, number, number];
  const { agent } = scriptedAgent();
  const program = [add, mul, ans, mul, mul, mul, mul];
  Object.assign(agent, {
    act: async () => ({
      actions: Int32Array.from([...program, ...program]),
      logProbs: new Float32Array(14),
      entropies: new Float32Array(14),
      values: new Float32Array(14),
    }),
  });
  for (const { tokens, steps, executed } of await explainStage({ task: arithmetic, agent }, 0, 2, new Random(1))) {
    t.deepEqual(tokens, ['[ADD]', '[MUL]', '[ANS]', '[MUL]', '[MUL]', '[MUL]', '[MUL]']);
    t.is(executed, 3);
    t.deepEqual(
      steps.map(({ applied }) => applied),
      [false, true, true, undefined, undefined, undefined, undefined],
    );
    t.true(steps.every(({ probability, value, entropy }) => probability === 1 && value === 0 && entropy === 0));
  }
});

test('the steps are those of the stage that is explained', async (t) => {
  const [mul, sto] = [arithmetic.token('MUL'), arithmetic.token('STO')];
  const { agent } = scriptedAgent();
  const zeros = { logProbs: new Float32Array(7), entropies: new Float32Array(7), values: new Float32Array(7) };
  Object.assign(agent, { act: async () => ({ actions: Int32Array.of(mul, sto, mul, sto, sto, sto, sto), ...zeros }) });
  // Stage 0 has one digit left after the first product, and two are needed.
  for (const [stage, applied] of [
    [0, [true, true, false, false, false, false, false]],
    [2, [true, true, true, true, false, false, false]],
  ] as const) {
    const [explanation] = await explainStage({ task: arithmetic, agent }, stage, 1, new Random(1));
    t.deepEqual(
      explanation?.steps.map((step) => step.applied),
      [...applied],
    );
  }
});

test('a trace without problems, and problems without a trace, say nothing of steps', async (t) => {
  const { agent } = scriptedAgent();
  const task = scriptedTask({ earn });
  const trace = () => ({ steps: [{ applied: true }] });
  const withProblems: typeof task.sample = (...args) => Object.assign(task.sample(...args), { problems: ['p'] });
  const executed = async (changes: object) =>
    (await explainStage({ task: { ...task, ...changes }, agent }, 1, 1, new Random(1)))[0]?.executed;
  t.is(await executed({ trace }), 2);
  t.is(await executed({ sample: withProblems }), 2);
  t.is(await executed({ sample: withProblems, trace }), 1);
});
