import type { MeasuredGroups } from '../task/measured.js';
import type { PlannedStage, StageTarget } from './stage-spec.js';

/**
 * @param target - What is to be reached.
 * @param measured - What was.
 * @returns Whether every number of the target was reached, and no group of problems surely falls short of its success: a rare rule that is not
 * learned is hardly seen in the success of all.
 */
export function meets({ successRate, meanReturn }: StageTarget, measured: MeasuredGroups): boolean {
  const { worstGroupAtMost = 1 } = measured;
  return (
    (successRate === undefined || (measured.successRate >= successRate && worstGroupAtMost >= successRate)) &&
    (meanReturn === undefined || measured.meanReturn >= meanReturn)
  );
}

/**
 * Which stages must be at their targets for training to go on: the current one, and under `mastery` the stages that were mastered earlier
 * in the run, so that what was learned is not forgotten.
 *
 * @param current - The stage being trained.
 * @param mastered - Earlier entries of the run that reached their targets.
 * @returns Entries to measure, the current one first; one entry a stage id, the latest.
 */
export function requirements(current: PlannedStage, mastered: readonly PlannedStage[]): readonly PlannedStage[] {
  if (current.rule !== 'mastery') {
    return [current];
  }
  const latest = new Map<number, PlannedStage>(mastered.map((entry) => [entry.stage, entry]));
  latest.delete(current.stage);
  return [current, ...latest.values()];
}
