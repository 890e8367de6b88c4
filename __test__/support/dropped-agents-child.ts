import { setTimeout as wait } from 'node:timers/promises';
import { Agent } from 'innate';
import { threadCount } from './threads.js';

/** Megabytes of the process, and its threads. */
const now = (): { rss: number; threads: number } => ({ rss: process.memoryUsage.rss() / 2 ** 20, threads: threadCount() });

const [count, keep] = [Number(process.argv[2]), process.argv[3] === 'keep'];
const PROMPTS = { contexts: new Int32Array(384), stages: new Int32Array(64) };

await (await Agent.create({ hiddenSize: 16 })).close();
await wait(700);
const start = now();
let peak = start.rss;
let agents: Agent[] = [];
for (let seed = 0; seed < count; seed += 1) {
  const agent = await Agent.create({ hiddenSize: 256, seed });
  await agent.act(PROMPTS);
  await agent.session();
  if (keep) {
    agents.push(agent);
  }
  peak = Math.max(peak, now().rss);
}
await wait(1000);
const idle = now();
agents = [];
for (let i = 0; i < 4; i += 1) {
  globalThis.gc?.();
  await wait(200);
}
process.stdout.write(JSON.stringify({ start, peak, idle, collected: now(), agents: agents.length }));
