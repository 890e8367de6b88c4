import type { Agent } from '../../agent/agent.js';
import type { Rollout } from '../../agent/results.js';
import type { Session } from '../../infer/session.js';
import type { CheckedPrompts } from '../../task/checked-prompts.js';
import type { Task, TaskEpisodes } from '../../task/task.js';
import { Breather } from '../steps/breather.js';

/**
 * Steps the problems of a task that answers, until all are over.
 *
 * @param task - The task.
 * @param episodes - Its problems, before the first step.
 * @param choose - Chooses a token for each, `[n]`, by what is heard and allowed; `t` counts steps from 0.
 * @param answered - Called after each step.
 */
export async function converse(
  { horizon }: Pick<Task, 'horizon'>,
  episodes: TaskEpisodes,
  choose: (t: number) => Int32Array,
  answered?: () => void,
): Promise<void> {
  const breather = new Breather();
  for (let t = 0; t < horizon && episodes.ended.includes(0); t += 1) {
    episodes.step(choose(t));
    answered?.();
    if (breather.due) {
      await breather.breathe();
    }
  }
}

/**
 * @param episodes - Problems that are stepped.
 * @returns What is heard; undefined where there is nothing to hear.
 */
export function heardIn({ heard }: TaskEpisodes): Int32Array | undefined {
  return heard.length === 0 ? undefined : heard;
}

/**
 * Lets an agent talk with a task, without learning from it.
 *
 * @param solver - Task and agent.
 * @param prompts - What the agent is shown.
 * @param episodes - The same problems.
 * @returns What was emitted, the most probable token at each step; where all problems were over, the first token stands, with no probability.
 */
export async function talk(
  { task, agent }: { readonly task: Task; readonly agent: Pick<Agent, 'session'> },
  prompts: CheckedPrompts,
  episodes: TaskEpisodes,
): Promise<Rollout> {
  const size = prompts.stages.length;
  const { horizon } = task;
  const rollout = {
    actions: new Int32Array(size * horizon).fill(firstToken(task)),
    logProbs: new Float32Array(size * horizon).fill(-Infinity),
    entropies: new Float32Array(size * horizon),
    values: new Float32Array(size * horizon),
  };
  const session: Session = await agent.session({ size });
  try {
    session.begin(prompts);
    await converse(task, episodes, (t) => {
      const step = session.advance(undefined, heardIn(episodes), episodes.allowed, undefined, true);
      for (const name of ['actions', 'logProbs', 'entropies', 'values'] as const) {
        for (let row = 0; row < size; row += 1) {
          rollout[name][row * horizon + t] = step[name][row] as number;
        }
      }
      return step.actions;
    });
  } finally {
    session.close();
  }
  return rollout;
}

/**
 * @param task - The task.
 * @returns A token that may be emitted: stands where nothing was.
 */
export function firstToken({ actionMask }: Pick<Task, 'actionMask'>): number {
  return Math.max(actionMask?.indexOf(1) ?? 0, 0);
}
