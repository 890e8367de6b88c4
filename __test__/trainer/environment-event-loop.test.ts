import { monitorEventLoopDelay } from 'node:perf_hooks';
import test from 'ava';
import { Trainer } from 'innate';
import { cartPole } from 'innate/environments';

test.serial('the event loop stays live while rollouts are collected and learned from: 16 × 128 steps, hidden size 128', async (t) => {
  await using trainer = await Trainer.create({ environment: () => cartPole(), progress: false });
  await trainer.run([{ stage: 0, steps: 2048 }]);
  const stop = new AbortController();
  const run = trainer.run([{ stage: 0, steps: 1e9 }], { signal: stop.signal });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  delay.disable();
  stop.abort();
  await t.throwsAsync(async () => run, { code: 'ERR_ABORTED' });
  const [median, p99, most] = [delay.percentile(50), delay.percentile(99), delay.max].map((nanoseconds) => nanoseconds / 1e6 - 1);
  t.log(`a 1 ms timer is late by ${median?.toFixed(2)} ms (median), ${p99?.toFixed(2)} ms (p99), ${most?.toFixed(1)} ms (worst)`);
  // The machine may do other work: the bench holds the 99th percentile to 20 ms on one that does not.
  t.true((median ?? Infinity) < 20);
  t.true((p99 ?? Infinity) < 100);
});
