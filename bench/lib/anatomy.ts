import { type Agent, Random, type Task } from 'innate';
import { fixedEpisodes } from './fixed-episodes.js';

/** Where an iteration's time goes; milliseconds, one entry a repetition. */
export interface Anatomy {
  /** `await agent.act` and `await agent.update` on fixed inputs, nothing else. */
  readonly calls: number[];
  /** The task's `sample`. */
  readonly sample: number[];
  /** The task's `score`. */
  readonly score: number[];
}

/**
 * Times the parts of an iteration one by one.
 *
 * @param agent - Whose calls.
 * @param task - What is sampled and scored.
 * @param repetitions - Of each.
 * @param stage - Stage of the problems.
 * @param batchSize - Problems.
 * @returns The parts.
 */
export async function dissect(agent: Agent, task: Task, repetitions: number, stage: number, batchSize: number): Promise<Anatomy> {
  const { contexts, stages, returns } = fixedEpisodes(batchSize, stage);
  const ids = new Int32Array(batchSize).fill(stage);
  const random = new Random(3);
  const scores = { returns: new Float32Array(batchSize), successes: new Uint8Array(batchSize) };
  const anatomy: Anatomy = { calls: [], sample: [], score: [] };
  for (let i = 0; i < repetitions; i += 1) {
    const t0 = performance.now();
    const { actions } = await agent.act({ contexts, stages });
    await agent.update({ contexts, stages, actions, returns });
    const t1 = performance.now();
    const batch = task.sample(ids, random);
    const t2 = performance.now();
    task.score(batch, actions, scores);
    const t3 = performance.now();
    anatomy.calls.push(t1 - t0);
    anatomy.sample.push(t2 - t1);
    anatomy.score.push(t3 - t2);
  }
  return anatomy;
}
