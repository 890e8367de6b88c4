// Trains, and says how much memory the process has: `node --expose-gc memory.js <batch size> <hidden size> <updates>`, a JSON line a look.
import { Trainer } from 'innate';
import { tutorialOptions } from '../lib/agents.js';

const [batchSize = 192, hiddenSize = 96, updates = 100_000] = process.argv.slice(2).map(Number);
const looks = new Set([1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((share) => Math.round((share * updates) / 100)));

const options = tutorialOptions({
  batchSize,
  hiddenSize,
  progress: (event) => {
    if (event.type === 'iteration' && looks.has(event.iteration)) {
      globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      console.log(JSON.stringify({ update: event.iteration, rss, heapUsed }));
    }
  },
});
const { agent } = await Trainer.run([{ stage: 0, iterations: updates }], options);
await agent.close();
