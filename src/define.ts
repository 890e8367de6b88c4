/**
 * Tasks, environments and their spaces, made and checked without the addon: for browsers and whatever else runs JavaScript. All of it is exported by
 * the package itself, too.
 *
 * @module innate/define
 */

import './util/option-names.js';

export {
  type ArithmeticMilestone,
  type ArithmeticOptions,
  type ArithmeticProblem,
  type ArithmeticStage,
  type ArithmeticState,
  type ArithmeticTask,
  type ArithmeticTool,
  arithmetic,
  createArithmetic,
} from './builtin/arithmetic/arithmetic.js';
export type { Command, CommandAction, CommandSplit, CommandWord } from './builtin/commands/command.js';
export {
  type CommandsMilestone,
  type CommandsOptions,
  type CommandsStage,
  type CommandsState,
  type CommandsTask,
  type CommandsTool,
  commands,
  createCommands,
} from './builtin/commands/commands.js';
export {
  type CountdownOperands,
  type CountdownOptions,
  type CountdownParameters,
  type CountdownSlot,
  type CountdownStage,
  type CountdownState,
  type CountdownTask,
  type CountdownTool,
  countdown,
  createCountdown,
} from './builtin/countdown/countdown.js';
export type { CountdownProblem } from './builtin/countdown/numbers.js';
export { drawExpression, type Expression, type Operator } from './builtin/expressions/expression.js';
export {
  createExpressions,
  type ExpressionsMilestone,
  type ExpressionsOptions,
  type ExpressionsStage,
  type ExpressionsTask,
  type ExpressionsTool,
  expressions,
} from './builtin/expressions/expressions.js';
export type { ExpressionsState } from './builtin/expressions/machine.js';
export type { TriageRequest, TriageRule, TriageTicket } from './builtin/triage/ticket.js';
export {
  createTriage,
  type TriageForm,
  type TriageMilestone,
  type TriageOptions,
  type TriageState,
  type TriageTask,
  type TriageTool,
  triage,
} from './builtin/triage/triage.js';
export {
  type TutorialOptions,
  type TutorialProblem,
  type TutorialScheduleEntry,
  type TutorialScore,
  type TutorialStage,
  type TutorialState,
  type TutorialTask,
  type TutorialTool,
  tutorial,
} from './builtin/tutorial/tutorial.js';
export {
  type CheckTaskOptions,
  type ConstantProgram,
  checkTask,
  formatTaskCheck,
  type StageReport,
  type TaskFinding,
  type TaskFindingCode,
  type TaskReport,
} from './define/check/check-task.js';
export type { Recall } from './define/check/recall.js';
export { type SolvingProgram, type SolvingProgramsOptions, solvingPrograms } from './define/check/solving-programs.js';
export { defineTask } from './define/define-task.js';
export type {
  MilestoneDefinition,
  ProgramOutcome,
  StageDeclaration,
  StageName,
  TaskDefinition,
  ToolDefinition,
  ValuedSymbol,
} from './define/definition.js';
export type {
  MachineCall,
  MachineOutcome,
  MachineParameter,
  MachineRun,
  MachineTool,
  PendingCall,
  TaskMachine,
} from './define/task-machine.js';
export type {
  Arguments,
  ArgumentsOf,
  ArgumentValue,
  CallArguments,
  NoParameters,
  NumbersBelow,
  ParameterShape,
  ParameterShapes,
  ParametersOf,
  ParameterValue,
  ToolArguments,
  ToolCall,
} from './define/tool-parameters.js';
export type { DecodedProgram, ProgramTrace, ToolBatch, ToolTask, TraceStep } from './define/tool-task.js';
export { type CheckEnvironmentOptions, checkEnvironment } from './environment/check/check-environment.js';
export {
  type EnvironmentFinding,
  type EnvironmentFindingCode,
  type EnvironmentReport,
  type EnvironmentStageReport,
  formatEnvironmentCheck,
} from './environment/check/report.js';
export type { Environment, EnvironmentFactory, ResetContext, Step, VectorEnvironmentFactory } from './environment/environment.js';
export { episodeRandom } from './environment/episode-random.js';
export type { VectorEnvironment } from './environment/vector-environment.js';
export { type VectorizeOptions, vectorize } from './environment/vectorize.js';
export { EnvironmentError, type EnvironmentErrorDetails } from './errors/environment-error.js';
export { type ErrorCode, type ErrorDetails, InnateError } from './errors/innate-error.js';
export { InputError } from './errors/input-error.js';
export type { Issue } from './errors/issue.js';
export { OptionsError } from './errors/options-error.js';
export { TaskError, type TaskErrorDetails } from './errors/task-error.js';
export { layoutOf, type SpaceLayout } from './spaces/layout.js';
export { type BoxOptions, box, discrete, multiDiscrete } from './spaces/make.js';
export type { Spaces } from './spaces/plain.js';
export type { BoxSpace, DiscreteSpace, MultiDiscreteSpace, ObservationSpace, RecordSpace, Space } from './spaces/space.js';
export type { Measured } from './task/measured.js';
export type { ProblemBatch, ProblemDescription, Scores, Split, Task, TaskEpisodes, TaskInteraction } from './task/task.js';
export type { Exclusive } from './util/exclusive.js';
export { Random, type RandomState } from './util/random.js';
