import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import {
  MASTERY,
  type PlannedStage,
  planEach,
  planner,
  readTarget,
  resolveStage,
  type StageNames,
  type StageTarget,
} from './stage-spec.js';

/** A stage of environments trained for a fixed number of steps. */
export interface StageForSteps {
  /** Stage id or name. */
  readonly stage: number | string;
  /** Steps of environments at most, counted over all of them: as many whole rollouts as fit, at least one. */
  readonly steps: number;
}

/** A stage of environments trained until something is reached. */
export interface StepStageUntil {
  /** Stage id or name. */
  readonly stage: number | string;
  /** What greedy episodes are to reach. */
  readonly until: StageTarget;
  /**
   * Steps of environments after which training goes on to the next stage anyway: as many whole rollouts as fit, at least one. Schedules reckon
   * with so many.
   *
   * @defaultValue the trainer's `maxSteps`
   */
  readonly maxSteps?: number | undefined;
}

/** One stage of a run in environments: with a number of steps, or a target. */
export type StepStageSpec = StageForSteps | StepStageUntil;

/** What stages of environments are resolved against. */
export interface StepPlanContext extends StageNames {
  /** Steps of a stage without a budget of its own. */
  readonly maxSteps: number;
  /** Steps of an iteration, over all environments. */
  readonly iterationSteps: number;
}

/**
 * Resolves the stages of a run in environments, collecting all that is wrong.
 *
 * @param specs - What the caller passed.
 * @param context - Names and sizes.
 * @param issues - Where issues are added, with paths such as `stages[2].until.meanReturn`.
 * @returns The plan, in iterations; meaningful only when no issue was added.
 */
export function planStepStages(specs: unknown, context: StepPlanContext, issues: Issues): PlannedStage[] {
  const example = 'Pass a list such as [{ stage: 0, steps: 500_000 }].';
  return planEach(specs, example, issues, (spec, index, own) => planStage(spec, index, context, own));
}

function planStage(spec: unknown, index: number, context: StepPlanContext, issues: Issues): PlannedStage {
  const whole = (steps: number): number => Math.max(Math.floor(steps / context.iterationSteps), 1);
  const planned = planner(index, context);
  if (!isRecord(spec)) {
    const stage = resolveStage(spec, context, issues);
    issues.add('', 'must say when it is done.', `Pass such as { stage: ${show(spec)}, steps: 500_000 }.`);
    return planned(stage, { rule: 'iterations', target: MASTERY, maxIterations: 1 });
  }
  const reader = new OptionReader(spec, issues);
  const stage = resolveStage(reader.raw('stage'), context, issues.at('stage'));
  const steps = reader.number('steps', 1, STEPS);
  const maxSteps = reader.number('maxSteps', context.maxSteps, STEPS);
  const until = reader.raw('until');
  const target = until === undefined ? MASTERY : readTarget(until, issues.at('until'));
  reader.finish();
  if (!reader.has('steps')) {
    if (until === undefined) {
      issues.add('', 'must give steps or until.', 'Pass such as { stage: 0, steps: 500_000 }, or until: { meanReturn: 0.9 }.');
    }
    return planned(stage, { rule: 'target', target, maxIterations: whole(maxSteps) });
  }
  for (const key of ['until', 'maxSteps'] as const) {
    if (reader.has(key)) {
      issues.add(key, 'cannot be given together with steps.', 'Give steps alone, or until with maxSteps.');
    }
  }
  return planned(stage, { rule: 'iterations', target: MASTERY, maxIterations: whole(steps) });
}

const STEPS = { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER } as const;
