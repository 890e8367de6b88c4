import type { Agent } from '../../agent/agent.js';
import type { Rollout } from '../../agent/results.js';
import { checkedScore, promptsOf } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import { addPrompts, type CheckedPrompts } from '../../task/checked-prompts.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import { talk } from './converse.js';
import type { FullScores } from './scores.js';

/** Who solves the problems of what. */
export interface Solver {
  /** Where problems come from. */
  readonly task: Task;
  /** Who solves them. */
  readonly agent: Agent;
}

/** A program a problem. */
export interface Attempt {
  /** What the agent was shown. */
  readonly prompts: CheckedPrompts;
  /** What it emitted. */
  readonly rollout: Rollout;
}

/**
 * Lets the agent emit a program for each problem, and the task score them.
 *
 * @param solver - Task and agent.
 * @param batch - Problems that `checkedSample` drew.
 * @param deterministic - Whether to take the most probable token instead of sampling; a task that answers is always talked with so.
 * @param scores - Written in full.
 * @returns What was shown and emitted.
 */
export async function attempt({ task, agent }: Solver, batch: ProblemBatch, deterministic: boolean, scores: FullScores): Promise<Attempt> {
  const prompts = promptsOf(task, batch);
  if (task.interaction !== undefined) {
    const episodes = checkedBegin(task, batch);
    const rollout = await talk({ task, agent }, prompts, episodes);
    episodes.score(scores);
    return { prompts, rollout };
  }
  const rollout = await agent.act(addPrompts(prompts, { deterministic }));
  checkedScore(task, batch, rollout.actions, scores);
  return { prompts, rollout };
}
