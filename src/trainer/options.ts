import type { Agent } from '../agent/agent.js';
import { compareTask } from '../agent/info.js';
import { type AgentConfig, type AgentOptions, readAgentOptions } from '../agent/options.js';
import { DEFAULT_UPDATE, type UpdateConfig, type UpdateOptions } from '../algorithm/a2c.js';
import { DEFAULT_OPTIMIZER } from '../algorithm/optimizer.js';
import { constant, readSchedule, type Schedule, type Scheduled } from '../algorithm/schedule.js';
import { type AlgorithmConfig, DEFAULT_ALGORITHMS, type PpoOptions, readAlgorithmOptions, refusePpo } from '../algorithm/step-algorithm.js';
import type { Exclusive } from '../util/exclusive.js';
import { isRecord } from '../util/kind.js';
import type { OptionReader } from '../util/option-reader.js';
import { type CommonTrainerOptions, type ProgressOption, readAgent, readProgress, refuseOptions } from './common-options.js';
import { ENVIRONMENT_OPTIONS } from './steps/options.js';

/** A2C on a task, whose programs are judged by their returns; see {@link UpdateOptions}. */
export interface TaskA2cOptions extends Omit<UpdateOptions, 'learningRate' | 'entropyCoef'> {
  /**
   * Which algorithm.
   *
   * @defaultValue 'a2c'
   */
  readonly algorithm?: 'a2c' | undefined;
  /**
   * Adam's step size, above 0.
   *
   * @defaultValue 1e-3
   */
  readonly learningRate?: Scheduled | undefined;
  /**
   * Weight of the entropy bonus, at least 0.
   *
   * @defaultValue 0.2
   */
  readonly entropyCoef?: Scheduled | undefined;
}

/** PPO on a task; see {@link PpoOptions}. A reward is not discounted (`gamma` is 1) unless it is said. Without {@link Task.interaction}, advantages
 * are the return less the value, and `gamma`, `gaeLambda` and `valueClipRange` cannot be given. */
export interface TaskPpoOptions extends Omit<PpoOptions, 'algorithm'> {
  /** Which algorithm. */
  readonly algorithm: 'ppo';
}

/** {@link TaskTrainerOptions} but those of the algorithm. */
export interface TaskOptions extends Omit<AgentOptions, keyof UpdateOptions>, CommonTrainerOptions<'task'> {
  /** Absent: with it these are {@link EnvironmentTrainerOptions}. */
  readonly environment?: undefined;
  /**
   * Problems an iteration, 1 to 2²⁰.
   *
   * @defaultValue 192
   */
  readonly batchSize?: number | undefined;
  /**
   * Share of each batch given to the earlier stages of the run, so that they are not forgotten; 0 to below 1.
   *
   * @defaultValue 0.4
   */
  readonly rehearsal?: number | undefined;
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
}

/** Options of {@link Trainer.create} and {@link Trainer.run} for a task. All are optional; those of the agent are passed on to it. */
export type TaskTrainerOptions = TaskOptions & (Exclusive<TaskA2cOptions, TaskPpoOptions> | Exclusive<TaskPpoOptions, TaskA2cOptions>);

/** {@link TaskTrainerOptions}, checked and filled in. */
export interface TrainerConfig {
  readonly agentConfig: AgentConfig;
  readonly agent: Agent | undefined;
  readonly update: UpdateConfig | undefined;
  /** Coefficients of A2C that change over a stage. */
  readonly schedules: { readonly [Key in (typeof SCHEDULED)[number]]?: Schedule };
  /** PPO in place of A2C. */
  readonly ppo: AlgorithmConfig | undefined;
  readonly batchSize: number;
  readonly rehearsal: number;
  readonly evaluateEvery: number;
  readonly evaluationProblems: number;
  readonly maxIterations: number;
  readonly progress: ProgressOption;
  readonly signal: AbortSignal | undefined;
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
  const ppo = reader.choice('algorithm', 'a2c', ['a2c', 'ppo']) === 'ppo' ? readPpo(reader) : undefined;
  const schedules = readSchedules(reader);
  const agentConfig = readAgentOptions(reader);
  const agent = readAgent(reader);
  if (ppo === undefined) {
    refusePpo(reader, undefined);
  } else {
    refuseUnanswered(reader, agentConfig);
  }
  if (agentConfig.task.interaction !== undefined && agentConfig.update.baseline === 'program') {
    reader.issues.add('baseline', "must be 'step' with a task that answers, got 'program'.", 'Leave it out.');
  }
  if (agent !== undefined) {
    compareTask(agent.info, agentConfig.task, 'Pass the task that the agent was made for.', reader.issues.at('task'));
  }
  refuseOptions(reader, ENVIRONMENT_OPTIONS, 'environment');
  return {
    agentConfig,
    agent,
    schedules,
    ppo,
    update: agent === undefined ? undefined : givenUpdate(reader, agent.info.update, agentConfig.update),
    batchSize: reader.count('batchSize', 192),
    rehearsal: reader.number('rehearsal', 0.4, { min: 0, below: 1 }),
    evaluateEvery: reader.number('evaluateEvery', 25, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    evaluationProblems: reader.count('evaluationProblems', 512),
    maxIterations: reader.number('maxIterations', 4000, { integer: true, min: 1, max: Number.MAX_SAFE_INTEGER }),
    progress: readProgress(reader),
    signal: reader.signal('signal'),
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

function readPpo(reader: OptionReader): AlgorithmConfig {
  const batchSize = reader.has('batchSize') ? Number(reader.raw('batchSize')) : 192;
  const config = readAlgorithmOptions(reader, { ...DEFAULT_ALGORITHMS.ppo, gamma: 1 }, batchSize);
  // These are PPO's, and said to be wrong once.
  for (const key of ['valueCoef', ...SCHEDULED, ...Object.keys(DEFAULT_OPTIMIZER)]) {
    reader.replace(key, undefined);
  }
  if (reader.has('baseline')) {
    reader.issues.add('baseline', "is an option of algorithm: 'a2c', not of 'ppo'.", "Leave baseline out, or pass algorithm: 'a2c'.");
  }
  return config;
}

/** Where a task does not answer, a program is paid as a whole. */
function refuseUnanswered(reader: OptionReader, { task }: AgentConfig): void {
  for (const key of ['gamma', 'gaeLambda', 'valueClipRange'] as const) {
    if (task.interaction === undefined && reader.has(key)) {
      reader.issues.add(key, 'is for a task that answers: this one scores a program as a whole.', `Leave ${key} out.`);
    }
  }
}

function givenUpdate(reader: OptionReader, own: UpdateConfig, read: UpdateConfig): UpdateConfig {
  const entries = Object.entries(read).map(([key, value]) => [key, reader.has(key) ? value : own[key as keyof UpdateConfig]]);
  return Object.fromEntries(entries) as UpdateConfig;
}
