import type { Issues } from '../util/issues.js';
import { isArray, isRecord } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';

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

/** The stages that there are. */
export interface StageNames {
  /** Name of each stage of the task, `[S]`. */
  readonly stageNames: readonly string[];
  /** Name of the task, for messages. */
  readonly taskName: string;
}

/** What stages are resolved against. */
export interface PlanContext extends StageNames {
  /** Budget of a stage without one of its own. */
  readonly maxIterations: number;
}

/**
 * Resolves the stages of a run against a task, collecting all that is wrong.
 *
 * @param specs - What the caller passed.
 * @param context - Names and budget.
 * @param issues - Where issues are added, with paths such as `stages[2].until.successRate`.
 * @returns The plan; meaningful only when no issue was added.
 */
export function planStages(specs: unknown, context: PlanContext, issues: Issues): PlannedStage[] {
  return planEach(specs, 'Pass a list such as [0, 1, 2].', issues, (spec, index, own) => planStage(spec, index, context, own));
}

/**
 * @param specs - What the caller passed for the stages of a run.
 * @param example - What to pass.
 * @param issues - Where issues are added.
 * @param plan - Resolves one stage, with issues at its place.
 * @returns The plan.
 */
export function planEach(
  specs: unknown,
  example: string,
  issues: Issues,
  plan: (spec: unknown, index: number, issues: Issues) => PlannedStage,
): PlannedStage[] {
  if (!isArray(specs)) {
    issues.add('stages', `must be a list of stages, got ${show(specs)}.`, example);
    return [];
  }
  if (specs.length === 0) {
    issues.add('stages', 'must name at least one stage, got none.', example);
  }
  return Array.from(specs, (spec: unknown, index) => plan(spec, index, issues.at(`stages[${index}]`)));
}

/** How a stage is done. */
type StageRule = Pick<PlannedStage, 'rule' | 'target' | 'maxIterations'>;

/**
 * @param index - A stage's place in the run.
 * @param names - Names of the stages.
 * @returns What makes an entry of the plan of a stage id and a rule.
 */
export function planner(index: number, { stageNames }: StageNames): (stage: number, rule: StageRule) => PlannedStage {
  return (stage, rule) => ({ index, stage, name: stageNames[stage] ?? '', ...rule });
}

/**
 * @param value - Stage id or name.
 * @param context - Names.
 * @param issues - Where an issue is added, at the value's own place.
 * @returns Stage id; 0 when an issue was added.
 */
export function resolveStage(value: unknown, { stageNames, taskName }: StageNames, issues: Issues): number {
  const id = typeof value === 'string' ? stageNames.indexOf(value) : value;
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < stageNames.length) {
    return id;
  }
  const named = typeof value === 'string' || typeof value === 'number';
  issues.add(
    '',
    named ? `unknown stage ${show(value)}.` : `must be a stage id or name, got ${show(value)}.`,
    `Stages of ${taskName}: ${stageNames.map((name, stage) => `${stage} (${name})`).join(', ')}.`,
  );
  return 0;
}

function planStage(spec: unknown, index: number, context: PlanContext, issues: Issues): PlannedStage {
  const planned = planner(index, context);
  if (!isRecord(spec)) {
    return planned(resolveStage(spec, context, issues), { rule: 'mastery', target: MASTERY, maxIterations: context.maxIterations });
  }
  const reader = new OptionReader(spec, issues);
  const stage = resolveStage(reader.raw('stage'), context, issues.at('stage'));
  const maxIterations = reader.number('maxIterations', context.maxIterations, ITERATIONS);
  const iterations = reader.number('iterations', 1, ITERATIONS);
  const until = reader.raw('until');
  const target = until === undefined ? MASTERY : readTarget(until, issues.at('until'));
  reader.finish();
  if (!reader.has('iterations')) {
    return planned(stage, { rule: until === undefined ? 'mastery' : 'target', target, maxIterations });
  }
  for (const key of ['until', 'maxIterations'] as const) {
    if (reader.has(key)) {
      issues.add(key, 'cannot be given together with iterations.', 'Give iterations alone, or until with maxIterations.');
    }
  }
  return planned(stage, { rule: 'iterations', target: MASTERY, maxIterations: iterations });
}

const ITERATIONS = { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER } as const;

/**
 * @param until - What the caller passed as a target.
 * @param issues - Where issues are added, at its own place.
 * @returns The target; meaningful only when no issue was added.
 */
export function readTarget(until: unknown, issues: Issues): StageTarget {
  const reader = new OptionReader(until, issues);
  const successRate = reader.raw('successRate');
  const meanReturn = reader.raw('meanReturn');
  if (successRate !== undefined) {
    issues.number('successRate', successRate, { above: 0, max: 1 }, 'Pass a share such as 0.99.');
  }
  if (meanReturn !== undefined) {
    issues.number('meanReturn', meanReturn, {}, 'Pass a finite number.');
  }
  reader.finish();
  if (isRecord(until) && successRate === undefined && meanReturn === undefined) {
    issues.add('', 'must give successRate or meanReturn.', 'Pass such as { successRate: 0.99 }.');
  }
  return { successRate: successRate as number | undefined, meanReturn: meanReturn as number | undefined };
}
