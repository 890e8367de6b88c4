import type { Agent } from '../agent/agent.js';
import type { Curriculum, RunPlan, StepCurriculum } from '../curriculum/curriculum.js';
import type { StageSpec } from '../curriculum/stage-spec.js';
import type { CurriculumState } from '../curriculum/state.js';
import type { StepStageSpec } from '../curriculum/step-stage.js';
import type { TrainingEvent, TrainingKind } from '../metrics/events.js';
import type { Task } from '../task/task.js';
import type { Issues } from '../util/issues.js';
import type { KeptState, RunSetup } from './checkpoint/trainer-state.js';
import type { KeepingConfig, ProgressOption } from './common-options.js';
import type { ImitationEpisode } from './imitate/episodes.js';
import type { ImitationResult, ImitationWatch } from './imitate/imitation.js';
import type { ImitationProgram, ImitationSearch } from './imitate/programs.js';
import type { Diagnosis } from './measure/diagnosis.js';
import type { EnvironmentEvaluateOptions, EnvironmentEvaluation, EvaluateOptions, StageEvaluation } from './measure/evaluate.js';
import type { Explanation } from './measure/explain.js';
import type { TaskTrainerOptions } from './options.js';
import type { PartialTrainingResult, TrainingResult } from './run/result.js';
import type { RunWatch } from './run/run-control.js';
import type { EnvironmentTrainerOptions } from './steps/options.js';

/** What depends on what is trained on. */
export interface TrainingKinds {
  /** On a task. */
  readonly task: {
    /** What {@link Trainer.task} is. */
    readonly task: Task;
    /** Options of the trainer. */
    readonly options: TaskTrainerOptions;
    /** A stage of a run. */
    readonly stage: StageSpec;
    /** What a run trains when. */
    readonly curriculum: Curriculum;
    /** Options of an evaluation. */
    readonly evaluateOptions: EvaluateOptions;
    /** What an evaluation gives for a stage. */
    readonly evaluation: StageEvaluation;
    /** What can be imitated. */
    readonly imitated: readonly ImitationProgram[] | ImitationSearch;
  };
  /** In environments. */
  readonly environment: {
    /** There is none. */
    readonly task: undefined;
    /** Options of the trainer. */
    readonly options: EnvironmentTrainerOptions;
    /** A stage of a run. */
    readonly stage: StepStageSpec;
    /** What a run trains when. */
    readonly curriculum: StepCurriculum;
    /** Options of an evaluation. */
    readonly evaluateOptions: EnvironmentEvaluateOptions;
    /** What an evaluation gives for a stage. */
    readonly evaluation: EnvironmentEvaluation;
    /** What can be imitated. */
    readonly imitated: readonly ImitationEpisode[];
  };
}

/**
 * Options of {@link Trainer.create} and {@link Trainer.run}.
 *
 * @typeParam Kind - What is trained on.
 */
export type TrainerOptions<Kind extends TrainingKind = 'task'> = TrainingKinds[Kind]['options'];

/**
 * What a run trains when: a list of stages, or a curriculum as data.
 *
 * @typeParam Kind - What is trained on.
 */
export type RunStages<Kind extends TrainingKind = 'task'> = readonly TrainingKinds[Kind]['stage'][] | TrainingKinds[Kind]['curriculum'];

/** One run under way. */
export interface CourseRun<Kind extends TrainingKind> {
  /** @returns What was done, measured with the final agent. */
  run(): Promise<TrainingResult<Kind>>;
  /** @returns What was done so far, measured as far as it was. */
  partial(): PartialTrainingResult;
  /** @returns Where the run is in its curriculum. */
  curriculum(): CurriculumState;
}

/** What a {@link Trainer} does with a task, or with environments. */
export interface Course<Kind extends TrainingKind> {
  readonly agent: Agent;
  /** Whether the agent is the caller's. */
  readonly lent: boolean;
  readonly task: TrainingKinds[Kind]['task'];
  readonly progress: ProgressOption<Kind>;
  readonly signal: AbortSignal | undefined;
  /** How runs are kept, where they are. */
  readonly keeping: KeepingConfig;
  /** What runs are on, and with which options; to be compared. */
  readonly described: Pick<RunSetup, 'madeFor' | 'settings'>;
  /** @returns What goes on from run to run, streams among it; a copy. */
  getState(): unknown;
  /**
   * Goes on where another course was.
   *
   * @param course - What {@link Course.getState} returned.
   * @param run - How the run under way goes on.
   */
  setState(course: unknown, run: KeptState): void;
  /**
   * @param stages - What the caller passed.
   * @param issues - Where issues are added.
   * @returns The plan; meaningful only when no issue was added.
   */
  plan(stages: unknown, issues: Issues): RunPlan;
  /**
   * @param plan - What is trained when.
   * @param watch - Who watches, and who may end the run.
   * @param resume - Where the run begins; absent: at its begin.
   * @param from - How it goes on that was interrupted; absent: it begins.
   * @returns The run, not begun.
   */
  begin(plan: RunPlan, watch: RunWatch<TrainingEvent<Kind>>, resume?: CurriculumState, from?: KeptState): CourseRun<Kind>;
  /**
   * @param options - What the caller passed.
   * @returns One entry a stage.
   */
  evaluate(options: unknown): Promise<TrainingKinds[Kind]['evaluation'][]>;
  /**
   * @param stage - What the caller passed.
   * @param count - How many.
   * @returns One explanation a problem.
   */
  explain(stage: unknown, count: number): Promise<Explanation[]>;
  /**
   * @param given - What is imitated, as the caller passed it.
   * @param options - The same of how.
   * @param watch - Who watches, and who may end it.
   * @returns What was done.
   */
  imitate(given: unknown, options: unknown, watch: ImitationWatch): Promise<ImitationResult>;
  /**
   * @param options - What the caller passed.
   * @returns What keeps the agent from its targets.
   */
  diagnose(options: unknown): Promise<Diagnosis>;
  /** @returns When all but the agent is closed. */
  close(): Promise<void>;
}
