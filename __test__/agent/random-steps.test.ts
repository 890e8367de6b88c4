import test from 'ava';
import { Agent, arithmetic } from 'innate';
import { Random } from '#dist/util/random.js';
import { fails } from '../support/failure.js';

const SIZE = 40;
const { horizon, actionMask } = arithmetic;
const batch = arithmetic.sample(new Int32Array(SIZE), new Random(1));
const prompts = { contexts: batch.contexts, stages: batch.stages };

function make(threads = 1, seed = 3): Promise<Agent> {
  return Agent.create({ task: arithmetic, seed, hiddenSize: 16, threads });
}

test('a program is as without its random step up to that step, which may be another tool, and is never one that is masked', async (t) => {
  const randomSteps = Int32Array.from({ length: SIZE }, (_, row) => (row % 4 === 0 ? -1 : row % horizon));
  await using plain = await make();
  await using exploring = await make(2);
  const before = await plain.act(prompts);
  const { actions, ...said } = await exploring.act({ ...prompts, randomSteps });
  let others = 0;
  for (const [row, step] of randomSteps.entries()) {
    const until = step < 0 ? horizon : step;
    t.deepEqual(
      actions.subarray(row * horizon, row * horizon + until),
      before.actions.subarray(row * horizon, row * horizon + until),
      `row ${row}`,
    );
    others += step >= 0 && actions[row * horizon + step] !== before.actions[row * horizon + step] ? 1 : 0;
  }
  t.true(others > 0, 'the same uniform chooses otherwise');
  t.true(actions.every((token) => actionMask?.[token] === 1));
  const evaluated = await plain.evaluateActions({ ...prompts, actions });
  t.deepEqual(said.logProbs, evaluated.logProbs, 'what is said is the policy’s');
  t.deepEqual(said.values, evaluated.values);
});

test('no random step at all is a rollout like any other', async (t) => {
  await using one = await make();
  await using other = await make();
  t.deepEqual(await one.act({ ...prompts, randomSteps: new Int32Array(SIZE).fill(-1) }), await other.act(prompts));
  t.deepEqual(await one.act(prompts), await other.act(prompts), 'and so is the next');
});

test('steps that are none are named, whatever they are', async (t) => {
  await using agent = await make();
  const others = new Array<number>(SIZE - 1).fill(0);
  const refused: readonly (readonly [unknown, string, object?])[] = [
    [new Int32Array(3), 'randomSteps'],
    [[...others, horizon], 'randomSteps[39]'],
    [[-2, ...others], 'randomSteps[0]'],
    [[0.5, ...others], 'randomSteps[0]'],
    ['none', 'randomSteps'],
    [new Int32Array(SIZE), 'randomSteps', { deterministic: true }],
  ];
  for (const [randomSteps, path, more = {}] of refused) {
    await fails(t, () => agent.act({ ...prompts, ...more, randomSteps } as never), { code: 'ERR_INPUT', path });
  }
});
