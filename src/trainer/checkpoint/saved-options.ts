import type { Agent } from '../../agent/agent.js';
import { NETWORK_OPTIONS } from '../../agent/options.js';
import { writeData } from '../../util/data-text.js';
import type { Issues } from '../../util/issues.js';
import { isRecord } from '../../util/kind.js';
import { dataKey } from '../../util/plain-data.js';
import { show } from '../../util/show.js';

/** Options that are given anew each time, or come from the checkpoint itself. */
const OWN = new Set(['task', 'environment', 'agent', 'progress', 'signal', 'metadata']);

/** Where an agent runs: chosen anew, or as it was. */
export const RUNTIME_OPTIONS = ['device', 'engine', 'threads'] as const;

/**
 * @param options - What the caller passed to a trainer.
 * @returns What of it is data, and so can be kept: without it a run is resumed with the same.
 */
export function savedOptions(options: unknown): Readonly<Record<string, unknown>> {
  // The folder is the one that a checkpoint is found in.
  const { checkpoint, ...others } = isRecord(options) ? options : {};
  const entries = Object.entries(isRecord(checkpoint) ? { ...others, checkpoint: { ...checkpoint, folder: '' } } : others);
  return Object.fromEntries(entries.filter(([key, value]) => value !== undefined && !OWN.has(key) && isData(value)));
}

function isData(value: unknown): boolean {
  try {
    writeData(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * The options that a run goes on with: those that it was made with, and those that are given now.
 *
 * @param saved - What {@link savedOptions} kept.
 * @param given - What the caller passes now.
 * @param agent - The agent of the checkpoint.
 * @param folder - The folder of the run, if it has one.
 * @param issues - Where an issue is added for each option of the network that is not as it was.
 * @returns The options, for a trainer.
 */
export function mergedOptions(
  saved: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  agent: Agent,
  folder: string | undefined,
  issues: Issues,
): Readonly<Record<string, unknown>> {
  const network = NETWORK_OPTIONS.filter((key) => !RUNTIME_OPTIONS.some((own) => own === key));
  for (const key of network) {
    const [before, now] = [saved[key], given[key]];
    if (now !== undefined && !(isData(now) && dataKey(now) === dataKey(before))) {
      issues.add(key, `is ${show(now)}, the run was made with ${show(before)}.`, `Leave ${key} out: the checkpoint has it.`);
    }
  }
  const merged: Record<string, unknown> = { ...saved, ...withoutUndefined(given), agent };
  for (const key of NETWORK_OPTIONS) {
    delete merged[key];
  }
  const { checkpoint } = saved;
  if (given['checkpoint'] === undefined) {
    delete merged['checkpoint'];
    if (folder !== undefined && isRecord(checkpoint)) {
      merged['checkpoint'] = { ...checkpoint, folder };
    }
  }
  if (given['metadata'] === undefined && agent.metadata !== undefined) {
    merged['metadata'] = agent.metadata;
  }
  return merged;
}

function withoutUndefined(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
