import { Agent, tutorial } from 'innate';
import { fixedEpisodes } from './lib/fixed-episodes.js';
import { bestRate, nativeRates, TUTORIAL_FLOP } from './lib/roofline.js';
import { summarize } from './lib/stats.js';
import { table, time } from './lib/table.js';
import { TimedTrainer } from './lib/timed-trainer.js';
import { verifyEngine, verifyEnginesAgree } from './lib/verify.js';

/** A quick look that needs nothing but this package. Fails on wrong results only. */
export async function short(): Promise<void> {
  // Candle asks for the number of cores at every product, unless this says it.
  process.env['RAYON_NUM_THREADS'] = '1';
  const compared = (await verifyEngine('fused')) + (await verifyEngine('plain'));
  await verifyEnginesAgree(5);
  console.log(`Results: ${compared} golden updates equal PyTorch's; fused equals plain.\n`);
  const rows: string[][] = [];
  const add = (name: string, samples: readonly number[]): void => {
    const { median, min, iqr } = summarize(samples);
    rows.push([name, time(median), time(min), time(iqr)]);
  };
  await using timed = await TimedTrainer.create();
  await timed.free(50);
  add('iteration through trainer.run: sample, act, score, update', await timed.free(500));
  add('update, fused', await updates('fused', 300));
  add('update, plain (eager Candle)', await updates('plain', 60));
  const rates = nativeRates(2, 150);
  if (rates.length > 0) {
    const { gflops } = bestRate(rates);
    const roofline = time(TUTORIAL_FLOP / gflops / 1e6);
    rows.push([`products of the update at ${gflops.toFixed(0)} GFLOP/s on 2 threads`, roofline, '', '']);
  }
  console.log(table(['192 problems × 6 steps, hidden size 96', 'median', 'min', 'IQR'], rows));
}

async function updates(engine: 'fused' | 'plain', count: number): Promise<number[]> {
  const episodes = fixedEpisodes();
  await using agent = await Agent.create({ task: tutorial.task({ context: 'own' }), engine });
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
