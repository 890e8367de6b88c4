// This package as a peer: `node innate.js fused` or `plain`. Whole iterations through `trainer.run`, the task's TypeScript included.
import { Agent, type Engine, tutorial } from 'innate';
import type { Golden } from '../../__test__/support/safetensors.js';
import { dissect } from '../lib/anatomy.js';
import { type CheckAnswer, pack, packWeights, serve } from '../lib/serve.js';
import { settings } from '../lib/settings.js';
import { TimedTrainer } from '../lib/timed-trainer.js';
import { checkedUpdate, episodesOf } from '../lib/verify.js';

const engine: Engine = process.argv[2] === 'plain' ? 'plain' : 'fused';
const { batchSize, stage, threads } = settings;
const task = tutorial.task({ context: 'own' });
const TURNS = 5;
const timed = await TimedTrainer.create({ engine, threads, batchSize });

await serve(`innate, ${engine}`, {
  check,
  run: async (iterations) => nanoseconds(await timed.free(iterations, stage)),
  other: ({ iterations }) => anatomy(Number(iterations)),
});
await timed.trainer.close();

/** Where an iteration's time goes, in short turns, so that all parts see the same machine: milliseconds of each. */
async function anatomy(iterations: number): Promise<object> {
  const parts: Record<string, number[]> = { whole: [], pulled: [], calls: [], sample: [], score: [] };
  const each = Math.ceil(iterations / TURNS);
  for (let turn = 0; turn < TURNS; turn += 1) {
    parts['whole']?.push(...(await timed.free(each, stage)));
    parts['pulled']?.push(...(await timed.pulled(each, stage)));
    for (const [part, samples] of Object.entries(await dissect(timed.trainer.agent, task, each, stage, batchSize))) {
      parts[part]?.push(...(samples as readonly number[]));
    }
  }
  return parts;
}

async function check(golden: Golden): Promise<CheckAnswer> {
  await using agent = await Agent.create({ task, engine, threads });
  await agent.loadStateDict(golden.weights('init.'));
  const { loss, gradNorm, logits, weights } = await checkedUpdate(agent, golden);
  const { actions, stages } = episodesOf(golden, 0);
  const operands = golden.ints('step0.operands');
  const { horizon, vocabulary } = task;
  const rewards = Array.from(stages, (id, i) => {
    const program = actions.subarray(horizon * i, horizon * (i + 1));
    return tutorial.score(id, operands.subarray(5 * i, 5 * i + 5), program).reward;
  });
  const shape = [stages.length, horizon, vocabulary.length];
  return { loss, gradNorm, logits: pack(logits, shape), rewards: pack(rewards, [stages.length]), weights: packWeights(weights) };
}

function nanoseconds(milliseconds: readonly number[]): number[] {
  return milliseconds.map((each) => 1e6 * each);
}
