import type { Issues } from '../util/issues.js';
import { isArray, isRecord } from '../util/kind.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import type { MixturePlan } from './mixture.js';
import {
  MASTERY,
  type PlanContext,
  type PlannedStage,
  planner,
  planStages,
  readTarget,
  resolveStage,
  type StageForIterations,
  type StageNames,
  type StageTarget,
  type StageUntil,
} from './stage-spec.js';
import { planStepStages, type StageForSteps, type StepPlanContext, type StepStageUntil } from './step-stage.js';

/** Stages in order, each for a fixed number of iterations, or of steps in environments. */
export interface FixedCurriculum<Stage = StageForIterations> {
  /** Tells this curriculum from the others. */
  readonly kind: 'fixed';
  /** The stages, at least one. */
  readonly stages: readonly Stage[];
}

/** Stages in order, each until it is mastered or its own target is reached. */
export interface MasteryCurriculum<Stage = number | string | StageUntil> {
  /** Tells this curriculum from the others. */
  readonly kind: 'mastery';
  /** The stages, at least one. */
  readonly stages: readonly Stage[];
}

/** How long several stages are trained together. */
export interface MixtureBudget {
  /** Iterations in all, at least 1: exactly so many, or with `until` at most. */
  readonly iterations: number;
  /**
   * What every one of the stages is to reach, whereupon the run ends.
   *
   * @defaultValue not asked for
   */
  readonly until?: StageTarget | undefined;
}

/** Several stages in every batch, in fixed parts. */
export interface MixedCurriculum extends MixtureBudget {
  /** Tells this curriculum from the others. */
  readonly kind: 'mixed';
  /** Weight of each stage, by id or name, above 0: `{ 0: 0.2, 1: 0.8 }`. They need not sum to 1. */
  readonly mix: Readonly<Record<number | string, number>>;
}

/**
 * Several stages in every batch, most of it for those whose success changes most: learning progress, as Oudeyer et al. (2007) and Graves et
 * al. (2017) have it. Until two windows have been seen, and where nothing changes, stages have equal parts.
 */
export interface AutomaticCurriculum extends MixtureBudget {
  /** Tells this curriculum from the others. */
  readonly kind: 'automatic';
  /** Stages, by id or name, at least one and each once. */
  readonly stages: readonly (number | string)[];
  /**
   * Iterations of a window, at least 1. Success in a window, of sampled programs, is compared with success in the window before.
   *
   * @defaultValue 20
   */
  readonly window?: number | undefined;
  /**
   * Share of every batch that all stages have in equal parts, whatever their progress; above 0 and at most 1.
   *
   * @defaultValue 0.2
   */
  readonly epsilon?: number | undefined;
}

/** What a run on a task trains when, as plain data: it can be written down as JSON. A list of stages is the short form of the first two. */
export type Curriculum = FixedCurriculum | MasteryCurriculum | MixedCurriculum | AutomaticCurriculum;

/** {@link Curriculum} in environments: stages in order. */
export type StepCurriculum = FixedCurriculum<StageForSteps> | MasteryCurriculum<StepStageUntil>;

/** What a run trains when, resolved. */
export interface RunPlan {
  /** The stages, in order; of a mixture, those that are mixed. */
  readonly stages: readonly PlannedStage[];
  /** How they are mixed; undefined where they are trained in order. */
  readonly mixture: MixturePlan | undefined;
}

const KINDS = ['fixed', 'mastery', 'mixed', 'automatic'] as const;
const WHOLE = { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER } as const;

/**
 * Resolves what a run on a task trains.
 *
 * @param specs - What the caller passed: a list of stages, or a {@link Curriculum}.
 * @param context - Names and budget.
 * @param issues - Where issues are added, with paths such as `stages[2].until.successRate` or `curriculum.mix.hard`.
 * @returns The plan; meaningful only when no issue was added.
 */
export function planRun(specs: unknown, context: PlanContext, issues: Issues): RunPlan {
  if (!isRecord(specs)) {
    return { stages: planStages(specs, context, issues), mixture: undefined };
  }
  const own = issues.at('curriculum');
  const reader = new OptionReader(specs, own);
  const kind = readKind(reader, KINDS);
  let plan: RunPlan = { stages: [], mixture: undefined };
  if (kind === 'mixed') {
    plan = planMixture(kind, reader, readMix(reader, context), context);
  } else if (kind === 'automatic') {
    const stages = readStages(reader, context);
    plan = planMixture(kind, reader, new Map(stages.map((stage) => [stage, 1])), context);
  } else if (kind !== undefined) {
    plan = { stages: ordered(kind, planStages(reader.raw('stages'), context, own), own, 'iterations'), mixture: undefined };
  }
  if (kind !== undefined) {
    reader.finish();
  }
  return plan;
}

/**
 * Resolves what a run in environments trains.
 *
 * @param specs - What the caller passed: a list of stages, or a {@link StepCurriculum}.
 * @param context - Names and sizes.
 * @param issues - Where issues are added.
 * @returns The plan, in iterations; meaningful only when no issue was added.
 */
export function planStepRun(specs: unknown, context: StepPlanContext, issues: Issues): RunPlan {
  if (!isRecord(specs)) {
    return { stages: planStepStages(specs, context, issues), mixture: undefined };
  }
  const own = issues.at('curriculum');
  const reader = new OptionReader(specs, own);
  const kind = readKind(reader, KINDS);
  if (kind === 'mixed' || kind === 'automatic') {
    own.add('kind', `'${kind}' is for training on a task, not in environments.`, "Pass kind: 'fixed' or 'mastery'.");
  } else if (kind !== undefined) {
    const stages = ordered(kind, planStepStages(reader.raw('stages'), context, own), own, 'steps');
    reader.finish();
    return { stages, mixture: undefined };
  }
  return { stages: [], mixture: undefined };
}

function readKind<const T extends string>(reader: OptionReader, kinds: readonly T[]): T | undefined {
  const kind = reader.raw('kind');
  const found = kinds.find((each) => each === kind);
  if (found === undefined) {
    const list = kinds.map((each) => `'${each}'`).join(', ');
    reader.issues.add('kind', `must be one of ${list}, got ${show(kind)}.`, `Pass one of ${list}, or a list of stages.`);
  }
  return found;
}

/** Whether each stage is of the curriculum's kind. */
function ordered(kind: 'fixed' | 'mastery', stages: readonly PlannedStage[], issues: Issues, budget: string): readonly PlannedStage[] {
  for (const { index, rule } of stages) {
    if ((rule === 'iterations') !== (kind === 'fixed')) {
      const message = kind === 'fixed' ? `must give ${budget}, as kind: 'fixed' asks.` : `must not give ${budget} with kind: 'mastery'.`;
      issues.add(`stages[${index}]`, message, 'Pass a plain list of stages where both kinds follow each other.');
    }
  }
  return stages;
}

function readMix(reader: OptionReader, names: StageNames): ReadonlyMap<number, number> {
  const mix = reader.raw('mix');
  const issues = reader.issues.at('mix');
  const weights = new Map<number, number>();
  if (!isRecord(mix) || Object.keys(mix).length === 0) {
    issues.add('', `must give the weight of at least one stage, got ${show(mix)}.`, 'Pass such as { 0: 0.2, 1: 0.8 }.');
    return weights;
  }
  for (const [key, weight] of Object.entries(mix)) {
    // Keys of objects are texts; a name comes before an id.
    const named = !names.stageNames.includes(key) && /^\d+$/.test(key) ? Number(key) : key;
    const stage = resolveStage(named, names, issues.at(key));
    if (weights.has(stage)) {
      issues.add(key, 'is a stage that has a weight already.', 'Name each stage once.');
    }
    weights.set(stage, issues.number(key, weight, { above: 0 }) ? weight : 1);
  }
  return weights;
}

function readStages(reader: OptionReader, names: StageNames): readonly number[] {
  const given = reader.raw('stages');
  const { issues } = reader;
  if (!isArray(given) || given.length === 0) {
    issues.add('stages', `must be a list of at least one stage, got ${show(given)}.`, 'Pass a list such as [0, 1, 2].');
    return [];
  }
  const stages: number[] = [];
  for (const [i, value] of given.entries()) {
    const stage = resolveStage(value, names, issues.at(`stages[${i}]`));
    if (stages.includes(stage)) {
      issues.add(`stages[${i}]`, 'is a stage that has been named already.', 'Name each stage once.');
    }
    stages.push(stage);
  }
  return stages;
}

function planMixture(kind: MixturePlan['kind'], reader: OptionReader, mix: ReadonlyMap<number, number>, context: PlanContext): RunPlan {
  const { issues } = reader;
  if (!reader.has('iterations')) {
    issues.add('iterations', 'must be given.', 'Pass how many iterations to train, such as 2000.');
  }
  const maxIterations = reader.number('iterations', 1, WHOLE);
  const until = reader.raw('until');
  const target = until === undefined ? MASTERY : readTarget(until, issues.at('until'));
  const automatic = kind === 'automatic';
  const window = automatic ? reader.number('window', 20, WHOLE) : 1;
  const epsilon = automatic ? reader.number('epsilon', 0.2, { above: 0, max: 1 }) : 0;
  // Learning progress is told by stage; the same order whatever order they are named in.
  const ids = [...mix.keys()].sort((a, b) => a - b);
  const total = ids.reduce((sum, id) => sum + (mix.get(id) as number), 0);
  const stages = ids.map((id, index) =>
    planner(index, context)(id, { rule: until === undefined ? 'iterations' : 'target', target, maxIterations }),
  );
  return {
    stages,
    mixture: {
      kind,
      stages: ids,
      names: stages.map(({ name }) => name),
      weights: ids.map((id) => (mix.get(id) as number) / total),
      window,
      epsilon,
    },
  };
}
