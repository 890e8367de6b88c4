import { Agent } from '../agent/agent.js';
import { NETWORK_OPTIONS } from '../agent/options.js';
import type { TrainingEvent, TrainingKind } from '../metrics/events.js';
import { type JsonData, readJson } from '../util/json-data.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { type CheckpointConfig, type CheckpointOptions, readCheckpoint } from './checkpoint/options.js';

/**
 * How progress is shown: `true` on standard error, `false` not at all, or a function that is called with every event. The run waits for a
 * promise that the function returns, so that its calls never overlap; what it throws or rejects with ends the run.
 *
 * @typeParam Kind - What is trained on.
 */
export type ProgressOption<Kind extends TrainingKind = 'task'> = boolean | ((event: TrainingEvent<Kind>) => unknown);

/**
 * Options of a trainer, whatever it trains on.
 *
 * @typeParam Kind - What is trained on.
 */
export interface CommonTrainerOptions<Kind extends TrainingKind> {
  /**
   * An agent to go on training instead of a new one. It stays the caller's: closing the trainer does not close it. The options that make a
   * network (`device`, `engine`, `threads`, `hiddenSize`, `layers`) cannot be given beside it. With a task, coefficients that are not given are
   * the agent's.
   *
   * @defaultValue a new agent
   */
  readonly agent?: Agent | undefined;
  /**
   * How progress is shown: `true` on standard error (one line rewritten on a terminal, plain lines elsewhere and in CI), `false` not at
   * all, or a function that is called with every event. The run waits for a promise that the function returns, and ends with what it throws
   * or rejects with.
   *
   * @defaultValue true
   */
  readonly progress?: ProgressOption<Kind> | undefined;
  /**
   * Aborts every run of the trainer, as {@link RunOptions.signal} does one.
   *
   * @defaultValue none
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Where and when runs are kept, so that one that is interrupted can be resumed; see {@link CheckpointOptions} and {@link Trainer.resume}.
   *
   * @defaultValue they are not
   */
  readonly checkpoint?: CheckpointOptions | undefined;
  /**
   * Anything of the caller's own, as JSON has it, that is written into checkpoints: {@link Agent.metadata} of an agent that is loaded from one.
   *
   * @defaultValue what the agent that was passed was loaded with, if anything
   */
  readonly metadata?: JsonData | undefined;
}

/** How runs are kept. */
export interface KeepingConfig {
  /** Undefined where they are not. */
  readonly checkpoint: CheckpointConfig | undefined;
  /** Undefined: what the agent has. */
  readonly metadata: JsonData | undefined;
}

/**
 * @param reader - Over what the caller passed.
 * @returns How runs are kept; meaningful only when no issue was added.
 */
export function readKeeping(reader: OptionReader): KeepingConfig {
  const metadata = reader.has('metadata') ? readJson(reader.raw('metadata'), reader.issues.at('metadata')) : undefined;
  return { checkpoint: readCheckpoint(reader), metadata };
}

/**
 * Reads the agent to go on with.
 *
 * @param reader - Over what the caller passed.
 * @returns It; undefined where absent or wrong.
 */
export function readAgent(reader: OptionReader): Agent | undefined {
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
  return agent;
}

/**
 * @param reader - Over what the caller passed.
 * @returns How progress is shown.
 */
export function readProgress<Kind extends TrainingKind>(reader: OptionReader): ProgressOption<Kind> {
  const progress = reader.raw('progress');
  if (typeof progress === 'function') {
    return progress as (event: TrainingEvent<Kind>) => unknown;
  }
  if (progress !== undefined && typeof progress !== 'boolean') {
    reader.issues.add('progress', `must be true, false or a function, got ${show(progress)}.`, 'Pass false for silence.');
  }
  return progress !== false;
}

/**
 * Adds an issue for each option that is of no use to what is trained on.
 *
 * @param reader - Over what the caller passed.
 * @param keys - The options.
 * @param kind - What they are for.
 */
export function refuseOptions(reader: OptionReader, keys: readonly string[], kind: TrainingKind): void {
  const other = kind === 'task' ? 'environment' : 'task';
  for (const key of keys) {
    reader.refuse(key, `is for training ${PLACES[kind]}, not ${PLACES[other]}.`, `Leave ${key} out.`);
  }
}

const PLACES = { task: 'on a task', environment: 'in environments' } as const;
