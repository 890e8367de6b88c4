import { Agent, type AgentOptions } from 'innate';
import { fixedEpisodes, task, timeIteration } from './lib/agents.js';
import { interleave, quantile, table, time } from './lib/measure.js';

const BATCHES = [192, 1024, 4096, 16_384];
const WIDTHS = [96, 512];

/** One rollout and one update on CUDA beside the CPU's fused engine, interleaved, against batch and width. */
export async function cuda(rounds: number): Promise<void> {
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
  const make = (options: AgentOptions): Promise<Agent> => Agent.create({ task, hiddenSize, ...options });
  await using cpu = await make({ engine: 'fused' });
  await using gpu = await make({ device: 'cuda' });
  const samples: [number[], number[]] = [[], []];
  await timeIteration(cpu, episodes);
  await timeIteration(gpu, episodes);
  const work = [cpu, gpu].map((agent, i) => async () => {
    samples[i]?.push(await timeIteration(agent, episodes));
  });
  await interleave(work, rounds);
  return [quantile(samples[0], 0.5), quantile(samples[1], 0.5)];
}
