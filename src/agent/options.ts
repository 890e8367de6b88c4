import { DEFAULT_UPDATE, readUpdateOptions, type UpdateConfig, type UpdateOptions } from '../algorithm/a2c.js';
import { arithmetic } from '../builtin/arithmetic/arithmetic.js';
import { assertTask } from '../task/checked.js';
import type { Task } from '../task/task.js';
import { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { type ArchitectureConfig, type ArchitectureOptions, checkPooling, FLAT_ARCHITECTURE, readArchitecture } from './architecture.js';
import {
  DESCRIPTION,
  type NetworkDescription,
  type NetworkUse,
  readDescription,
  readSpaces,
  SPACES,
  type SpacesDescription,
  useOf,
} from './network.js';

/**
 * Where the network runs.
 *
 * - `cpu`: the processor.
 * - `cuda`: the first CUDA device, by the package `innate-linux-x64-gnu-cuda`, which is installed beside `innate`. A
 *   {@link NativeLoadError} when that is missing or does not load, a {@link DeviceError} when there is no device.
 * - `auto`: CUDA where that works, else the CPU. A warning with the code `INNATE_CPU` says why, once a process; `info.deviceReason` keeps it.
 */
export type DeviceOption = 'cpu' | 'cuda' | 'auto';

/** Which implementation runs the network: `fused` kernels with a hand-written backward pass, or `plain` operations with autograd. */
export type Engine = 'fused' | 'plain';

/** Where and how the network runs: what is chosen anew at each start. */
export interface RuntimeOptions {
  /**
   * Where the network runs.
   *
   * @defaultValue 'cpu'
   */
  readonly device?: DeviceOption | undefined;
  /**
   * Which implementation runs it. `fused` is for the CPU: with it, `auto` takes the CPU, and `cuda` is refused.
   *
   * @defaultValue 'fused' on the CPU, 'plain' on CUDA
   */
  readonly engine?: Engine | undefined;
  /**
   * Native threads, at least 0; 0: as many as the machine has. The numbers do not depend on it.
   *
   * @defaultValue 0
   */
  readonly threads?: number | undefined;
}

/** What every agent is made with. */
interface CommonAgentOptions extends RuntimeOptions, UpdateOptions {
  /**
   * Seed of the weights and of the sampled actions, a non-negative safe integer.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
  /**
   * What the network is made of: how prompts are read, what steps look up, its size.
   *
   * @defaultValue as the task asks for
   */
  readonly network?: ArchitectureOptions | undefined;
  /** The same as `network.hiddenSize`. */
  readonly hiddenSize?: ArchitectureOptions['hiddenSize'];
  /** The same as `network.layers`. */
  readonly layers?: ArchitectureOptions['layers'];
  /** The same as `network.memory`. */
  readonly memory?: ArchitectureOptions['memory'];
}

/** Options of {@link Agent.create} for a task. */
export interface AgentOptions extends CommonAgentOptions {
  /**
   * What the agent will be trained on: it gives the vocabulary, the stages, the horizon and the action mask.
   *
   * @defaultValue arithmetic
   */
  readonly task?: Task | undefined;
}

/** Options of {@link Agent.create} for a network that is described rather than taken from a task. */
export interface NetworkOptions extends CommonAgentOptions, NetworkDescription {}

/** Options of {@link Agent.create} for a network that acts in an environment. */
export interface SpacesOptions extends CommonAgentOptions, SpacesDescription {}

/** Options of {@link Agent.load}. Coefficients that are not given are the file's. */
export interface AgentLoadOptions extends RuntimeOptions, UpdateOptions {
  /**
   * What the agent is to be used for; the file must fit it.
   *
   * @defaultValue not checked
   */
  readonly task?: Task | undefined;
}

/** {@link RuntimeOptions}, filled in as far as can be without a device. */
export interface RuntimeConfig {
  readonly device: DeviceOption;
  readonly engine: Engine | undefined;
  readonly threads: number;
}

/** {@link NetworkOptions}, checked and filled in. */
export interface NetworkConfig {
  readonly use: NetworkUse;
  /** What it is for, where that is a task. */
  readonly task?: Task | undefined;
  readonly seed: number;
  readonly network: ArchitectureConfig;
  readonly runtime: RuntimeConfig;
  readonly update: UpdateConfig;
}

/** {@link AgentOptions}, checked and filled in. */
export interface AgentConfig extends NetworkConfig {
  readonly task: Task;
}

/** Names of the options that make a network, and cannot be given beside a ready agent. */
export const NETWORK_OPTIONS = ['device', 'engine', 'threads', 'network', ...FLAT_ARCHITECTURE] as const;

/**
 * Reads the options of an agent for a task.
 *
 * @param reader - Over what the caller passed.
 * @returns The config; meaningful only when no issue was added.
 */
export function readAgentOptions(reader: OptionReader): AgentConfig {
  const task = readTask(reader) ?? arithmetic;
  return { ...readConfig(reader, useOf(task), task), task };
}

/**
 * Reads the options of {@link Agent.create}: of an agent for a task, or for a network that is described.
 *
 * @param reader - Over what the caller passed.
 * @returns The config; meaningful only when no issue was added.
 */
export function readNetworkOptions(reader: OptionReader): NetworkConfig {
  if (SPACES.some((key) => reader.has(key))) {
    return readSpacesConfig(reader);
  }
  const described = DESCRIPTION.filter((key) => reader.has(key));
  if (described.length === 0) {
    return readAgentOptions(reader);
  }
  if (reader.has('task')) {
    for (const key of described) {
      reader.issues.add(key, 'cannot be given together with task.', 'Give the task alone: it has its own.');
    }
    return readAgentOptions(reader);
  }
  return readConfig(reader, readDescription(reader));
}

function readConfig(reader: OptionReader, use: NetworkUse, task?: Task): NetworkConfig {
  const sizes = readSizes(reader, use.spaces === undefined);
  checkPooling(sizes.network, use.pooling, reader.issues);
  return {
    use,
    ...sizes,
    update: readUpdateOptions(reader, taskDefaults(task, reader)),
  };
}

function readSpacesConfig(reader: OptionReader): NetworkConfig {
  if (reader.has('task')) {
    reader.issues.add('task', 'cannot be given together with spaces.', 'Give the task alone, or the spaces alone.');
  }
  const use = readSpaces(reader) ?? useOf(arithmetic);
  return readConfig(reader, use);
}

/** {@link NetworkConfig} as far as it does not depend on what the network is for. */
export type NetworkSizes = Pick<NetworkConfig, 'seed' | 'network' | 'runtime'>;

/**
 * @param reader - Over what the caller passed.
 * @param prompted - Whether episodes begin with a prompt.
 * @returns Seed, sizes, and where the network runs.
 */
export function readSizes(reader: OptionReader, prompted: boolean): NetworkSizes {
  return {
    seed: reader.seed(),
    network: readArchitecture(reader, prompted),
    runtime: readRuntimeOptions(reader),
  };
}

/**
 * @param reader - Over what the caller passed.
 * @returns Device, engine and threads.
 */
export function readRuntimeOptions(reader: OptionReader): RuntimeConfig {
  const device = reader.choice('device', 'cpu', ['cpu', 'cuda', 'auto']);
  const engine = reader.has('engine') ? reader.choice('engine', 'fused', ['fused', 'plain']) : undefined;
  if (device === 'cuda' && engine === 'fused') {
    reader.issues.add('engine', "must be 'plain' with device: 'cuda', got 'fused'.", "Leave it out, or pass device: 'cpu'.");
  }
  return {
    device,
    engine,
    threads: reader.number('threads', 0, { integer: true, min: 0, max: 1024 }),
  };
}

function taskDefaults(task: Task | undefined, reader: OptionReader): UpdateConfig {
  const given = task?.updateOptions;
  if (given === undefined) {
    return DEFAULT_UPDATE;
  }
  const own = new OptionReader(given, reader.issues.at('task.updateOptions'));
  const defaults = readUpdateOptions(own, DEFAULT_UPDATE);
  own.finish();
  return defaults;
}

/**
 * Reads a task.
 *
 * @param reader - Over what the caller passed.
 * @returns The task, or `undefined` where absent.
 * @throws {@link TaskError} at once when it is no task.
 */
export function readTask(reader: OptionReader): Task | undefined {
  const task = reader.raw('task') as Task | undefined;
  if (task === undefined) {
    return undefined;
  }
  assertTask(task);
  const { pooling } = task;
  if (pooling !== undefined && pooling !== 'own' && pooling !== 'batch') {
    const message = `must be 'own' or 'batch', got ${show(pooling)}.`;
    reader.issues.add('task.pooling', message, "Leave it out for 'own'.");
  }
  return task;
}
