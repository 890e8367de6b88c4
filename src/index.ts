/**
 * The package itself.
 *
 * @module innate
 */

export { Agent } from './agent/agent.js';
export type { ArchitectureOptions } from './agent/architecture.js';
export type { AgentInfo } from './agent/info.js';
export type { Counted, Earned, Episodes, Judged, JudgedEpisodes, Minibatch, Programs } from './agent/inputs.js';
export type { NetworkDescription, SpacesDescription } from './agent/network.js';
export type {
  AgentLoadOptions,
  AgentOptions,
  DeviceOption,
  Engine,
  NetworkOptions,
  RuntimeOptions,
  SpacesOptions,
} from './agent/options.js';
export type { CloneOptions, Evaluation, Gradients, Rollout, RolloutOptions, SaveOptions } from './agent/results.js';
export type { CallChoice, CallOutcome, ChosenCall, Solution, SolvedCall, SolveReason } from './agent/solution.js';
export type { SolveContext, SolveOptions, SolveTool, SolveTools, SolveToolsOf } from './agent/solve-options.js';
export type { StateDict, Tensor } from './agent/state-dict.js';
export type { Baseline, LossConfig, LossOptions, UpdateConfig, UpdateOptions } from './algorithm/a2c.js';
export type { EntropyTarget } from './algorithm/entropy-target.js';
export type { LearnStats, RolloutStats } from './algorithm/learn.js';
export type { BatchTotal, LossStats, ObjectiveOptions, UpdateStats } from './algorithm/objective.js';
export type { OptimizerConfig, OptimizerOptions } from './algorithm/optimizer.js';
export { constant, cosine, linear, type Schedule, type Scheduled } from './algorithm/schedule.js';
export type { A2cOptions, ActorCriticOptions, AlgorithmOptions, PpoOptions } from './algorithm/step-algorithm.js';
export type {
  AutomaticCurriculum,
  Curriculum,
  FixedCurriculum,
  MasteryCurriculum,
  MixedCurriculum,
  MixtureBudget,
  StepCurriculum,
} from './curriculum/curriculum.js';
export type { MixtureState, StageProgress } from './curriculum/mixture.js';
export type { StageForIterations, StageSpec, StageTarget, StageUntil } from './curriculum/stage-spec.js';
export type { CurriculumState, MixturePlace } from './curriculum/state.js';
export type { StageForSteps, StepStageSpec, StepStageUntil } from './curriculum/step-stage.js';
export * from './define.js';
export { AbortedError } from './errors/aborted-error.js';
export { BusyError } from './errors/busy-error.js';
export { CheckpointError } from './errors/checkpoint-error.js';
export { ClosedError } from './errors/closed-error.js';
export { DeviceError } from './errors/device-error.js';
export { InternalError } from './errors/internal-error.js';
export { type NativeCandidate, NativeLoadError } from './errors/native-load-error.js';
export { NonFiniteError } from './errors/non-finite-error.js';
export type { ExportForm, ExportOptions } from './export/options.js';
export type { AttentionOption, DirectionOption, EncoderOption, NetworkInfo } from './infer/info.js';
export type { Ids, Numbers, Prompts } from './infer/prompts.js';
export { Session, type SessionMaker } from './infer/session.js';
export type { ActOptions, SessionOptions, SessionStep, SessionStepOptions } from './infer/stepping.js';
export type {
  CheckpointEvent,
  CurriculumMetrics,
  EpisodeMetrics,
  EvaluationEvent,
  EventGroups,
  GroupMetrics,
  ImitationEvent,
  ImitationMetrics,
  IterationEvent,
  MixedStageMetrics,
  PlateauCause,
  PlateauEvent,
  ProgramMetrics,
  ReplayMetrics,
  ResumeEvent,
  RolloutMetrics,
  RunPosition,
  StageEndEvent,
  StageStartEvent,
  StepTimeMetrics,
  TimeMetrics,
  TrainingEvent,
  TrainingKind,
  WarningCode,
  WarningEvent,
} from './metrics/events.js';
export type { Interval, SuccessEstimate } from './metrics/interval.js';
export { eventMetrics, type MetricKey, type Metrics } from './metrics/keys.js';
export type { Estimate } from './metrics/statistics/bootstrap.js';
export type { RunScores } from './metrics/statistics/scores.js';
export {
  type AggregateOptions,
  type Aggregates,
  aggregateScores,
  type IntervalOptions,
  type ProfileOptions,
  type ProfilePoint,
  performanceProfile,
  probabilityOfImprovement,
} from './metrics/statistics/statistics.js';
export type { CheckpointOptions, ResumePoint } from './trainer/checkpoint/options.js';
export type { ReferenceOption } from './trainer/collect/reference.js';
export type { EpisodeReplayOptions, ReplayOptions } from './trainer/collect/replay-options.js';
export type { ProgressOption } from './trainer/common-options.js';
export type { RunStages, TrainerOptions, TrainingKinds } from './trainer/course.js';
export { defineConfig, type EnvironmentRunConfig, type TaskRunConfig } from './trainer/define-config.js';
export type { ImitationEpisode } from './trainer/imitate/episodes.js';
export type { ImitateOptions, ImitationOptions, ImitationResult } from './trainer/imitate/imitation.js';
export type { ContextProgram, ImitationProgram, ImitationSearch, ProblemProgram } from './trainer/imitate/programs.js';
export {
  type DiagnosedEntropy,
  type DiagnosedStage,
  type DiagnoseOptions,
  Diagnosis,
  type DiagnosisCode,
  type DiagnosisFinding,
  type RunDiagnosis,
  type StageDiagnosis,
} from './trainer/measure/diagnosis.js';
export type {
  EnvironmentEvaluateOptions,
  EnvironmentEvaluation,
  EvaluatedProblems,
  EvaluatedStages,
  EvaluateOptions,
  GroupEvaluation,
  PassAtK,
  ProblemsEvaluation,
  SampledEvaluation,
  StageEvaluation,
} from './trainer/measure/evaluate.js';
export type { ExplainedStep, Explanation } from './trainer/measure/explain.js';
export type { TaskOptions, TaskTrainerOptions } from './trainer/options.js';
export {
  type EnvironmentStageResult,
  type EnvironmentTrainingResult,
  type ErrorWithPartialResult,
  hasPartialResult,
  type PartialStageResult,
  type PartialTrainingResult,
  type RunTotals,
  type StageResult,
  type TaskTrainingResult,
  type TrainingResult,
} from './trainer/run/result.js';
export { TrainingRun } from './trainer/run/training-run.js';
export type { ModuleOption, RunSeedsOptions, SeedEvent, SeedsOptions } from './trainer/seeds/options.js';
export { compareSeeds } from './trainer/seeds/report.js';
export type { PartialSeeds, SeedFailure, SeedResult, SeedScore, SeedsReport, SeedsResult } from './trainer/seeds/result.js';
export type { EnvironmentOptions, EnvironmentTrainerOptions } from './trainer/steps/options.js';
export type {
  GroupOptions,
  ReferenceOptions,
  TaskA2cOptions,
  TaskAlgorithmOptions,
  TaskGrpoOptions,
  TaskPpoOptions,
  TaskRlooOptions,
} from './trainer/task-algorithm.js';
export { type RunOptions, Trainer } from './trainer/trainer.js';
export type { Plateau } from './trainer/watch/plateau.js';
export type { JsonData } from './util/json-data.js';
