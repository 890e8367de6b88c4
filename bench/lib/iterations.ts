import { type Episodes, Random, Trainer, type TrainerOptions, tutorial } from 'innate';

/** The tutorial's numbers, each problem seeing its own context, silent, never measured on the way. */
export function tutorialOptions(options: TrainerOptions = {}): TrainerOptions {
  const { batchSize, hiddenSize } = tutorial.settings;
  const task = tutorial.task({ context: 'own' });
  return { task, batchSize, hiddenSize, seed: 1, evaluateEvery: Number.MAX_SAFE_INTEGER, progress: false, ...options };
}

/**
 * Trains freely and notes when each iteration ended.
 *
 * @param count - Iterations to time.
 * @param options - Added to the tutorial's.
 * @param stage - What to train on.
 * @returns Milliseconds of each whole iteration: sample, act, score, update, report.
 */
export async function freeIterations(count: number, options: TrainerOptions = {}, stage = 0): Promise<number[]> {
  const warmUp = Math.max(20, Math.ceil(count / 20));
  const ends: number[] = [];
  const progress: TrainerOptions['progress'] = ({ type }) => {
    if (type === 'iteration') {
      ends.push(performance.now());
    }
  };
  const { agent } = await Trainer.run([{ stage, iterations: warmUp + count }], tutorialOptions({ ...options, progress }));
  await agent.close();
  return ends.slice(warmUp).map((end, i) => end - (ends[warmUp + i - 1] as number));
}

/**
 * @param count - Problems.
 * @param stage - Their stage.
 * @returns Problems of the tutorial with random programs, scored: inputs for an update without sampling.
 */
export function fixedEpisodes(count: number = tutorial.settings.batchSize, stage = 0): Episodes {
  const random = new Random(7);
  const task = tutorial.task({ context: 'own' });
  const batch = task.sample(new Int32Array(count).fill(stage), random);
  const actions = Int32Array.from({ length: count * task.horizon }, () => random.int(task.vocabulary.length));
  const returns = new Float32Array(count);
  task.score(batch, actions, { rewards: returns, successes: new Uint8Array(count) });
  const { contexts, stages } = batch;
  return { contexts, stages, actions, returns };
}
