import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { isFiniteNumber, loose, requireFunction } from './loose-definition.js';

/** Milestones fit a bit set of a small integer. */
const MAX_MILESTONES = 30;
/** How much a right program must lead by, so that the lead survives rounding to 32 bits. */
const MARGIN = 1e-6;

/**
 * Says what is wrong with the milestones of a definition, whose other parts are well-formed.
 *
 * @param definition - As the user wrote it.
 * @param issues - Where it is said.
 */
export function validateMilestones(definition: object, issues: Issues): void {
  const { milestones, stages, successReward, reward } = loose(definition);
  if (milestones === undefined) {
    return;
  }
  if (!isRecord(milestones)) {
    issues.add('milestones', 'is not an object.', 'Give { name: { reward, reached } }.');
    return;
  }
  const names = (Array.isArray(stages) ? stages : []).map((stage: string | { name: string }) =>
    typeof stage === 'string' ? stage : stage.name,
  );
  const highest = names.map(() => 0);
  const lowest = names.map(() => 0);
  if (Object.keys(milestones).length > MAX_MILESTONES) {
    issues.add('milestones', `has ${Object.keys(milestones).length} entries.`, `Use at most ${MAX_MILESTONES}.`);
  }
  for (const [name, milestone] of Object.entries(milestones)) {
    const path = `milestones.${name}`;
    if (!isRecord(milestone)) {
      issues.add(path, 'is not an object.', 'Give { reward, reached }.');
      continue;
    }
    requireFunction(milestone['reached'], `${path}.reached`, 'Say when the milestone is reached.', issues);
    const worth = milestone['reward'];
    if (!isFiniteNumber(worth)) {
      issues.add(`${path}.reward`, `is ${show(worth)}.`, 'Use a finite number.');
      continue;
    }
    const paidIn: unknown = milestone['stages'] ?? names;
    if (!Array.isArray(paidIn)) {
      issues.add(`${path}.stages`, `is ${show(paidIn)}.`, 'List names of stages.');
      continue;
    }
    new Set<unknown>(paidIn).forEach((stage) => {
      const index = (names as readonly unknown[]).indexOf(stage);
      if (index < 0) {
        issues.add(`${path}.stages`, `names the unknown stage ${show(stage)}.`, `Use ${names.map(show).join(', ')}.`);
        return;
      }
      highest[index] = (highest[index] ?? 0) + Math.max(0, worth);
      lowest[index] = (lowest[index] ?? 0) + Math.min(0, worth);
    });
  }
  const success = isFiniteNumber(successReward) ? successReward : 1;
  names.forEach((name, index) => {
    const wrong = highest[index] ?? 0;
    const right = success + (lowest[index] ?? 0);
    if (reward === undefined && wrong > right - MARGIN) {
      issues.add(
        'milestones',
        `let a wrong program of stage ${show(name)} earn ${round(wrong)}, and a right one may earn no more than ${round(right)}.`,
        'Lower their rewards, or raise successReward, so that no wrong program can earn as much as a right one.',
      );
    }
  });
}

function round(value: number): string {
  return String(Number(value.toPrecision(6)));
}
