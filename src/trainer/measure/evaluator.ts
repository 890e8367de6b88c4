import type { Agent } from '../../agent/agent.js';
import type { Measured } from '../../curriculum/promotion.js';
import { checkedSample, checkedScore } from '../../task/checked.js';
import type { Scores, Task } from '../../task/task.js';
import type { Random } from '../../util/random.js';

const MAX_BATCH = 4096;

/** Measures an agent with greedy programs on fresh problems. Keeps its arrays, so one measurement at a time. */
export class Evaluator {
  readonly #task: Task;
  readonly #agent: Agent;
  #stages = new Int32Array(0);
  #scores = makeScores(0);

  /**
   * @param task - Where problems come from.
   * @param agent - Who solves them.
   */
  constructor(task: Task, agent: Agent) {
    this.#task = task;
    this.#agent = agent;
  }

  /**
   * @param stage - Stage id.
   * @param problems - How many to draw.
   * @param random - The stream they are drawn from.
   * @returns Success and mean return.
   */
  async measure(stage: number, problems: number, random: Random): Promise<Measured> {
    // With the batch's mean as context the result depends on what is in the batch: then all problems are one batch.
    const size = this.#task.contextPooling === 'batch' ? problems : Math.min(problems, MAX_BATCH);
    let successes = 0;
    let total = 0;
    for (let done = 0; done < problems; done += size) {
      const count = Math.min(size, problems - done);
      this.#resize(count);
      const stages = this.#stages.fill(stage);
      const batch = checkedSample(this.#task, stages, random);
      const { actions } = await this.#agent.act({ contexts: batch.contexts, stages, deterministic: true });
      checkedScore(this.#task, batch, actions, this.#scores);
      for (let i = 0; i < count; i += 1) {
        successes += this.#scores.successes[i] as number;
        total += this.#scores.rewards[i] as number;
      }
    }
    return { successRate: successes / problems, meanReturn: total / problems };
  }

  #resize(count: number): void {
    if (this.#stages.length !== count) {
      this.#stages = new Int32Array(count);
      this.#scores = makeScores(count);
    }
  }
}

/** {@link Scores} with all that a task may write. */
export type FullScores = { readonly [K in keyof Scores]-?: NonNullable<Scores[K]> };

/**
 * @param count - Programs, `n`.
 * @returns Where a task writes its scores.
 */
export function makeScores(count: number): FullScores {
  return { rewards: new Float32Array(count), successes: new Uint8Array(count), lengths: new Int32Array(count) };
}
