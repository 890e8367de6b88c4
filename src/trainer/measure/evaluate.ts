import { resolveStage, type StageNames } from '../../curriculum/stage-spec.js';
import type { Interval, SuccessEstimate } from '../../metrics/interval.js';
import type { Measured } from '../../task/measured.js';
import type { Split } from '../../task/task.js';
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

/** Which problems of a task are drawn, and how they are told apart. */
export interface EvaluatedProblems extends EvaluatedStages {
  /**
   * Fresh problems a stage, 1 to 2²⁰.
   *
   * @defaultValue 1000
   */
  readonly problems?: number | undefined;
  /**
   * The same as `problems`, beside which it cannot be given.
   *
   * @defaultValue that of `problems`
   */
  readonly batch?: number | undefined;
  /**
   * Whether problems held out are measured with, or problems as they are trained on; see {@link Task.splits}.
   *
   * @defaultValue 'test'
   */
  readonly split?: Split | undefined;
  /**
   * Names the group of a problem, such as the rule that decides it: the same is then told of each group. Declare the parameters' types: a
   * problem is what the task's `sample` returns, or a {@link ProblemDescription} where a task written by hand keeps no `problems`; the stage
   * is as the task declares it.
   *
   * @param problem - The problem.
   * @param stage - Its stage.
   * @returns The group's name.
   * @defaultValue the task's own, {@link Task.group}
   */
  groupBy?(problem: unknown, stage: unknown): string;
}

/** What {@link Trainer.evaluate} measures of a task. */
export interface EvaluateOptions extends EvaluatedProblems {
  /**
   * `true`: `successRate` and `meanReturn` are of greedy programs. `false`: of sampled ones, one a problem.
   *
   * @defaultValue true
   */
  readonly deterministic?: boolean | undefined;
  /**
   * Programs sampled for each problem besides, `n`, 0 to 4096: for the sampled success, the best of them, and pass@k.
   *
   * @defaultValue 0: `sampled` is absent
   */
  readonly samples?: number | undefined;
  /**
   * For which `k` pass@k is told, each 1 to `samples`.
   *
   * @defaultValue 1, 2, 4, 8 and so on, and `samples`
   */
  readonly passAt?: readonly number[] | undefined;
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

/** pass@k: the chance that at least one of `k` sampled programs is right. */
export interface PassAtK extends SuccessEstimate {
  /** How many programs. */
  readonly k: number;
}

/** What sampled programs reached, `n` for each problem. */
export interface SampledEvaluation extends Measured, SuccessEstimate {
  /** Programs sampled for each problem, `n`. */
  readonly samples: number;
  /** The best of the `n` programs of each problem: whether any was right, and the highest return. */
  readonly bestOf: Measured & SuccessEstimate;
  /** pass@k, unbiased, by ascending `k`; see {@link EvaluateOptions.passAt}. */
  readonly passAt: readonly PassAtK[];
}

/** What programs reached on some problems, and how sure that is. */
export interface ProblemsEvaluation extends Measured, SuccessEstimate {
  /** Problems drawn. */
  readonly problems: number;
  /**
   * What sampled programs reached.
   *
   * @defaultValue absent without `samples`
   */
  readonly sampled?: SampledEvaluation;
}

/** What programs reached on the problems of a group. */
export interface GroupEvaluation extends ProblemsEvaluation {
  /** The group's name. */
  readonly group: string;
}

/** What programs reached in one stage. */
export interface StageEvaluation extends ProblemsEvaluation {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** What was measured with; undefined where the task holds nothing out. */
  readonly split: Split | undefined;
  /** Where the true mean return lies, with 95 % confidence: the normal interval of a mean over problems. */
  readonly returnInterval: Interval;
  /**
   * The same by group, in the order of their names.
   *
   * @defaultValue absent where nothing names groups
   */
  readonly groups?: readonly GroupEvaluation[];
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
