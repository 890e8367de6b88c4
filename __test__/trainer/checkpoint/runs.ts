import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { arithmetic, linear, Trainer, type TrainerOptions, type TrainingEvent, type TrainingKind } from 'innate';
import { cartPole, cartPoleVector, repeatPrevious } from 'innate/environments';
import { readManifest } from '#dist/trainer/checkpoint/manifest.js';
import { MANIFEST } from '#dist/trainer/checkpoint/names.js';
import { echoTask } from '../../support/echo-task.js';
import { drawers } from '../support/drawers.js';

/** A short run that has all there is to lose. */
export interface ResumableRun {
  readonly kind: TrainingKind;
  readonly stages: unknown;
  readonly options: object;
  /** What of the options is given again to a run that is resumed. */
  readonly again: object;
}

/** The first look says where the coin is. */
const anyDrawer = drawers(false, { stages: ['three', 'two'], ends: false });
const small = { hiddenSize: 8, seed: 3, progress: false, threads: 1 } as const;
const task = { ...small, batchSize: 16, evaluateEvery: 3, evaluationProblems: 16 } as const;
const staged = [
  { stage: 0, until: { meanReturn: -1 }, maxIterations: 5 },
  { stage: 1, iterations: 6 },
] as const;
const rows = { ...small, envCount: 5, rolloutSteps: 7, evaluateEvery: 2, evaluationEpisodes: 3, replay: {} } as const;
const steps = [
  { stage: 0, until: { meanReturn: 1e6 }, maxSteps: 5 * 7 * 5 },
  { stage: 0, steps: 5 * 7 * 4 },
] as const;

function onTask(again: object, options: object = {}, stages: unknown = staged): ResumableRun {
  return { kind: 'task', stages, options: { ...task, ...again, ...options }, again };
}

function inRows(again: object, options: object = {}): ResumableRun {
  return { kind: 'environment', stages: steps, options: { ...rows, ...again, ...options }, again };
}

export const RUNS = {
  'open loop, A2C': onTask({ task: arithmetic }, { learningRate: linear(1e-2, 1e-3) }),
  'open loop, A2C on whole programs': onTask({ task: echoTask() }, { baseline: 'program' }),
  'open loop, PPO': onTask(
    { task: arithmetic },
    { algorithm: 'ppo', minibatches: 3, updateEpochs: 2, klCoef: 0.1, reference: 'stage', entropyTarget: { share: 0.5 } },
  ),
  'open loop, GRPO': onTask({ task: arithmetic }, { algorithm: 'grpo', samples: 4, klCoef: 0.05, minibatches: 2 }),
  'a mixture': onTask({ task: arithmetic }, {}, { kind: 'automatic', stages: [0, 1, 2], iterations: 9, window: 2 }),
  'imitation beside': onTask(
    { task: echoTask() },
    { imitation: { programs: [0, 1, 2, 3].map((token) => ({ context: [token], stage: 1, tokens: [token, token] })), batchSize: 3 } },
  ),
  'closed loop, A2C': onTask({ task: anyDrawer }),
  'closed loop, PPO': onTask({ task: anyDrawer }, { algorithm: 'ppo', minibatches: 3, klCoef: 0.1, entropyTarget: { share: 0.6 } }),
  'closed loop, RLOO': onTask({ task: anyDrawer }, { algorithm: 'rloo', samples: 4, minibatches: 2 }),
  'environments, PPO': inRows(
    { environment: () => cartPole({ observation: 'noisy', limit: 9 }) },
    { minibatches: 2, entropyTarget: { share: 0.6 } },
  ),
  'environments, A2C': inRows({ environment: () => cartPole({ limit: 9 }) }, { algorithm: 'a2c' }),
  'typed arrays': inRows({ environment: (_: number, size: number) => cartPoleVector(size, { observation: 'flickering', limit: 30 }) }),
  'attention over the past': inRows(
    { environment: () => repeatPrevious({ difficulty: 'easy' }) },
    { network: { attention: 'history', historyWindow: 4, clock: true, hiddenSize: 8, layers: 2 }, hiddenSize: undefined, minibatches: 2 },
  ),
} as const satisfies Readonly<Record<string, ResumableRun>>;

export type RunName = keyof typeof RUNS;

/** The same run, with more iterations. */
export function longer(run: ResumableRun): ResumableRun {
  const stages =
    run.kind === 'task'
      ? [
          { stage: 0, until: { successRate: 1 }, maxIterations: 20 },
          { stage: 1, iterations: 40 },
        ]
      : [
          { stage: 0, until: { meanReturn: 1e6 }, maxSteps: 5 * 7 * 20 },
          { stage: 0, steps: 5 * 7 * 40 },
        ];
  return { ...run, stages };
}

/** A trainer for a run, whose types are not looked at. */
export function create(run: ResumableRun, more: object = {}): Promise<Trainer> {
  return Trainer.create({ ...run.options, ...more } as TrainerOptions);
}

/** A trainer that goes on. */
export function resume(run: ResumableRun, path: string, more: object = {}): Promise<Trainer> {
  return Trainer.resume(path, { ...run.again, progress: false, ...more } as TrainerOptions);
}

/** An event without what a clock says. */
export function timeless(event: TrainingEvent<TrainingKind>): unknown {
  const { time, ...rest } = event as { time?: Record<string, unknown> };
  if (time === undefined) {
    return rest;
  }
  const { seconds: _, episodesPerSecond: __, envStepsPerSecond: ___, ...counts } = time;
  return { ...rest, time: counts };
}

/** When the list of a folder names a checkpoint of an iteration, or of a later one; on a machine with other work to do that takes its time. */
export async function untilKept(folder: string, iteration: number): Promise<void> {
  for (let k = 0; k < 100; k += 1) {
    const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '');
    const last = readManifest(text)?.checkpoints.at(-1)?.iteration ?? 0;
    await sleep(5);
    if (last >= iteration) {
      break;
    }
  }
}
