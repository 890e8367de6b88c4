import type { UpdateConfig } from '../algorithm/a2c.js';
import type { NetworkInfo } from '../infer/info.js';
import { spaceKey } from '../spaces/layout.js';
import type { Spaces } from '../spaces/plain.js';
import type { Task } from '../task/task.js';
import type { Issues } from '../util/issues.js';
import { show } from '../util/show.js';
import type { Engine } from './options.js';

/** What an agent is made of and where it runs. */
export interface AgentInfo extends NetworkInfo {
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
