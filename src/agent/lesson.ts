import { type Baseline, DEFAULT_UPDATE, readUpdateOptions, type UpdateConfig, type UpdateOptions } from '../algorithm/a2c.js';
import type { RolloutStats } from '../algorithm/learn.js';
import { OBJECTIVE_OPTIONS, type ObjectiveConfig, type ObjectiveOptions, readObjectiveOptions } from '../algorithm/objective.js';
import { OptionsError } from '../errors/options-error.js';
import { type Getter, inputNames } from '../infer/prompt-reader.js';
import type { IdLimits } from '../infer/prompts.js';
import type { BindingLearnStats, BindingLesson, BindingTrajectories } from '../native/binding.js';
import { Issues } from '../util/issues.js';
import { OptionReader } from '../util/option-reader.js';
import { InputReader } from './input-reader.js';
import type { Shown } from './shown.js';

/** How the losses are weighed and a step is made, checked, as the native side takes it. */
export interface Coefficients extends Pick<ObjectiveConfig, 'reduction' | 'total'> {
  readonly baseline: Baseline;
  /** In the order that the native side has them in. */
  readonly numbers: Float64Array;
}

/** An agent's coefficients. */
export interface OwnCoefficients extends Coefficients {
  /** Where an option is absent. */
  readonly update: UpdateConfig;
  /** What `numbers` are, in their order. */
  readonly numberNames: readonly string[];
}

/** What an update learns from, checked. */
export interface CheckedLesson {
  /** As the native side takes it. */
  readonly lesson: BindingLesson;
  /** Rows of a minibatch; absent: all. */
  readonly rows: Uint32Array | undefined;
}

const LOSS_NAMES = ['baseline', 'valueCoef', 'entropyCoef'] as const;
const EPISODE_NAMES = [
  ...['actions', 'inputs', 'lengths', 'weights', 'returns', 'advantages', 'valueTargets'],
  ...['oldLogProbs', 'referenceLogProbs'],
] as const;

/** Every option of an update. */
const COEFFICIENTS: Readonly<Record<keyof UpdateOptions | keyof ObjectiveOptions, Getter>> = {
  baseline: (input) => input['baseline'],
  valueCoef: (input) => input['valueCoef'],
  entropyCoef: (input) => input['entropyCoef'],
  learningRate: (input) => input['learningRate'],
  maxGradNorm: (input) => input['maxGradNorm'],
  beta1: (input) => input['beta1'],
  beta2: (input) => input['beta2'],
  epsilon: (input) => input['epsilon'],
  clipRange: (input) => input['clipRange'],
  clipRangeHigh: (input) => input['clipRangeHigh'],
  klCoef: (input) => input['klCoef'],
  reduction: (input) => input['reduction'],
  total: (input) => input['total'],
};
const COEFFICIENT_GETTERS = Object.values(COEFFICIENTS);

/** What {@link Agent.update} reads. */
export const LESSON_NAMES = inputNames(...EPISODE_NAMES, ...Object.keys(COEFFICIENTS));

/** What {@link Agent.accumulate} reads. */
export const ACCUMULATE_NAMES = inputNames(...EPISODE_NAMES, ...LOSS_NAMES, ...OBJECTIVE_OPTIONS, 'rows');

/**
 * @param reader - Over what the caller passed.
 * @returns Prompts and programs, how many problems there are and how many steps each has; issues of the last entry read may be unchecked.
 */
export function readPrograms(reader: InputReader): { trajectories: BindingTrajectories; count: number; cells: number } {
  const { contexts, contextLengths, contextValues, stages } = reader.prompts();
  reader.check();
  const count = stages.length;
  const actions = reader.actions(count);
  reader.check();
  const inputs = reader.inputs(actions.length);
  return {
    trajectories: { contexts, contextLengths, contextValues, stages, actions, inputs, weights: undefined, observed: undefined },
    count,
    cells: actions.length,
  };
}

/**
 * @param options - Over what the caller passed.
 * @param own - Where an option is absent, and the order of the numbers.
 * @returns The coefficients.
 */
export function readCoefficients(options: OptionReader, own: Pick<OwnCoefficients, 'update' | 'numberNames'>): Coefficients {
  const update = readUpdateOptions(options, own.update);
  const objective = readObjectiveOptions(options);
  const all: Readonly<Record<string, unknown>> = { ...update, ...objective };
  const numbers = Float64Array.from(own.numberNames, (name) => all[name] as number);
  return { baseline: update.baseline, reduction: objective.reduction, total: objective.total, numbers };
}

/**
 * Reads what an update learns from, and how.
 *
 * @param input - What the caller passed.
 * @param names - What the method reads.
 * @param limits - The network's sizes.
 * @param own - The agent's coefficients, for those that are not given.
 * @returns It, and the options.
 * @throws {@link InputError} naming the first bad entry, {@link OptionsError} saying all that is wrong with the options.
 */
export function readLesson(input: unknown, names: ReadonlySet<string>, limits: IdLimits, own: OwnCoefficients): CheckedLesson {
  const reader = new InputReader(input, names, limits);
  const { trajectories, count, cells } = readPrograms(reader);
  const issues = new Issues();
  const coefficients = reader.hasAny(COEFFICIENT_GETTERS) ? readCoefficients(new OptionReader(input, issues), own) : own;
  const { baseline, reduction, total, numbers } = coefficients;
  const weights = reader.weights(count, cells / count);
  const targets = reader.targets(count, cells, baseline);
  const rows = names.has('rows') ? reader.rows(count) : undefined;
  reader.check();
  issues.throwIfAny(OptionsError);
  trajectories.weights = weights;
  return { lesson: { trajectories, targets, baseline, reduction, total, numbers }, rows };
}

/**
 * @param shown - What is imitated, checked.
 * @param weight - Of −log π(a).
 * @param numberNames - What the native side takes, in its order.
 * @returns The cross-entropy of the actions as a lesson: each is as good as the weight says, and nothing else is learned.
 */
export function lessonOf(
  { contexts, contextLengths, contextValues, stages, actions, weights, observed }: Shown,
  weight: number,
  numberNames: readonly string[],
): BindingLesson {
  const { rows } = observed ?? { rows: stages.length };
  const all: Readonly<Record<string, number>> = { ...DEFAULT_UPDATE_NUMBERS, valueCoef: 0, entropyCoef: 0 };
  return {
    trajectories: { contexts, contextLengths, contextValues, stages, actions, inputs: undefined, weights, observed },
    targets: {
      returns: undefined,
      advantages: new Float32Array(rows).fill(weight),
      valueTargets: undefined,
      oldLogProbs: undefined,
      referenceLogProbs: undefined,
    },
    baseline: 'step',
    reduction: 'step',
    total: undefined,
    numbers: Float64Array.from(numberNames, (name) => all[name] as number),
  };
}

/**
 * @param stats - From the native side.
 * @param weight - Of what was imitated beside, if anything.
 * @returns What is reported of a rollout: the explained variance is that of the whole rollout, before it was learned from; the ratio's terms where
 * there is one.
 */
export function toRolloutStats({ terms, gradNorm, updates, beside }: BindingLearnStats, weight?: number): RolloutStats {
  const imitated = beside === undefined || weight === undefined ? {} : { imitationLoss: beside / weight };
  return { ...terms, gradNorm, updates, ...imitated };
}

const { baseline: _, ...DEFAULTS } = DEFAULT_UPDATE;
const DEFAULT_UPDATE_NUMBERS = { ...DEFAULTS, clipRange: Infinity, clipRangeHigh: Infinity, klCoef: 0 };
