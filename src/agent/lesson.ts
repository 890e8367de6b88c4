import { DEFAULT_UPDATE, readUpdateOptions, type UpdateConfig } from '../algorithm/a2c.js';
import type { LearnConfig, RolloutStats } from '../algorithm/learn.js';
import { type LossStats, OBJECTIVE_OPTIONS, readObjectiveOptions } from '../algorithm/objective.js';
import { OptionsError } from '../errors/options-error.js';
import type { BindingLearnStats, BindingLesson, BindingTerms, BindingTrajectories } from '../native/binding.js';
import { OptionReader } from '../util/option-reader.js';
import { InputReader, inputNames } from './input-reader.js';
import type { IdLimits } from './inputs.js';

/** What an update learns from, checked. */
export interface CheckedLesson {
  /** As the native side takes it. */
  readonly lesson: BindingLesson;
  readonly update: UpdateConfig;
  /** Rows of a minibatch; absent: all. */
  readonly rows: Uint32Array | undefined;
}

const LOSS_NAMES = ['baseline', 'valueCoef', 'entropyCoef'] as const;
const EPISODE_NAMES = ['actions', 'inputs', 'lengths', 'weights', 'returns', 'advantages', 'valueTargets', 'oldLogProbs'] as const;

/** What {@link Agent.update} reads. */
export const LESSON_NAMES = inputNames(...EPISODE_NAMES, ...Object.keys(DEFAULT_UPDATE), ...OBJECTIVE_OPTIONS);

/** What {@link Agent.accumulate} reads. */
export const ACCUMULATE_NAMES = inputNames(...EPISODE_NAMES, ...LOSS_NAMES, ...OBJECTIVE_OPTIONS, 'rows');

/**
 * @param reader - Over what the caller passed.
 * @returns Prompts and programs, how many problems there are and how many steps each has; issues of the last entry read may be unchecked.
 */
export function readPrograms(reader: InputReader): { trajectories: BindingTrajectories; count: number; cells: number } {
  const { contexts, stages } = reader.prompts();
  reader.check();
  const count = stages.length;
  const actions = reader.actions(count);
  reader.check();
  const inputs = reader.inputs(actions.length);
  return { trajectories: { contexts, stages, actions, ...(inputs === undefined ? {} : { inputs }) }, count, cells: actions.length };
}

/**
 * Reads what an update learns from, and how.
 *
 * @param input - What the caller passed.
 * @param names - What the method reads.
 * @param limits - The network's sizes.
 * @param fallback - Coefficients that are not given.
 * @returns It, and the options.
 * @throws {@link InputError} naming the first bad entry, {@link OptionsError} saying all that is wrong with the options.
 */
export function readLesson(input: unknown, names: ReadonlySet<string>, limits: IdLimits, fallback: UpdateConfig): CheckedLesson {
  const reader = new InputReader(input, names, limits);
  const options = new OptionReader(input);
  const { trajectories, count, cells } = readPrograms(reader);
  const update = readUpdateOptions(options, fallback);
  const { clipRange, reduction, total } = readObjectiveOptions(options);
  const weights = reader.weights(count, cells / count);
  const targets = reader.targets(count, cells, update.baseline);
  const rows = names.has('rows') ? reader.rows(count) : undefined;
  reader.check();
  options.issues.throwIfAny(OptionsError);
  const { baseline, valueCoef, entropyCoef } = update;
  const totals = total === undefined ? {} : { totalRows: total.rows, totalSteps: total.steps };
  return {
    lesson: {
      trajectories: weights === undefined ? trajectories : { ...trajectories, weights },
      targets,
      objective: { baseline, reduction, coefs: { valueCoef, entropyCoef, clipRange }, ...totals },
    },
    update,
    rows,
  };
}

/**
 * @param terms - From the native side.
 * @param lesson - What they are of.
 * @returns The losses; those of a ratio where there is one.
 */
export function lossStats(terms: BindingTerms, { targets: { oldLogProbs } }: BindingLesson): LossStats {
  const { approxKl, clipFraction, ...stats } = terms;
  return oldLogProbs === undefined ? stats : { ...stats, approxKl, clipFraction };
}

/**
 * @param stats - From the native side.
 * @param options - How the rollout was learned from.
 * @returns What is reported of it: the explained variance is that of the whole rollout, before it was learned from; the ratio's terms where there is
 * one.
 */
export function toRolloutStats({ terms, gradNorm, updates }: BindingLearnStats, { ratio }: LearnConfig): RolloutStats {
  const { approxKl, clipFraction, ...rest } = terms;
  return { ...rest, ...(ratio ? { approxKl, clipFraction } : {}), gradNorm, updates };
}
