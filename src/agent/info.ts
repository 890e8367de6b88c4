import type { UpdateConfig } from '../algorithm/a2c.js';
import { type SpaceLayout, spaceKey } from '../spaces/layout.js';
import type { Spaces } from '../spaces/plain.js';
import type { ObservationSpace, Space } from '../spaces/space.js';
import type { Task } from '../task/task.js';
import type { Issues } from '../util/issues.js';
import { show } from '../util/show.js';
import type { AttentionOption, DirectionOption, EncoderOption } from './architecture.js';
import type { Engine } from './options.js';

/** What an agent is made of and where it runs. */
export interface AgentInfo {
  /** Name of the task it was made for; absent when a checkpoint does not say. */
  readonly taskName: string | undefined;
  /** Text of each token, `[V]`; absent when a checkpoint does not say. */
  readonly vocabulary: readonly string[] | undefined;
  /** Name of each stage, `[S]`; absent when a checkpoint does not say. */
  readonly stages: readonly string[] | undefined;
  /** Tokens, `V`; with an environment its actions, and one that stands before the first. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
  /** Width of the embeddings and of the hidden state, `H`. */
  readonly hiddenSize: number;
  /** Layers of the GRU. */
  readonly layers: number;
  /** Whether it has a memory; see {@link ArchitectureOptions.memory}. */
  readonly memory: boolean;
  /** How prompts are read; undefined for an environment, which has none. */
  readonly encoder: EncoderOption | undefined;
  /** Which way prompts are read; undefined but with the encoder `gru`. */
  readonly direction: DirectionOption | undefined;
  /** What each step looks up. */
  readonly attention: AttentionOption;
  /** How many steps back it looks up its own past; undefined where it does not. */
  readonly historyWindow: number | undefined;
  /** Whether it reads the step within the episode. */
  readonly clock: boolean;
  /** Tokens emitted in an episode, `T`. */
  readonly horizon: number;
  /** Tokens of each context, `L`, where the task fixed it; absent: contexts of any length are taken. */
  readonly contextLength: number | undefined;
  /** Whether it reads a number beside each token of a context. */
  readonly contextValues: boolean;
  /** The token whose embedding is the first input. */
  readonly startToken: number;
  /** 1 for each token that may be emitted, `[V]`; absent: all may. */
  readonly actionMask: Uint8Array | undefined;
  /** Whether a problem sees its `own` context, or the mean over the `batch`. */
  readonly pooling: 'own' | 'batch';
  /** What is observed before each step, where it was made for an environment; undefined otherwise. */
  readonly observationSpace: ObservationSpace<unknown> | undefined;
  /** What the actions are one of, where it was made for an environment; undefined otherwise. */
  readonly actionSpace: Space<unknown> | undefined;
  /** What stands beside the previous action among the inputs of a step: how many numbers, and how many values each id has. */
  readonly observed: Pick<SpaceLayout, 'dense' | 'discrete'>;
  /** Seed of the weights and of the sampled actions. */
  readonly seed: number;
  /** Where the network runs. */
  readonly device: 'cpu' | 'cuda';
  /** Why `device: 'auto'` took the CPU; absent otherwise. */
  readonly deviceReason: string | undefined;
  /** Which implementation runs it. */
  readonly engine: Engine;
  /** Native threads asked for; 0: as many as the machine has. */
  readonly threads: number;
  /** Coefficients that updates use unless a call overrides them. */
  readonly update: UpdateConfig;
}

/**
 * Says in what a task differs from the one that an agent was made for, as far as the network depends on it.
 *
 * @param info - The agent's.
 * @param task - The task.
 * @param remedy - What to do about it.
 * @param issues - Where an issue a difference is added, at the task's own place.
 */
export function compareTask(info: AgentInfo, task: Task, remedy: string, issues: Issues): void {
  const compare = (key: string, actual: unknown, expected: unknown): void => {
    if (actual !== expected) {
      issues.add(key, `is ${show(actual)}, the agent was made for ${show(expected)}.`, remedy);
    }
  };
  compare('interaction.observationLength', task.interaction?.observationLength ?? 0, info.observed.discrete.length);
  compare('vocabulary.length', task.vocabulary.length, info.vocabSize);
  compare('stages.length', task.stages.length, info.stageCount);
  compare('horizon', task.horizon, info.horizon);
  if (task.contextLength !== undefined && info.contextLength !== undefined) {
    compare('contextLength', task.contextLength, info.contextLength);
  }
  compare('contextValues', task.contextValues ?? false, info.contextValues);
  compare('startToken', task.startToken, info.startToken);
  compare('pooling', task.pooling ?? 'own', info.pooling);
  compare('actionMask', maskText(task.actionMask, task.vocabulary.length), maskText(info.actionMask, info.vocabSize));
  const { vocabulary } = info;
  if (vocabulary?.length === task.vocabulary.length) {
    const index = vocabulary.findIndex((token, i) => token !== task.vocabulary[i]);
    if (index >= 0) {
      compare(`vocabulary[${index}]`, task.vocabulary[index], vocabulary[index]);
    }
  }
}

/**
 * Says in what an environment differs from the one that an agent was made for.
 *
 * @param info - The agent's.
 * @param spaces - The environment's.
 * @param remedy - What to do about it.
 * @param issues - Where an issue a difference is added, at the environment's own place.
 */
export function compareSpaces(info: AgentInfo, spaces: Spaces, remedy: string, issues: Issues): void {
  for (const key of ['observationSpace', 'actionSpace'] as const) {
    const own = info[key];
    if (own === undefined) {
      issues.add(key, 'is there, and the agent was made for no environment.', remedy);
    } else if (spaceKey(own) !== spaceKey(spaces[key])) {
      issues.add(key, `differs from that of the environment that the agent was made for.`, remedy);
    }
  }
}

function maskText(mask: Uint8Array | undefined, size: number): string {
  return mask === undefined ? '1'.repeat(size) : Array.from(mask, (allowed) => (allowed === 0 ? '0' : '1')).join('');
}
