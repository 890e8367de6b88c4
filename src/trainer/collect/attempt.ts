import type { Agent } from '../../agent/agent.js';
import type { Rollout } from '../../agent/results.js';
import { checkedScore, promptsOf } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import { addPrompts, type CheckedPrompts } from '../../task/checked-prompts.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import { talk } from './converse.js';
import { repeatPrompts } from './samples.js';
import type { FullScores } from './scores.js';

/** Who solves the problems of what. */
export interface Solver {
  /** Where problems come from. */
  readonly task: Task;
  /** Who solves them. */
  readonly agent: Agent;
}

/** A program a problem, or several. */
export interface Attempt {
  /** What the agent was shown, one a program. */
  readonly prompts: CheckedPrompts;
  /** What it emitted. */
  readonly rollout: Rollout;
}

/**
 * Lets the agent sample programs for each problem of a task that does not answer, and the task score them.
 *
 * @param solver - Task and agent.
 * @param batch - Problems that `checkedSample` drew.
 * @param samples - Programs a problem.
 * @param slices - Written in full: the scores of a sample of each problem at a time.
 * @returns What was shown and emitted, sample by sample.
 */
export async function attemptSamples(
  { task, agent }: Solver,
  batch: ProblemBatch,
  samples: number,
  slices: readonly FullScores[],
): Promise<Attempt> {
  const prompts = repeatPrompts(promptsOf(task, batch), samples, task);
  const rollout = await agent.act(addPrompts(prompts, {}));
  const size = rollout.actions.length / samples;
  for (const [k, scores] of slices.entries()) {
    checkedScore(task, batch, rollout.actions.subarray(k * size, (k + 1) * size), scores);
  }
  return { prompts, rollout };
}

/**
 * Lets the agent emit a program for each problem, and the task score them.
 *
 * @param solver - Task and agent.
 * @param batch - Problems that `checkedSample` drew.
 * @param deterministic - Whether to take the most probable token instead of sampling; a task that answers is always talked with so.
 * @param scores - Written in full.
 * @param randomSteps - One step of each program that is any of those allowed, −1 for none, `[n]`; absent: none. Not for a task that answers.
 * @returns What was shown and emitted.
 */
export async function attempt(
  { task, agent }: Solver,
  batch: ProblemBatch,
  deterministic: boolean,
  scores: FullScores,
  randomSteps?: Int32Array,
): Promise<Attempt> {
  const prompts = promptsOf(task, batch);
  if (task.interaction !== undefined) {
    const episodes = checkedBegin(task, batch);
    const rollout = await talk({ task, agent }, prompts, episodes);
    episodes.score(scores);
    return { prompts, rollout };
  }
  const rollout = await agent.act(addPrompts(prompts, { deterministic, randomSteps }));
  checkedScore(task, batch, rollout.actions, scores);
  return { prompts, rollout };
}
