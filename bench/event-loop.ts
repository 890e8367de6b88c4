import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { arithmetic, type EnvironmentTrainerOptions, Trainer, type TrainerOptions } from 'innate';
import { cartPole, cartPoleVector } from 'innate/environments';
import { tutorialOptions } from './lib/agents.js';
import { goalsTable, table, time } from './lib/measure.js';
import { report } from './lib/page.js';

/** Interval of the timer that is watched, milliseconds. */
const RESOLUTION = 1;

/** How late timers fire while training, and while nothing runs. */
export async function eventLoop(command: string, seconds: number): Promise<void> {
  const work: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    'nothing runs': (signal) => sleep(1000 * seconds, undefined, { signal }),
    'tutorial, 192 a batch': (signal) => train([0], { ...tutorialOptions(), signal }),
    'arithmetic, 192 a batch, evaluations included': (signal) => train([0, 1, 2], { task: arithmetic, signal }),
    'arithmetic, 4096 a batch': (signal) => train([0, 1, 2], { task: arithmetic, batchSize: 4096, signal }),
    'CartPole, 16 × 128 steps, hidden size 128': (signal) => trainIn({ environment: () => cartPole(), signal }),
    'the same over typed arrays': (signal) => trainIn({ environment: (_: number, size: number) => cartPoleVector(size), signal }),
  };
  const rows: string[][] = [];
  let worst = 0;
  for (const [title, meanwhile] of Object.entries(work)) {
    const [p50, p99, max] = await watch(seconds, meanwhile);
    worst = Math.max(worst, p99);
    rows.push([title, ...[p50, p99, max].map(time), `${seconds} s`]);
  }
  report('event-loop', command, [
    goalsTable([['event-loop delay while training, p99', 'under 20 ms', time(worst), worst < 20]]),
    table(['meanwhile', 'median', 'p99', 'worst', 'watched'], rows),
  ]);
}

async function train(stages: readonly number[], options: TrainerOptions): Promise<void> {
  await using trainer = await Trainer.create({ progress: false, maxIterations: 1_000_000, ...options });
  for (;;) {
    await trainer.run(stages);
  }
}

async function trainIn(options: EnvironmentTrainerOptions): Promise<void> {
  await using trainer = await Trainer.create({ progress: false, ...options });
  await trainer.run([{ stage: 0, steps: Number.MAX_SAFE_INTEGER }]);
}

/** How late timers were, milliseconds beyond the interval they were set to: median, 99th percentile, most. */
async function watch(seconds: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<[p50: number, p99: number, max: number]> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  const running = work(AbortSignal.timeout(1000 * seconds)).catch(() => undefined);
  // What starts up is not what is measured.
  await sleep(200);
  histogram.enable();
  await running;
  histogram.disable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return [late(histogram.percentile(50)), late(histogram.percentile(99)), late(histogram.max)];
}
