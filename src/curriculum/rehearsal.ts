import type { PlannedStage } from './stage-spec.js';

/**
 * Fills a batch: the current stage first, then the earlier stages of the run in equal parts. The counts are the same in every batch; the
 * first of the earlier stages take what does not divide.
 *
 * @param stages - Written in full, `[n]`.
 * @param plan - The run.
 * @param index - Which entry is current.
 * @param rehearsal - Share of the batch for earlier stages, 0 to below 1.
 * @returns How many problems are of the current stage; they come first. At least 1.
 */
export function fillBatch(stages: Int32Array, plan: readonly PlannedStage[], index: number, rehearsal: number): number {
  const current = plan[index]?.stage ?? 0;
  const earlier = [...new Set(plan.slice(0, index).map(({ stage }) => stage))].filter((stage) => stage !== current).sort((a, b) => a - b);
  const rehearsed = earlier.length === 0 ? 0 : Math.min(Math.round(stages.length * rehearsal), stages.length - 1);
  const count = stages.length - rehearsed;
  stages.fill(current, 0, count);
  for (let i = 0; i < rehearsed; i += 1) {
    stages[count + i] = earlier[i % earlier.length] ?? current;
  }
  stages.subarray(count).sort();
  return count;
}
