import type { Issues } from '../util/issues.js';
import { isArray, isRecord } from '../util/kind.js';
import type { NumberRule } from '../util/number-rule.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import type { RunPlan } from './curriculum.js';
import type { MixtureState, StageProgress } from './mixture.js';

/** How far a mixture of stages is. */
export interface MixturePlace extends MixtureState {
  /** Iterations of it that are done. */
  readonly iterations: number;
}

/**
 * Where a run is in its curriculum, and all that decides what it trains next but the problems themselves. Plain data: it can be saved as JSON,
 * and a run of the same stages goes on from it; see {@link RunOptions.resume}.
 */
export interface CurriculumState {
  /** Version of this form. */
  readonly version: 1;
  /** Which stage is next, by its place in the run; the number of stages when all are done. 0 in a mixture under way. */
  readonly entry: number;
  /** Iterations spent on each stage of the run; in a mixture, those that had problems of it. */
  readonly spent: readonly number[];
  /** Places of the stages that reached their targets. */
  readonly reached: readonly number[];
  /** Whether the iteration done last is still to be followed by a measurement. */
  readonly measures: boolean;
  /** Where stages are mixed: how it goes on; absent where they are trained in order. */
  readonly mixture?: MixturePlace | undefined;
}

const COUNT = { integer: true, min: 0, max: Number.MAX_SAFE_INTEGER } as const;
const SHARE = { min: 0, max: 1 } as const;
const REMEDY = 'Pass what trainer.curriculum was in a run of the same stages.';

/**
 * Reads a state.
 *
 * @param state - What the caller passed.
 * @param plan - The run that is to go on from it.
 * @param issues - Where issues are added, at the state's own place.
 * @returns The state; meaningful only when no issue was added.
 */
export function readCurriculumState(state: unknown, { stages, mixture }: RunPlan, issues: Issues): CurriculumState {
  const reader = new OptionReader(state, issues);
  const number = (value: unknown, key: string, rule: NumberRule): number => (issues.number(key, value, rule, REMEDY) ? value : 0);
  number(reader.raw('version'), 'version', { integer: true, min: 1, max: 1 });
  const entry = number(reader.raw('entry'), 'entry', { ...COUNT, max: stages.length });
  const spent = readList(reader, 'spent', stages.length, (value, key) => number(value, key, COUNT));
  const reached = readList(reader, 'reached', undefined, (value, key) => number(value, key, { ...COUNT, max: stages.length - 1 }));
  const measures = reader.boolean('measures', false);
  const given = reader.raw('mixture');
  reader.finish();
  if ((given === undefined) !== (mixture === undefined)) {
    issues.add('mixture', mixture === undefined ? 'is of a mixture, and these stages are trained in order.' : 'must be given.', REMEDY);
  }
  if (given === undefined || mixture === undefined) {
    return { version: 1, entry, spent, reached, measures };
  }
  const own = new OptionReader(given, issues.at('mixture'));
  const of = (value: unknown, key: string, rule: NumberRule): number => (own.issues.number(key, value, rule, REMEDY) ? value : 0);
  const read = {
    iterations: of(own.raw('iterations'), 'iterations', COUNT),
    batches: of(own.raw('batches'), 'batches', COUNT),
    credits: readList(own, 'credits', stages.length, (value, key) => of(value, key, {})),
    stages: readList(own, 'stages', stages.length, (value, key) => readProgress(value, own.issues.at(key))),
  };
  own.finish();
  return { version: 1, entry, spent, reached, measures, mixture: read };
}

function readProgress(value: unknown, issues: Issues): StageProgress {
  const reader = new OptionReader(value, issues);
  const number = (key: string, rule: NumberRule): number => {
    const given = reader.raw(key);
    return issues.number(key, given, rule, REMEDY) ? given : 0;
  };
  const known = (key: string): number | null => (isRecord(value) && reader.raw(key) === null ? null : number(key, SHARE));
  const read = {
    problems: number('problems', COUNT),
    successes: number('successes', COUNT),
    before: known('before'),
    progress: known('progress'),
  };
  reader.finish();
  return read;
}

function readList<T>(reader: OptionReader, key: string, length: number | undefined, read: (value: unknown, key: string) => T): T[] {
  const given = reader.raw(key);
  if (!isArray(given) || (length !== undefined && given.length !== length)) {
    reader.issues.add(key, `must be a list${length === undefined ? '' : ` of ${length}`}, got ${show(given)}.`, REMEDY);
    return [];
  }
  return given.map((value, i) => read(value, `${key}[${i}]`));
}
