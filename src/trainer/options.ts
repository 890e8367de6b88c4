import type { Agent } from '../agent/agent.js';
import { compareTask } from '../agent/info.js';
import { type AgentConfig, type AgentOptions, readAgentOptions } from '../agent/options.js';
import type { UpdateConfig } from '../algorithm/a2c.js';
import type { OptionReader } from '../util/option-reader.js';
import { type CommonTrainerOptions, type ProgressOption, readAgent, readProgress, refuseOptions } from './common-options.js';
import { ENVIRONMENT_OPTIONS } from './steps/options.js';

/** Options of {@link Trainer.create} and {@link Trainer.run} for a task. All are optional; those of the agent are passed on to it. */
export interface TaskTrainerOptions extends AgentOptions, CommonTrainerOptions<'task'> {
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

/** {@link TaskTrainerOptions}, checked and filled in. */
export interface TrainerConfig {
  readonly agentConfig: AgentConfig;
  readonly agent: Agent | undefined;
  readonly update: UpdateConfig | undefined;
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
  const agentConfig = readAgentOptions(reader);
  const agent = readAgent(reader);
  if (agent !== undefined) {
    compareTask(agent.info, agentConfig.task, 'Pass the task that the agent was made for.', reader.issues.at('task'));
  }
  refuseOptions(reader, ENVIRONMENT_OPTIONS, 'environment');
  return {
    agentConfig,
    agent,
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

function givenUpdate(reader: OptionReader, own: UpdateConfig, read: UpdateConfig): UpdateConfig {
  const entries = Object.entries(read).map(([key, value]) => [key, reader.has(key) ? value : own[key as keyof UpdateConfig]]);
  return Object.fromEntries(entries) as UpdateConfig;
}
