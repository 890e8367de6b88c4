// This package as a peer: `node innate.js fused` or `plain`. Whole iterations through `trainer.run`, the task's TypeScript included.
import { Agent, type Engine, Random, tutorial } from 'innate';
import { golden } from '../../__test__/support/safetensors.js';
import { fixedEpisodes, GOLDEN, settings, task, timedTrainer, timeIteration } from '../lib/agents.js';
import { type CheckAnswer, serve } from '../lib/serve.js';
import { checkedUpdate, episodesOf } from '../lib/verify.js';

const engine: Engine = process.argv[2] === 'plain' ? 'plain' : 'fused';
const { batchSize, stage, threads } = settings;
const TURNS = 5;
const timed = await timedTrainer({ engine, threads, batchSize });

await serve(`innate, ${engine}`, {
  check,
  run: async ({ iterations }) => ({ milliseconds: await timed.free(Number(iterations), stage) }),
  anatomy: ({ iterations }) => anatomy(Number(iterations)),
});
await timed.trainer.close();

/** Where an iteration's time goes, in short turns, so that all parts see the same machine: milliseconds of each. */
async function anatomy(iterations: number): Promise<object> {
  const whole: number[] = [];
  const pulled: number[] = [];
  const calls: number[] = [];
  const sample: number[] = [];
  const score: number[] = [];
  const { contexts, stages, returns } = fixedEpisodes(batchSize, stage);
  const ids = new Int32Array(batchSize).fill(stage);
  const scores = { returns: new Float32Array(batchSize), successes: new Uint8Array(batchSize) };
  const random = new Random(3);
  const each = Math.ceil(iterations / TURNS);
  for (let turn = 0; turn < TURNS; turn += 1) {
    whole.push(...(await timed.free(each, stage)));
    pulled.push(...(await timed.pulled(each, stage)));
    const { actions } = await timed.trainer.agent.act({ contexts, stages });
    for (let i = 0; i < each; i += 1) {
      calls.push(await timeIteration(timed.trainer.agent, { contexts, stages, returns }));
      const begun = performance.now();
      const batch = task.sample(ids, random);
      const sampled = performance.now();
      task.score(batch, actions, scores);
      score.push(performance.now() - sampled);
      sample.push(sampled - begun);
    }
  }
  return { whole, pulled, calls, sample, score };
}

async function check(): Promise<CheckAnswer> {
  const file = golden(GOLDEN);
  await using agent = await Agent.create({ task, engine, threads });
  await agent.loadStateDict(file.weights('init.'));
  const answer = await checkedUpdate(agent, file);
  const { actions, stages } = episodesOf(file);
  const operands = file.ints('step0.operands');
  const returns = Array.from(stages, (id, i) => {
    const program = actions.subarray(task.horizon * i, task.horizon * (i + 1));
    return tutorial.score(id, operands.subarray(5 * i, 5 * i + 5), program).reward;
  });
  return { ...answer, rewards: returns };
}
