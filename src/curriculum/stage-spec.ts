import type { Problem } from '../errors/problem.js';
import { isArray } from '../util/kind.js';
import { isRecord, numberProblem, OptionReader, show } from '../util/option-reader.js';

/** When a stage is done: every number given must be reached by greedy programs on fresh problems. At least one must be given. */
export interface StageTarget {
  /**
   * Share of problems whose stated target is met, at least so much; above 0 and at most 1.
   *
   * @defaultValue not asked for
   */
  readonly successRate?: number | undefined;
  /**
   * Mean return, at least so much; finite.
   *
   * @defaultValue not asked for
   */
  readonly meanReturn?: number | undefined;
}

/** A stage trained for a fixed number of iterations. */
export interface StageForIterations {
  /** Stage id or name. */
  readonly stage: number | string;
  /** Exactly so many, at least 1. */
  readonly iterations: number;
}

/** A stage trained until something is reached. */
export interface StageUntil {
  /** Stage id or name. */
  readonly stage: number | string;
  /**
   * What is to be reached.
   *
   * @defaultValue mastery: success of at least 0.99, with the earlier stages of the run still at their targets
   */
  readonly until?: StageTarget | undefined;
  /**
   * Iterations after which training goes on to the next stage anyway, at least 1.
   *
   * @defaultValue the trainer's `maxIterations`
   */
  readonly maxIterations?: number | undefined;
}

/** One stage of a run: an id, a name, or either with a rule for when it is done. */
export type StageSpec = number | string | StageForIterations | StageUntil;

/** A {@link StageSpec}, resolved. */
export interface PlannedStage {
  /** Place in the run. */
  readonly index: number;
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** `iterations`: exactly `maxIterations`; `target`: until `target`; `mastery`: until `target`, earlier stages included. */
  readonly rule: 'iterations' | 'target' | 'mastery';
  /** What counts as mastered. */
  readonly target: StageTarget;
  /** Iterations at most. */
  readonly maxIterations: number;
}

/** Greedy success that counts as mastery of a stage without a rule of its own. */
export const MASTERY: StageTarget = { successRate: 0.99 };

/** What stages are resolved against. */
export interface PlanContext {
  /** Name of each stage of the task, `[S]`. */
  readonly stageNames: readonly string[];
  /** Name of the task, for messages. */
  readonly taskName: string;
  /** Budget of a stage without one of its own. */
  readonly maxIterations: number;
}

/**
 * Resolves the stages of a run against a task, collecting all that is wrong.
 *
 * @param specs - What the caller passed.
 * @param context - Names and budget.
 * @param problems - Where problems are added, with paths such as `stages[2].until.successRate`.
 * @returns The plan; meaningful only when no problem was added.
 */
export function planStages(specs: unknown, context: PlanContext, problems: Problem[]): PlannedStage[] {
  if (!isArray(specs)) {
    problems.push({ path: 'stages', message: `must be a list of stages, got ${show(specs)}.`, remedy: 'Pass a list such as [0, 1, 2].' });
    return [];
  }
  if (specs.length === 0) {
    problems.push({ path: 'stages', message: 'must name at least one stage, got none.', remedy: 'Pass a list such as [0, 1, 2].' });
  }
  return Array.from(specs, (spec: unknown, index) => planStage(spec, index, context, problems));
}

/**
 * @param value - Stage id or name.
 * @param path - Where it stands.
 * @param context - Names.
 * @param problems - Where a problem is added.
 * @returns Stage id; 0 when a problem was added.
 */
export function resolveStage(
  value: unknown,
  path: string,
  { stageNames, taskName }: Pick<PlanContext, 'stageNames' | 'taskName'>,
  problems: Problem[],
): number {
  const remedy = `Stages of ${taskName}: ${stageNames.map((name, id) => `${id} (${name})`).join(', ')}.`;
  if (typeof value === 'string') {
    const id = stageNames.indexOf(value);
    if (id < 0) {
      problems.push({ path, message: `unknown stage ${show(value)}.`, remedy });
    }
    return Math.max(id, 0);
  }
  if (typeof value !== 'number') {
    problems.push({ path, message: `must be a stage id or name, got ${show(value)}.`, remedy });
    return 0;
  }
  if (!Number.isInteger(value) || value < 0 || value >= stageNames.length) {
    problems.push({ path, message: `unknown stage ${value}.`, remedy });
    return 0;
  }
  return value;
}

function planStage(spec: unknown, index: number, context: PlanContext, problems: Problem[]): PlannedStage {
  const path = `stages[${index}]`;
  const planned = (stage: number, rest: Pick<PlannedStage, 'rule' | 'target' | 'maxIterations'>): PlannedStage => ({
    index,
    stage,
    name: context.stageNames[stage] ?? '',
    ...rest,
  });
  if (!isRecord(spec)) {
    return planned(resolveStage(spec, path, context, problems), { rule: 'mastery', target: MASTERY, maxIterations: context.maxIterations });
  }
  const reader = new OptionReader(spec, problems, path);
  const stage = resolveStage(reader.raw('stage'), `${path}.stage`, context, problems);
  const maxIterations = reader.number('maxIterations', context.maxIterations, ITERATIONS);
  const iterations = reader.number('iterations', 1, ITERATIONS);
  const until = reader.raw('until');
  const target = until === undefined ? MASTERY : readTarget(until, `${path}.until`, problems);
  reader.finish();
  if (!reader.has('iterations')) {
    return planned(stage, { rule: until === undefined ? 'mastery' : 'target', target, maxIterations });
  }
  for (const key of ['until', 'maxIterations'] as const) {
    if (reader.has(key)) {
      reader.add(`${path}.${key}`, 'cannot be given together with iterations.', 'Give iterations alone, or until with maxIterations.');
    }
  }
  return planned(stage, { rule: 'iterations', target: MASTERY, maxIterations: iterations });
}

const ITERATIONS = { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER } as const;

function readTarget(until: unknown, path: string, problems: Problem[]): StageTarget {
  const reader = new OptionReader(until, problems, path);
  const successRate = reader.raw('successRate');
  const meanReturn = reader.raw('meanReturn');
  const check = (key: string, value: unknown, message: string | undefined, remedy: string): void => {
    if (value !== undefined && message !== undefined) {
      problems.push({ path: `${path}.${key}`, message, remedy });
    }
  };
  check('successRate', successRate, numberProblem(successRate, { above: 0, max: 1 }), 'Pass a share such as 0.99.');
  check('meanReturn', meanReturn, numberProblem(meanReturn, {}), 'Pass a finite number.');
  reader.finish();
  if (isRecord(until) && successRate === undefined && meanReturn === undefined) {
    problems.push({ path, message: 'must give successRate or meanReturn.', remedy: 'Pass such as { successRate: 0.99 }.' });
  }
  return { successRate: successRate as number | undefined, meanReturn: meanReturn as number | undefined };
}
