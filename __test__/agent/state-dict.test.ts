import test from 'ava';
import { Agent, defineTask } from 'innate';
import { cartPole, repeatPrevious } from 'innate/environments';

function says(which: number) {
  return {
    run: (state: { said: number }): void => {
      state.said = which;
    },
  };
}

const heard = defineTask({
  name: 'heard',
  stages: ['one'],
  horizon: 2,
  symbols: ['a', 'b', 'c'],
  sample: (random): number => random.int(2),
  encode: () => ['c'],
  start: () => ({ said: -1 }),
  observe: () => ['a'],
  observationLength: 2,
  tools: { A: says(0), B: says(1) },
  success: (state, problem) => state.said === problem,
});

for (const [name, options] of Object.entries({
  'a task': { hiddenSize: 8 },
  'a task that answers': { task: heard, hiddenSize: 8 },
  'a task that answers, without memory': { task: heard, hiddenSize: 8, memory: false },
  'an environment': { ...spaces(cartPole()), hiddenSize: 8 },
  'an environment of ids, by the past': {
    ...spaces(repeatPrevious()),
    network: { hiddenSize: 8, layers: 2, attention: 'history', clock: true },
  },
  'an environment, without memory': { ...spaces(cartPole()), hiddenSize: 8, memory: false },
} as const)) {
  test(`${name}: weights that are read can be put back`, async (t) => {
    const agent = await Agent.create(options as never);
    const other = await Agent.create({ ...options, seed: 5 } as never);
    const weights = await agent.stateDict();
    await other.loadStateDict(weights);
    t.deepEqual(await other.stateDict(), weights);
    await Promise.all([agent.close(), other.close()]);
  });
}

function spaces({ observationSpace, actionSpace }: { observationSpace: unknown; actionSpace: unknown }): object {
  return { observationSpace, actionSpace };
}
