import type { Issues } from '../../util/issues.js';
import { isArray, isTypedArray } from '../../util/kind.js';
import { show } from '../../util/show.js';

/** Scores of several runs on several tasks or stages, `[runs][tasks]`: what run `n` reached on task `m` is `scores[n][m]`, a finite number. */
export type RunScores = readonly ArrayLike<number>[];

/** {@link RunScores}, looked through. */
export interface ScoreTable {
  /** Runs, `N`. */
  readonly runs: number;
  /** Tasks, `M`. */
  readonly tasks: number;
  /** `[N, M]`. */
  readonly values: Float64Array;
}

const EXAMPLE = 'Pass a list of runs, each with a score a task, such as [[0.9, 1], [0.8, 1]].';

/**
 * Reads scores.
 *
 * @param scores - What the caller passed.
 * @param issues - Where issues are added, at the scores' own place.
 * @returns The scores; meaningful only when no issue was added.
 */
export function readScores(scores: unknown, issues: Issues): ScoreTable {
  if (!isArray(scores) || scores.length === 0) {
    issues.add('', `must be a list of at least one run, got ${show(scores)}.`, EXAMPLE);
    return { runs: 0, tasks: 0, values: new Float64Array(0) };
  }
  const rows = scores.map((row, run) => readRow(row, issues.at(`[${run}]`)));
  const tasks = rows[0]?.length ?? 0;
  const values = new Float64Array(rows.length * tasks);
  for (const [run, row] of rows.entries()) {
    if (row.length === tasks) {
      values.set(row, run * tasks);
    } else if (row.length > 0) {
      issues.add(`[${run}]`, `must have ${tasks} scores, as the first run has, got ${row.length}.`, EXAMPLE);
    }
  }
  return { runs: rows.length, tasks, values };
}

function readRow(row: unknown, issues: Issues): readonly number[] {
  if (!(isArray(row) || isTypedArray(row)) || row.length === 0) {
    issues.add('', `must be a list of at least one score, got ${show(row)}.`, EXAMPLE);
    return [];
  }
  return Array.from(row, (score, task) => (issues.number(`[${task}]`, score, {}) ? score : 0));
}
