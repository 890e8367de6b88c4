// Trains in environments, and says how much memory the process has: `node --expose-gc environment-memory-child.js <iterations>`, a JSON line a
// look, the first after a tenth of them.
import { Trainer } from 'innate';
import { cartPole } from 'innate/environments';
import { device } from './device.js';

const SIZES = { envCount: 4, rolloutSteps: 8, hiddenSize: 8 } as const;
const iterations = Number(process.argv[2]);
const every = Math.ceil(iterations / 10);

const { agent } = await Trainer.run([{ stage: 0, steps: iterations * SIZES.envCount * SIZES.rolloutSteps }], {
  ...SIZES,
  environment: () => cartPole(),
  device,
  progress: (event) => {
    if (event.type === 'iteration' && event.iteration % every === 0) {
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      console.log(JSON.stringify({ iteration: event.iteration, rss, heapUsed, external }));
    }
  },
});
await agent.close();
