import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { arithmetic, Trainer, type TrainerOptions } from 'innate';
import { writeResults } from './lib/results.js';
import { tutorialOptions } from './lib/timed-trainer.js';

/** How late timers were, milliseconds beyond the interval they were set to. */
export interface Delay {
  readonly title: string;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `event-loop.json` holds beside command and machine. */
export interface EventLoopResults {
  readonly delays: readonly Delay[];
}

/** Interval of the timer that is watched, milliseconds. */
const RESOLUTION = 1;

/**
 * How late timers fire while training, and while nothing runs.
 *
 * @param command - How this was called.
 * @param seconds - Of each.
 */
export async function eventLoop(command: string, seconds: number): Promise<void> {
  const delays = [
    await watch('nothing runs', seconds, (signal) => sleep(1000 * seconds, undefined, { signal })),
    await watch('tutorial, 192 a batch', seconds, (signal) => train([0], { ...tutorialOptions(), signal })),
    await watch('arithmetic, 192 a batch, evaluations included', seconds, (signal) => train([0, 1, 2], { task: arithmetic, signal })),
    await watch('arithmetic, 4096 a batch', seconds, (signal) => train([0, 1, 2], { task: arithmetic, batchSize: 4096, signal })),
  ];
  writeResults<EventLoopResults>('event-loop', command, { delays });
}

async function train(stages: readonly number[], options: TrainerOptions): Promise<void> {
  await using trainer = await Trainer.create({ progress: false, maxIterations: 1_000_000, ...options });
  for (;;) {
    await trainer.run(stages);
  }
}

async function watch(title: string, seconds: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<Delay> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  const running = work(AbortSignal.timeout(1000 * seconds)).catch(() => undefined);
  // What starts up is not what is measured.
  await sleep(200);
  histogram.enable();
  await running;
  histogram.disable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return { title, seconds, p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), max: late(histogram.max) };
}
