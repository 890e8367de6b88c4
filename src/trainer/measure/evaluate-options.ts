import type { StageNames } from '../../curriculum/stage-spec.js';
import { functionIssue, SYNCHRONOUS } from '../../task/returned.js';
import type { Split } from '../../task/task.js';
import { isArray } from '../../util/kind.js';
import type { OptionReader } from '../../util/option-reader.js';
import { show } from '../../util/show.js';
import { readEvaluatedStages } from './evaluate.js';

/** The most programs sampled for a problem. */
const MAX_SAMPLES = 4096;

/** Names the group of a problem, whatever it returns. */
export type GroupBy = (problem: unknown, stage: unknown) => unknown;

/** {@link EvaluatedProblems}, checked and filled in. */
export interface ProblemsConfig {
  /** Stage ids, in the order asked for. */
  readonly ids: readonly number[];
  readonly problems: number;
  readonly split: Split;
  readonly groupBy: GroupBy | undefined;
}

/** {@link EvaluateOptions}, checked and filled in. */
export interface EvaluateConfig extends ProblemsConfig {
  readonly deterministic: boolean;
  readonly samples: number;
  readonly passAt: readonly number[];
}

/**
 * @param reader - Over what the caller passed.
 * @param names - The stages that there are.
 * @param fallback - Problems where the caller does not say.
 * @returns Which problems; meaningful only when no issue was added.
 */
export function readEvaluatedProblems(reader: OptionReader, names: StageNames, fallback: number): ProblemsConfig {
  const key = reader.has('batch') ? 'batch' : 'problems';
  if (key === 'batch' && reader.has('problems')) {
    reader.issues.add('batch', 'cannot be given together with problems.', 'Give one of the two.');
  }
  return {
    problems: reader.count(key, fallback),
    split: reader.choice('split', 'test', ['train', 'test']),
    groupBy: readGroupBy(reader),
    ids: readEvaluatedStages(reader, names),
  };
}

/**
 * Reads the options of {@link Trainer.evaluate} for a task.
 *
 * @param reader - Over what the caller passed.
 * @param names - The stages that there are.
 * @param fallback - Problems where the caller does not say.
 * @returns The config; meaningful only when no issue was added.
 */
export function readEvaluateOptions(reader: OptionReader, names: StageNames, fallback: number): EvaluateConfig {
  const samples = readSamples(reader, 0, 0);
  return {
    ...readEvaluatedProblems(reader, names, fallback),
    deterministic: reader.boolean('deterministic', true),
    samples,
    passAt: readPassAt(reader, samples),
  };
}

/**
 * @param reader - Over what the caller passed.
 * @param fallback - Where the caller does not say.
 * @param min - The fewest allowed.
 * @returns Programs sampled for each problem.
 */
export function readSamples(reader: OptionReader, fallback: number, min: number): number {
  return reader.number('samples', fallback, { integer: true, min, max: MAX_SAMPLES });
}

function readPassAt(reader: OptionReader, samples: number): readonly number[] {
  const passAt = reader.raw('passAt');
  if (passAt === undefined) {
    const powers = Array.from({ length: 32 - Math.clz32(samples) }, (_, at) => 2 ** at);
    return [...new Set([...powers, ...(samples > 0 ? [samples] : [])])];
  }
  if (!isArray(passAt) || passAt.length === 0) {
    reader.issues.add('passAt', `must be a list of at least one number, got ${show(passAt)}.`, 'Pass a list such as [1, 8].');
    return [];
  }
  const rule = { integer: true, min: 1, max: Math.max(samples, 1) };
  const good = passAt.filter((k: unknown, at) =>
    reader.issues.number(`passAt[${at}]`, k, rule, 'Pass numbers from 1 to samples, and samples beside them.'),
  );
  if (samples === 0) {
    reader.issues.add('passAt', 'is given without samples.', 'Pass samples too, at least as many as the largest of passAt.');
  }
  return [...new Set(good as number[])].sort((a, b) => a - b);
}

function readGroupBy(reader: OptionReader): GroupBy | undefined {
  const groupBy = reader.raw('groupBy');
  const issue = groupBy === undefined ? undefined : functionIssue(groupBy);
  if (issue !== undefined) {
    reader.issues.add('groupBy', issue, typeof groupBy === 'function' ? SYNCHRONOUS : 'Pass a function of a problem and its stage.');
    return undefined;
  }
  return groupBy as GroupBy | undefined;
}
