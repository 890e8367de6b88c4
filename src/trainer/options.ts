import { Agent } from '../agent/agent.js';
import { compareTask } from '../agent/info.js';
import { type AgentConfig, type AgentOptions, NETWORK_OPTIONS, readAgentOptions } from '../agent/options.js';
import type { UpdateConfig } from '../algorithm/a2c.js';
import type { TrainingEvent } from '../metrics/events.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';

/**
 * How progress is shown: `true` on standard error, `false` not at all, or a function that is called with every event. The run waits for a
 * promise that the function returns, so that its calls never overlap; what it throws or rejects with ends the run.
 */
export type ProgressOption = boolean | ((event: TrainingEvent) => unknown);

/** Options of {@link Trainer.create} and {@link Trainer.run}. All are optional; those of the agent are passed on to it. */
export interface TrainerOptions extends AgentOptions {
  /**
   * An agent to go on training instead of a new one. It stays the caller's: closing the trainer does not close it. The options that make a
   * network (`device`, `engine`, `threads`, `hiddenSize`) cannot be given beside it; coefficients that are not given are the agent's.
   *
   * @defaultValue a new agent
   */
  readonly agent?: Agent | undefined;
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
  /**
   * How progress is shown: `true` on standard error (one line rewritten on a terminal, plain lines elsewhere and in CI), `false` not at
   * all, or a function that is called with every event. The run waits for a promise that the function returns, and ends with what it throws
   * or rejects with.
   *
   * @defaultValue true
   */
  readonly progress?: ProgressOption | undefined;
  /**
   * Aborts every run of the trainer, as {@link RunOptions.signal} does one.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
}

/** {@link TrainerOptions}, checked and filled in. */
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

/**
 * Reads the options of {@link Trainer.create}.
 *
 * @param reader - Over what the caller passed.
 * @returns The config; meaningful only when no issue was added.
 */
export function readTrainerOptions(reader: OptionReader): TrainerConfig {
  const agentConfig = readAgentOptions(reader);
  const agent = readAgent(reader, agentConfig);
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

function readAgent(reader: OptionReader, config: AgentConfig): Agent | undefined {
  const agent = reader.raw('agent');
  if (agent === undefined) {
    return undefined;
  }
  if (!Agent.isInstance(agent)) {
    reader.issues.add('agent', `must be an Agent, got ${show(agent)}.`, 'Pass what Agent.create() or Agent.load() returned.');
    return undefined;
  }
  for (const key of NETWORK_OPTIONS) {
    if (reader.has(key)) {
      reader.issues.add(key, 'cannot be given beside an agent, which has its own.', `Leave ${key} out, or leave agent out.`);
    }
  }
  compareTask(agent.info, config.task, 'Pass the task that the agent was made for.', reader.issues.at('task'));
  return agent;
}

function givenUpdate(reader: OptionReader, own: UpdateConfig, read: UpdateConfig): UpdateConfig {
  const entries = Object.entries(read).map(([key, value]) => [key, reader.has(key) ? value : own[key as keyof UpdateConfig]]);
  return Object.fromEntries(entries) as UpdateConfig;
}

function readProgress(reader: OptionReader): ProgressOption {
  const progress = reader.raw('progress');
  if (typeof progress === 'function') {
    return progress as (event: TrainingEvent) => unknown;
  }
  if (progress !== undefined && typeof progress !== 'boolean') {
    reader.issues.add('progress', `must be true, false or a function, got ${show(progress)}.`, 'Pass false for silence.');
  }
  return progress !== false;
}
