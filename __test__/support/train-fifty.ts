import { type Agent, Trainer } from 'innate';
import { device } from './device.js';

/** Fifty iterations over the three stages of arithmetic, rehearsal included, as a user would run them. */
export async function trainFifty(seed: number, threads: number): Promise<Agent> {
  const stages = [
    { stage: 0, iterations: 20 },
    { stage: 1, iterations: 15 },
    { stage: 2, iterations: 15 },
  ];
  const { agent } = await Trainer.run(stages, { device, seed, threads, progress: false });
  return agent;
}
