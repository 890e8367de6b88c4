import { checkedSample } from '../../task/checked.js';
import type { Grouping } from '../../task/groups.js';
import type { Split } from '../../task/task.js';
import type { Random } from '../../util/random.js';
import { attempt, type Solver } from '../collect/attempt.js';
import { type FullScores, makeScores } from '../collect/scores.js';
import { Sampler } from './sampler.js';

const MAX_BATCH = 4096;
/** Of problems for which programs are sampled, which is done on the JavaScript thread. */
const MAX_SAMPLED_BATCH = 256;

/** What is measured, and how. */
export interface SurveyPlan {
  /** Stage id. */
  readonly stage: number;
  /** How many to draw. */
  readonly problems: number;
  /** What they are drawn for. */
  readonly split: Split;
  /** Whether the first program of each problem is the greedy one. */
  readonly deterministic: boolean;
  /** Programs sampled for each problem besides. */
  readonly samples: number;
  /** How problems are told apart. */
  readonly grouping: Grouping | undefined;
  /** The stream that problems are drawn from. */
  readonly random: Random;
  /** The stream that seeds of sampled programs are drawn from. */
  readonly sampleRandom: Random;
}

/** What programs reached, problem by problem, `[m]` each. */
export interface Survey {
  /** Whether the first program was right. */
  readonly successes: Uint8Array;
  /** Return of the first program. */
  readonly returns: Float32Array;
  /** Programs sampled besides, `n`. */
  readonly samples: number;
  /** How many of these were right. */
  readonly right: Uint16Array;
  /** Sum of their returns. */
  readonly returnSums: Float64Array;
  /** The highest of their returns; −∞ where `n` is 0. */
  readonly bestReturns: Float32Array;
  /** The problem's group. */
  readonly groups: readonly string[] | undefined;
}

/**
 * Draws problems and has an agent solve them, greedily and by sampled programs.
 *
 * @param solver - Task and agent.
 * @param plan - What is measured, and how.
 * @returns What was reached.
 */
export async function survey(solver: Solver, plan: SurveyPlan): Promise<Survey> {
  const { task } = solver;
  const { stage, problems, samples, deterministic, grouping, random, split } = plan;
  const sampled = samples > 0 || !deterministic;
  // With the batch's mean as context the result depends on what is in the batch: then all problems are one batch.
  const size = task.pooling === 'batch' ? problems : Math.min(problems, sampled ? MAX_SAMPLED_BATCH : MAX_BATCH);
  const found = {
    successes: new Uint8Array(problems),
    returns: new Float32Array(problems),
    samples,
    right: new Uint16Array(problems),
    returnSums: new Float64Array(problems),
    bestReturns: new Float32Array(problems).fill(-Infinity),
    groups: grouping === undefined ? undefined : new Array<string>(problems),
  };
  const sampler = sampled ? await Sampler.make(solver, size, plan.sampleRandom.uint32()) : undefined;
  try {
    for (let done = 0; done < problems; done += size) {
      const count = Math.min(size, problems - done);
      const batch = checkedSample(task, new Int32Array(count).fill(stage), random, split);
      for (let at = 0; found.groups !== undefined && grouping !== undefined && at < count; at += 1) {
        found.groups[done + at] = grouping(batch, at);
      }
      const scores = makeScores(count);
      if (deterministic) {
        await attempt(solver, batch, true, scores);
      } else {
        await sampler?.sample(batch, scores);
      }
      found.successes.set(scores.successes, done);
      found.returns.set(scores.returns, done);
      for (let sample = 0; sample < samples; sample += 1) {
        await sampler?.sample(batch, scores);
        addSample(found, scores, done);
      }
    }
  } finally {
    sampler?.close();
  }
  return found;
}

function addSample({ right, returnSums, bestReturns }: Survey, { successes, returns }: FullScores, first: number): void {
  for (let at = 0; at < returns.length; at += 1) {
    const episodeReturn = returns[at] as number;
    right[first + at] = (right[first + at] as number) + (successes[at] as number);
    returnSums[first + at] = (returnSums[first + at] as number) + episodeReturn;
    bestReturns[first + at] = Math.max(bestReturns[first + at] as number, episodeReturn);
  }
}
