import { type Episodes, Random, tutorial } from 'innate';

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
  task.score(batch, actions, { returns, successes: new Uint8Array(count) });
  const { contexts, stages } = batch;
  return { contexts, stages, actions, returns };
}
