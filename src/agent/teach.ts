import type { GroupConfig } from '../algorithm/step-algorithm.js';
import type { BindingAgent, BindingCollector } from '../native/binding.js';
import { guarded, guardedAsync } from '../native/error.js';
import { Agent } from './agent.js';
import { RolloutCollector } from './collector.js';
import { lessonOf } from './lesson.js';
import type { WeighedShown } from './shown.js';

/** Declared with an opaque type, so that the package's types do not name the addon's. */
function nativeOf(agent: Agent): BindingAgent {
  return Agent.nativeOf(agent) as BindingAgent;
}

/** What programs are worth among others for the same problem. */
export interface GroupAdvantages {
  /** `[n]`. */
  readonly advantages: Float32Array;
  /** Share of the problems whose programs all returned the same. */
  readonly flat: number;
}

/**
 * @param agent - Any agent of the addon that is to compute it.
 * @param returns - Return of each program, `[n]`.
 * @param groups - Which programs are for the same problem: a number below `n` each, `[n]`.
 * @param how - What returns are compared with.
 * @returns What each is worth.
 */
export function groupAdvantages(
  agent: Agent,
  returns: Float32Array,
  groups: Uint32Array,
  { leaveOneOut, scaleByStd }: Pick<GroupConfig, 'leaveOneOut' | 'scaleByStd'>,
): GroupAdvantages {
  return guarded(() => nativeOf(agent).groupAdvantages(returns, groups, leaveOneOut, scaleByStd));
}

/**
 * Says of the actions of a finished rollout how probable they are to a reference.
 *
 * @param reference - Another agent of the same form.
 * @param collector - Who recorded the rollout.
 */
export async function refer(reference: Agent, collector: RolloutCollector): Promise<void> {
  const native = RolloutCollector.nativeOf(collector) as BindingCollector;
  await guardedAsync(() => nativeOf(reference).refer(native));
}

/**
 * Adds the gradient of the cross-entropy of given actions to what waits for {@link Agent.apply}. Where that fails, nothing waits any more.
 *
 * @param agent - Who learns.
 * @param beside - The actions, and how much they count.
 * @returns Mean of −log π(a) over the steps imitated, nats.
 */
export async function accumulateShown(agent: Agent, { shown, weight }: WeighedShown): Promise<number> {
  const native = nativeOf(agent);
  const lesson = lessonOf(shown, weight, native.numberNames);
  try {
    const { policyLoss } = await guardedAsync(() => native.accumulate(lesson));
    return policyLoss / weight;
  } catch (error) {
    await agent.setGradient();
    throw error;
  }
}

/**
 * @param agent - An agent made for an environment.
 * @param dense - Numbers observed, `[n, D]`.
 * @param count - Whether they are counted among the agent's statistics first.
 * @returns The same on the scale that the network reads them on.
 */
export async function normalizeObserved(agent: Agent, dense: Float32Array, count: boolean): Promise<Float32Array> {
  return guardedAsync(() => nativeOf(agent).normalize(dense, count));
}
