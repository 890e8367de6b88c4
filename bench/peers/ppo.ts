// This package's PPO on CartPole as a peer: whole iterations of one long `trainer.run`, which waits between two requests.
import { Trainer, type TrainingEvent } from 'innate';
import { cartPoleVector } from 'innate/environments';
import type { PpoSizes } from '../lib/native.js';
import { serve } from '../lib/serve.js';

const { envs, steps, hidden, epochs, minibatches } = JSON.parse(process.env['BENCH_PPO'] ?? '{}') as PpoSizes;
const threads = Number(process.env['BENCH_THREADS'] ?? 2);

/** Milliseconds of the iterations of the block under way, of which `wanted` are asked for. */
let took: number[] = [];
let wanted = 0;
let last = NaN;
/** Mean return of the episodes that ended in each iteration so far; one in which none ended is that before. */
const returns: number[] = [];
let answer: (milliseconds: readonly number[]) => void = () => undefined;
let go: () => void = () => undefined;

/** The run goes on when the next block is asked for. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    go = () => {
      last = performance.now();
      resolve();
    };
  });
}

function ask(iterations: number): Promise<readonly number[]> {
  return new Promise((resolve) => {
    took = [];
    wanted = iterations;
    answer = resolve;
    go();
  });
}

function progress(event: TrainingEvent<'environment'>): Promise<void> | undefined {
  if (event.type === 'stage') {
    const waiting = pause();
    started();
    return waiting;
  }
  if (event.type !== 'iteration') {
    return undefined;
  }
  const now = performance.now();
  took.push(now - last);
  last = now;
  const { episodeReturnMean } = event.rollout;
  returns.push(Number.isNaN(episodeReturnMean) ? (returns.at(-1) ?? 0) : episodeReturnMean);
  if (took.length < wanted) {
    return undefined;
  }
  const waiting = pause();
  answer(took);
  return waiting;
}

let started: () => void = () => undefined;
const ready = new Promise<void>((resolve) => {
  started = resolve;
});
const trainer = await Trainer.create({
  environment: (_, size) => cartPoleVector(size),
  envCount: envs,
  rolloutSteps: steps,
  hiddenSize: hidden,
  updateEpochs: epochs,
  minibatches,
  seed: 1,
  threads,
  progress,
});
const end = new AbortController();
const run = trainer.run([{ stage: 0, steps: Number.MAX_SAFE_INTEGER }], { signal: end.signal }).catch(() => undefined);
await ready;
await serve('innate', {
  run: async ({ iterations }) => ({ milliseconds: await ask(Number(iterations)) }),
  returns: async () => ({ returns }),
});
end.abort();
go();
await run;
await trainer.close();
