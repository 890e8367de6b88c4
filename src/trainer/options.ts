import type { Agent } from '../agent/agent.js';
import { compareTask } from '../agent/info.js';
import { type AgentConfig, type AgentOptions, readAgentOptions } from '../agent/options.js';
import { DEFAULT_UPDATE, type UpdateConfig, type UpdateOptions } from '../algorithm/a2c.js';
import { constant, readSchedule, type Schedule } from '../algorithm/schedule.js';
import { isRecord } from '../util/kind.js';
import type { OptionReader } from '../util/option-reader.js';
import { DEFAULT_REPLAY, type ReplayConfig, type ReplayOptions, readProblemReplay, readReplay } from './collect/replay-options.js';
import {
  type CommonTrainerOptions,
  type KeepingConfig,
  type ProgressOption,
  readAgent,
  readKeeping,
  readProgress,
  refuseOptions,
} from './common-options.js';
import { type ImitationConfig, type ImitationOptions, readImitation } from './imitate/imitation.js';
import type { ImitationProgram, ImitationSearch } from './imitate/programs.js';
import { ENVIRONMENT_OPTIONS } from './steps/options.js';
import { checkTaskAlgorithm, type PassesAlgorithm, readBatchSize, readTaskAlgorithm, type TaskAlgorithmOptions } from './task-algorithm.js';

/** {@link TaskTrainerOptions} but those of the algorithm. */
export interface TaskOptions extends Omit<AgentOptions, keyof UpdateOptions>, CommonTrainerOptions<'task'> {
  /** Absent: with it these are {@link EnvironmentTrainerOptions}. */
  readonly environment?: undefined;
  /**
   * Programs an iteration, one a problem or `samples` a problem; 1 to 2²⁰.
   *
   * @defaultValue 192, or the multiple of `samples` before it
   */
  readonly batchSize?: number | undefined;
  /**
   * Share of each batch given to the earlier stages of the run, so that they are not forgotten; 0 to below 1.
   *
   * @defaultValue 0.4
   */
  readonly rehearsal?: number | undefined;
  /**
   * How problems that failed come back, in a share of each batch; `false`: they do not, and every batch is fresh. For a task with
   * {@link Task.problemAt} and {@link Task.batchOf}, as those of {@link defineTask} have. With `baseline: 'program'` there is no random step.
   *
   * @defaultValue as in {@link ReplayOptions}; false where the task says so (`replay`), as the tutorial's does, or has no such methods
   */
  readonly replay?: ReplayOptions | false | undefined;
  /**
   * Iterations between two evaluations on the way, counted in each stage, at least 1.
   *
   * @defaultValue 25
   */
  readonly evaluateEvery?: number | undefined;
  /**
   * Fresh problems of an evaluation on the way, 1 to 2²⁰.
   *
   * @defaultValue 512
   */
  readonly evaluationProblems?: number | undefined;
  /**
   * Iterations that a stage gets at most, unless it says otherwise; at least 1.
   *
   * @defaultValue 4000
   */
  readonly maxIterations?: number | undefined;
  /**
   * Programs that are imitated beside: each update has the gradient of their cross-entropy too; see {@link ImitationOptions}.
   *
   * @defaultValue none
   */
  readonly imitation?: ImitationOptions<readonly ImitationProgram[] | ImitationSearch> | undefined;
}

/** Options of {@link Trainer.create} and {@link Trainer.run} for a task. All are optional; those of the agent are passed on to it. */
export type TaskTrainerOptions = TaskOptions & TaskAlgorithmOptions;

/** {@link TaskTrainerOptions}, checked and filled in. */
export interface TrainerConfig {
  readonly agentConfig: AgentConfig;
  readonly agent: Agent | undefined;
  readonly update: UpdateConfig | undefined;
  /** Coefficients of A2C that change over a stage. */
  readonly schedules: { readonly [Key in (typeof SCHEDULED)[number]]?: Schedule };
  /** An algorithm of passes over a batch, in place of A2C, and whom its policy is held to. */
  readonly algorithm: PassesAlgorithm | undefined;
  /** What is imitated beside. */
  readonly imitation: ImitationConfig | undefined;
  readonly batchSize: number;
  readonly rehearsal: number;
  /** Undefined where no problem comes back. */
  readonly replay: ReplayConfig | undefined;
  readonly evaluateEvery: number;
  readonly evaluationProblems: number;
  readonly maxIterations: number;
  readonly progress: ProgressOption;
  readonly signal: AbortSignal | undefined;
  readonly keeping: KeepingConfig;
}

/** Options that are of use to a task alone. */
export const TASK_OPTIONS = ['task', 'batchSize', 'rehearsal', 'evaluationProblems', 'maxIterations', 'baseline'] as const;

/**
 * Reads the options of {@link Trainer.create} for a task.
 *
 * @param reader - Over what the caller passed.
 * @returns The config; meaningful only when no issue was added.
 */
export function readTrainerOptions(reader: OptionReader): TrainerConfig {
  const algorithm = readTaskAlgorithm(reader);
  const schedules = readSchedules(reader);
  const agentConfig = readAgentOptions(reader);
  const agent = readAgent(reader);
  if (algorithm !== undefined) {
    checkTaskAlgorithm(reader, algorithm, agentConfig.task);
  }
  if (agentConfig.task.interaction !== undefined && agentConfig.update.baseline === 'program') {
    reader.issues.add('baseline', "must be 'step' with a task that answers, got 'program'.", 'Leave it out.');
  }
  if (agent !== undefined) {
    compareTask(agent.info, agentConfig.task, 'Pass the task that the agent was made for.', reader.issues.at('task'));
  }
  refuseOptions(reader, ENVIRONMENT_OPTIONS, 'environment');
  const update = agent === undefined ? undefined : givenUpdate(reader, agent.info.update, agentConfig.update);
  return {
    agentConfig,
    agent,
    schedules,
    algorithm,
    imitation: readImitation(reader),
    update,
    batchSize: readBatchSize(reader, algorithm?.passes.groups?.samples),
    rehearsal: reader.number('rehearsal', 0.4, { min: 0, below: 1 }),
    replay: readTaskReplay(reader, agentConfig.task, wholeJudge(algorithm, update ?? agentConfig.update)),
    evaluateEvery: reader.number('evaluateEvery', 25, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    evaluationProblems: reader.count('evaluationProblems', 512),
    maxIterations: reader.number('maxIterations', 4000, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    progress: readProgress(reader),
    signal: reader.signal('signal'),
    keeping: readKeeping(reader),
  };
}

/** Options that may be schedules, and what they must be. */
const SCHEDULED = ['learningRate', 'entropyCoef'] as const;
const RULES = { learningRate: { above: 0, single: true }, entropyCoef: { min: 0, single: true } } as const;

/** From now on each stands as the number that it begins with, as the agent takes it. */
function readSchedules(reader: OptionReader): TrainerConfig['schedules'] {
  const schedules: { [Key in (typeof SCHEDULED)[number]]?: Schedule } = {};
  for (const key of SCHEDULED) {
    if (isRecord(reader.raw(key))) {
      const schedule = readSchedule(reader, key, constant(DEFAULT_UPDATE[key]), RULES[key]);
      schedules[key] = schedule;
      reader.replace(key, schedule.from);
    }
  }
  return schedules;
}

/** What judges whole programs, if something does: then no step can be left out. */
function wholeJudge(algorithm: PassesAlgorithm | undefined, { baseline }: UpdateConfig): string | undefined {
  if (algorithm?.passes.groups !== undefined) {
    return 'programs that are judged by one another';
  }
  return algorithm === undefined && baseline === 'program' ? "baseline: 'program', which judges whole programs" : undefined;
}

function readTaskReplay(reader: OptionReader, task: AgentConfig['task'], whole: string | undefined): ReplayConfig | undefined {
  const replayable = task.problemAt !== undefined && task.batchOf !== undefined;
  const own = whole !== undefined ? { ...DEFAULT_REPLAY, randomStep: 0 } : DEFAULT_REPLAY;
  const config = readReplay(reader, replayable && task.replay !== false ? own : undefined, own, readProblemReplay);
  if (config !== undefined && !replayable) {
    const remedy = 'Leave it out, or implement problemAt and batchOf of Task.';
    reader.issues.add('replay', 'is for a task whose problems can be taken out of a batch and put into another.', remedy);
  } else if (whole !== undefined && config !== undefined && config.randomStep > 0) {
    reader.issues.add('replay.randomStep', `must be 0 with ${whole}.`, "Pass 0, or algorithm: 'a2c' with baseline: 'step'.");
  }
  return config;
}

function givenUpdate(reader: OptionReader, own: UpdateConfig, read: UpdateConfig): UpdateConfig {
  const entries = Object.entries(read).map(([key, value]) => [key, reader.has(key) ? value : own[key as keyof UpdateConfig]]);
  return Object.fromEntries(entries) as UpdateConfig;
}
