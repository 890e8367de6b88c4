import type { Rollout } from '../../agent/results.js';
import type { ToolTask } from '../../define/tool-task.js';
import { checkedDescribe, checkedSample } from '../../task/checked.js';
import type { ProblemBatch, Task } from '../../task/task.js';
import type { Random } from '../../util/random.js';
import { attempt, type Solver } from '../collect/attempt.js';
import { type FullScores, makeScores } from '../collect/scores.js';

/** One emitted token. */
export interface ExplainedStep {
  /** Its text. */
  readonly token: string;
  /** π(a), 0 to 1. */
  readonly probability: number;
  /** The critic's v: what it expects the return to be, in the return's own unit. */
  readonly value: number;
  /** Entropy of the policy at this step, nats. */
  readonly entropy: number;
  /** Whether a tool ran, the same for all tokens of a call; absent where the task does not say, or when the program had ended. */
  readonly applied: boolean | undefined;
}

/** One problem, the greedy program for it, and what it earned. */
export interface Explanation {
  /** Stage id. */
  readonly stage: number;
  /** Stage name. */
  readonly name: string;
  /** What the network was shown. */
  readonly context: string;
  /** What a right program reaches. */
  readonly target: string;
  /** The program, `T` tokens as text. */
  readonly tokens: readonly string[];
  /** What the network thought at each token, `[T]`. */
  readonly steps: readonly ExplainedStep[];
  /** Tokens that were executed: those after the one that ended the program do not count. `T` where the task does not say. */
  readonly executed: number;
  /** Return of the program. */
  readonly episodeReturn: number;
  /** Whether the stated target was met. */
  readonly success: boolean;
}

/**
 * Draws problems, solves them greedily and says how.
 *
 * @param solver - Task and agent.
 * @param stage - Stage id.
 * @param count - How many.
 * @param random - The stream they are drawn from.
 * @returns One explanation a problem.
 */
export async function explainStage(solver: Solver, stage: number, count: number, random: Random): Promise<Explanation[]> {
  // With the batch's mean as context, problems are explained one by one, as the tutorial does.
  const size = solver.task.pooling === 'batch' ? 1 : count;
  const explanations: Explanation[] = [];
  while (explanations.length < count) {
    explanations.push(...(await explainBatch(solver, new Int32Array(size).fill(stage), random)));
  }
  return explanations;
}

async function explainBatch(solver: Solver, stages: Int32Array, random: Random): Promise<Explanation[]> {
  const { task } = solver;
  const batch = checkedSample(task, stages, random, 'test');
  const scores = makeScores(stages.length);
  const { rollout } = await attempt(solver, batch, true, scores);
  return Array.from(stages, (_, index) => explainProgram(task, { batch, rollout, scores }, index));
}

/** Programs for the problems of a batch, and what they earned. */
export interface SolvedBatch {
  readonly batch: ProblemBatch;
  readonly rollout: Rollout;
  readonly scores: FullScores;
}

/**
 * @param task - The task.
 * @param solved - Programs for some problems.
 * @param index - Which of them.
 * @returns What was shown and emitted, and what it earned.
 */
export function explainProgram(task: Task, { batch, rollout, scores }: SolvedBatch, index: number): Explanation {
  const { horizon } = task;
  const stage = batch.stages[index] ?? -1;
  const program = rollout.actions.subarray(index * horizon, (index + 1) * horizon);
  const applied = appliedSteps(task, batch, index, program);
  const steps = Array.from(program, (action, t) => ({
    token: task.vocabulary[action] ?? `<${action}>`,
    probability: Math.exp(rollout.logProbs[index * horizon + t] ?? NaN),
    value: rollout.values[index * horizon + t] ?? NaN,
    entropy: rollout.entropies[index * horizon + t] ?? NaN,
    applied: applied?.[t],
  }));
  const { context, target } = checkedDescribe(task, batch, index);
  return {
    stage,
    name: task.stages[stage] ?? '',
    context,
    target,
    tokens: steps.map(({ token }) => token),
    steps,
    executed: applied?.length ?? horizon,
    episodeReturn: scores.returns[index] ?? NaN,
    success: scores.successes[index] === 1,
  };
}

/** For a task made by `defineTask`: whether a tool ran, at each step up to the end of the program. */
function appliedSteps(task: Task, batch: ProblemBatch, index: number, program: Int32Array): boolean[] | undefined {
  if (!('trace' in task && 'problems' in batch)) {
    return undefined;
  }
  const { trace } = task as unknown as ToolTask;
  const { problems, stages } = batch as ProblemBatch & { readonly problems: readonly unknown[] };
  const { steps } = trace.call(task, problems[index], stages[index] ?? 0, program);
  return steps.flatMap(({ applied, tokenCount = 1 }) => new Array<boolean>(tokenCount).fill(applied));
}
