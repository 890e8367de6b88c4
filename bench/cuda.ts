import { Agent, type AgentOptions, tutorial } from 'innate';
import { fixedEpisodes } from './lib/fixed-episodes.js';
import { rotations } from './lib/rounds.js';
import { summarize } from './lib/stats.js';
import { table, time } from './lib/table.js';
import { verifyEngine } from './lib/verify.js';

const BATCHES = [192, 1024, 4096, 16_384];
const WIDTHS = [96, 512];

/**
 * One rollout and one update on CUDA beside the CPU's fused engine, interleaved, against batch and width. Fails on wrong results, and where
 * there is no CUDA device.
 *
 * @param rounds - Of each size.
 */
export async function cuda(rounds: number): Promise<void> {
  const compared = await verifyEngine('plain', 'cuda');
  console.log(`Results: ${compared} golden updates on CUDA equal PyTorch's.\n`);
  const rows: string[][] = [];
  for (const hiddenSize of WIDTHS) {
    for (const batch of BATCHES) {
      const [cpu, gpu] = await compare(hiddenSize, batch, rounds);
      rows.push([`${batch} × 6 steps, hidden size ${hiddenSize}`, time(cpu), time(gpu), `${(cpu / gpu).toFixed(2)}×`]);
    }
  }
  console.log(table(['one rollout and one update, median', 'CPU, fused', 'CUDA', 'CPU / CUDA'], rows));
}

async function compare(hiddenSize: number, batch: number, rounds: number): Promise<[number, number]> {
  const episodes = fixedEpisodes(batch);
  const make = (options: AgentOptions): Promise<Agent> => Agent.create({ task: tutorial.task({ context: 'own' }), hiddenSize, ...options });
  await using cpu = await make({ engine: 'fused' });
  await using gpu = await make({ device: 'cuda' });
  const sides = [
    { agent: cpu, samples: [] as number[] },
    { agent: gpu, samples: [] as number[] },
  ] as const;
  for (const { agent } of sides) {
    await iterate(agent, episodes);
  }
  for (const order of rotations(sides, rounds)) {
    for (const { agent, samples } of order) {
      const begun = performance.now();
      await iterate(agent, episodes);
      samples.push(performance.now() - begun);
    }
  }
  return [summarize(sides[0].samples).median, summarize(sides[1].samples).median];
}

async function iterate(agent: Agent, { contexts, stages, returns }: ReturnType<typeof fixedEpisodes>): Promise<void> {
  const { actions } = await agent.act({ contexts, stages });
  await agent.update({ contexts, stages, actions, returns });
}
