import type { PlannedStage } from './stage-spec.js';

/**
 * Fills a batch: the current stage first, then the earlier stages of the run in equal parts. The first of these take what does not divide;
 * where there are more earlier stages than places for them, they take turns from batch to batch.
 *
 * @param stages - Written in full, `[n]`.
 * @param plan - The run.
 * @param index - Which entry is current.
 * @param rehearsal - Share of the batch for earlier stages, 0 to below 1.
 * @param batch - Which batch of the entry it is, from 0.
 * @returns How many problems are of the current stage, the same in every batch; they come first. At least 1.
 */
export function fillBatch(stages: Int32Array, plan: readonly PlannedStage[], index: number, rehearsal: number, batch: number): number {
  const current = plan[index]?.stage ?? 0;
  const earlier = [...new Set(plan.slice(0, index).map(({ stage }) => stage))].filter((stage) => stage !== current).sort((a, b) => a - b);
  const rehearsed = earlier.length === 0 ? 0 : Math.min(Math.round(stages.length * rehearsal), stages.length - 1);
  const count = stages.length - rehearsed;
  const first = rehearsed < earlier.length ? batch * rehearsed : 0;
  stages.fill(current, 0, count);
  for (let i = 0; i < rehearsed; i += 1) {
    stages[count + i] = earlier[(first + i) % earlier.length] ?? current;
  }
  stages.subarray(count).sort();
  return count;
}
