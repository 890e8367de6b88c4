import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { Trainer } from 'innate';

test('the event loop stays live while training: a 10 ms timer keeps firing', async (t) => {
  await using trainer = await Trainer.create({ progress: false });
  await trainer.run([{ stage: 0, iterations: 3 }]);
  const stop = new AbortController();
  const run = trainer.run([{ stage: 0, iterations: 1e6 }], { signal: stop.signal });
  const delays: number[] = [];
  const begun = performance.now();
  let last = begun;
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(now - last - 10);
    last = now;
  }, 10);
  await sleep(3000);
  clearInterval(timer);
  stop.abort();
  await t.throwsAsync(async () => run, { code: 'ERR_ABORTED' });
  const sorted = delays.sort((a, b) => a - b);
  const worst = sorted.at(-1) ?? Infinity;
  const median = sorted[sorted.length >> 1] ?? Infinity;
  t.log(`10 ms timer while training: ${delays.length} ticks in 3 s, median delay ${median.toFixed(2)} ms, worst ${worst.toFixed(2)} ms`);
  // Far above what an idle machine shows, far below one blocking update of a long run: the machine may do other work.
  t.true(median < 10);
  t.true(worst < 250);
  t.true(delays.length > 150);
});
