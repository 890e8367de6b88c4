import { resolveStage, type StageNames } from '../../curriculum/stage-spec.js';
import type { Measured } from '../../task/measured.js';
import { isArray } from '../../util/kind.js';
import type { OptionReader } from '../../util/option-reader.js';

/** Which stages {@link Trainer.evaluate} measures. */
export interface EvaluatedStages {
  /**
   * One stage, by id or name. Cannot be given together with `stages`.
   *
   * @defaultValue all stages there are
   */
  readonly stage?: number | string | undefined;
  /**
   * Several stages, by id or name.
   *
   * @defaultValue all stages there are
   */
  readonly stages?: readonly (number | string)[] | undefined;
}

/** What {@link Trainer.evaluate} measures of a task. */
export interface EvaluateOptions extends EvaluatedStages {
  /**
   * Fresh problems a stage, 1 to 2²⁰.
   *
   * @defaultValue 1000
   */
  readonly problems?: number | undefined;
}

/** What {@link Trainer.evaluate} measures in environments. */
export interface EnvironmentEvaluateOptions extends EvaluatedStages {
  /**
   * Fresh episodes a stage, 1 to 2²⁰.
   *
   * @defaultValue 100
   */
  readonly episodes?: number | undefined;
}

/** What fresh greedy episodes reached in one stage of environments. */
export interface EnvironmentEvaluation extends Measured {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** Episodes played. */
  readonly episodes: number;
  /** Mean number of steps of the episodes. */
  readonly meanLength: number;
}

/** What greedy programs reached in one stage. */
export interface StageEvaluation extends Measured {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** Problems drawn. */
  readonly problems: number;
}

/**
 * Reads `stage` and `stages` of {@link EvaluateOptions}.
 *
 * @param reader - Over what the caller passed.
 * @param names - The stages that there are.
 * @returns Stage ids, in the order asked for; meaningful only when no issue was added.
 */
export function readEvaluatedStages(reader: OptionReader, names: StageNames): number[] {
  const { issues } = reader;
  const one = reader.raw('stage');
  const several = reader.raw('stages');
  if (one !== undefined && several !== undefined) {
    issues.add('stage', 'cannot be given together with stages.', 'Give one of the two.');
  }
  if (several === undefined) {
    return one === undefined ? names.stageNames.map((_, id) => id) : [resolveStage(one, names, issues.at('stage'))];
  }
  if (!isArray(several) || several.length === 0) {
    issues.add('stages', 'must be a list of at least one stage.', 'Pass a list such as [0, 1, 2].');
    return [];
  }
  return several.map((stage: unknown, i) => resolveStage(stage, names, issues.at(`stages[${i}]`)));
}
