import { Agent } from 'innate';
import { fixedEpisodes, task, timedTrainer } from './lib/agents.js';
import { table, time, times } from './lib/measure.js';
import { flop, meanRate, nativeRates, TUTORIAL } from './lib/native.js';

/** A quick look that needs nothing but this package. */
export async function short(): Promise<void> {
  // Candle asks for the number of cores at every product, unless this says it.
  process.env['RAYON_NUM_THREADS'] = '1';
  const { trainer, free } = await timedTrainer();
  await free(50);
  const rows = [
    ['iteration through trainer.run: sample, act, score, update', ...times(await free(500))],
    ['update, fused', ...times(await updates('fused', 300))],
    ['update, plain (eager Candle)', ...times(await updates('plain', 60))],
  ];
  await trainer.close();
  const rates = nativeRates(2, 150);
  if (rates.length > 0) {
    const gflops = meanRate(rates);
    rows.push([`products of the update at ${gflops.toFixed(0)} GFLOP/s on 2 threads`, time(flop(TUTORIAL) / gflops / 1e6)]);
  }
  console.log(table(['192 problems × 6 steps, hidden size 96', 'median', 'min', 'IQR'], rows));
}

async function updates(engine: 'fused' | 'plain', count: number): Promise<number[]> {
  const episodes = fixedEpisodes();
  await using agent = await Agent.create({ task, engine });
  const samples: number[] = [];
  for (let i = -Math.ceil(count / 10); i < count; i += 1) {
    const begun = performance.now();
    await agent.update(episodes);
    if (i >= 0) {
      samples.push(performance.now() - begun);
    }
  }
  return samples;
}
