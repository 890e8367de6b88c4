import test from 'ava';
import { Agent, type AgentOptions, arithmetic, Random } from 'innate';

const STAGE = 0;
const T = arithmetic.horizon;

/** Problems of the first stage, programs that the agent samples for them, and how they did. */
async function collect(agent: Agent, random: Random, n: number) {
  const batch = arithmetic.sample(new Int32Array(n).fill(STAGE), random);
  const { contexts, stages } = batch;
  const rollout = await agent.act({ contexts, stages });
  const scores = { returns: new Float32Array(n), successes: new Uint8Array(n), lengths: new Int32Array(n).fill(T) };
  arithmetic.score(batch, rollout.actions, scores);
  return { contexts, stages, ...rollout, ...scores };
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

async function successRate(agent: Agent): Promise<number> {
  const random = new Random(99, 7);
  return mean((await collect(agent, random, 500)).successes);
}

async function learned(options: AgentOptions, learn: (agent: Agent, random: Random) => Promise<unknown>): Promise<number> {
  await using agent = await Agent.create({ seed: 1, threads: 2, ...options });
  const random = new Random(1, 3);
  for (let iteration = 0; iteration < 150; iteration += 1) {
    await learn(agent, random);
  }
  return successRate(agent);
}

test('REINFORCE with the batch as its baseline, written with the public gradients', async (t) => {
  const rate = await learned({ learningRate: 2e-3 }, async (agent, random) => {
    const { contexts, stages, actions, lengths, returns } = await collect(agent, random, 128);
    const baseline = mean(returns);
    const advantages = returns.map((value) => value - baseline);
    await agent.accumulate({ contexts, stages, actions, lengths, advantages, valueCoef: 0, entropyCoef: 0.1 });
    await agent.apply();
  });
  t.true(rate > 0.9, `${rate}`);
});

test('PPO with its clipped ratio, four epochs of four minibatches, written with the public gradients', async (t) => {
  const n = 128;
  const first: number[] = [];
  const rate = await learned({ learningRate: 1e-3 }, async (agent, random) => {
    const { contexts, stages, actions, lengths, returns, values, logProbs } = await collect(agent, random, n);
    const advantages = values.map((value, i) => (returns[Math.floor(i / T)] as number) - value);
    const [centre, spread] = [mean(advantages), Math.sqrt(mean(advantages.map((a) => a * a)))];
    const episodes = {
      ...{ contexts, stages, actions, lengths, oldLogProbs: logProbs },
      advantages: advantages.map((a) => (a - centre) / spread),
      valueTargets: returns,
    };
    for (let epoch = 0; epoch < 4; epoch += 1) {
      const keys = Float64Array.from({ length: n }, () => random.float());
      const rows = [...keys.keys()].sort((a, b) => (keys[a] as number) - (keys[b] as number));
      for (let start = 0; start < n; start += n / 4) {
        const minibatch = { rows: rows.slice(start, start + n / 4), clipRange: 0.2, reduction: 'step' as const, entropyCoef: 0.02 };
        const { approxKl, clipFraction } = await agent.accumulate({ ...episodes, ...minibatch });
        if (epoch === 0 && start === 0) {
          first.push(approxKl ?? 1, clipFraction ?? 1);
        }
        await agent.apply({ maxGradNorm: 0.5 });
      }
    }
  });
  t.true(Math.max(...first) < 1e-6, 'rollout and update agree before anything is learned');
  t.true(rate > 0.9, `${rate}`);
});
