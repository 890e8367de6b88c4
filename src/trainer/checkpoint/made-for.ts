import { spacesOf } from '../../environment/spaces-of.js';
import type { VectorEnvironment } from '../../environment/vector-environment.js';
import { plainSpace } from '../../spaces/plain.js';
import type { Task } from '../../task/task.js';
import type { Issues } from '../../util/issues.js';
import { isArray, isRecord } from '../../util/kind.js';
import { dataKey } from '../../util/plain-data.js';
import { show } from '../../util/show.js';

/** @param task - A task. @returns What a run on it depends on, as far as data can say it: the code of its functions is not looked at. */
export function describeTask(task: Task): Readonly<Record<string, unknown>> {
  const {
    name,
    vocabulary,
    stages,
    horizon,
    contextLength,
    contextValues = false,
    startToken,
    actionMask,
    pooling = 'own',
    interaction,
    splits,
  } = task;
  return {
    name,
    vocabulary: [...vocabulary],
    stages: [...stages],
    horizon,
    contextLength,
    contextValues,
    startToken,
    actionMask: actionMask && [...actionMask],
    pooling,
    interaction: interaction && { observationLength: interaction.observationLength, masked: interaction.masked },
    splits,
  };
}

/** @param vector - Environments. @returns What a run in them depends on. */
export function describeEnvironment(vector: VectorEnvironment): Readonly<Record<string, unknown>> {
  const { observationSpace, actionSpace } = spacesOf(vector);
  return {
    observationSpace: plainSpace(observationSpace),
    actionSpace: plainSpace(actionSpace),
    stages: [...vector.stages],
    masked: vector.masked,
  };
}

/**
 * Adds an issue for each thing that differs, by its name.
 *
 * @param saved - What a run was made with.
 * @param given - What it is to go on with.
 * @param remedy - What to do about it.
 * @param issues - Where issues are added, at the things' own place.
 */
export function compareData(saved: unknown, given: unknown, remedy: string, issues: Issues): void {
  if (dataKey(saved) === dataKey(given)) {
    return;
  }
  if (isArray(saved) && isArray(given) && saved.length === given.length) {
    const at = saved.findIndex((each, i) => dataKey(each) !== dataKey(given[i]));
    compareData(saved[at], given[at], remedy, issues.at(`[${at}]`));
  } else if (isArray(saved) && isArray(given)) {
    issues.add('length', `is ${given.length}, the run was made with ${saved.length}.`, remedy);
  } else if (isRecord(saved) && isRecord(given)) {
    for (const key of new Set([...Object.keys(saved), ...Object.keys(given)])) {
      compareData(saved[key], given[key], remedy, issues.at(key));
    }
  } else {
    issues.add('', `is ${show(given)}, the run was made with ${show(saved)}.`, remedy);
  }
}
