import { checkedSample } from '../../task/checked.js';
import type { Measured } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import { attempt, type Solver } from '../collect/attempt.js';
import { addScores, makeScores } from '../collect/scores.js';

const MAX_BATCH = 4096;

/** Measures an agent with greedy programs on fresh problems. Keeps its arrays, so one measurement at a time. */
export class Evaluator {
  readonly #solver: Solver;
  #stages = new Int32Array(0);
  #scores = makeScores(0);

  /** @param solver - Task and agent. */
  constructor(solver: Solver) {
    this.#solver = solver;
  }

  /**
   * @param stage - Stage id.
   * @param problems - How many to draw.
   * @param random - The stream they are drawn from.
   * @returns Success and mean return.
   */
  async measure(stage: number, problems: number, random: Random): Promise<Measured> {
    const { task } = this.#solver;
    // With the batch's mean as context the result depends on what is in the batch: then all problems are one batch.
    const size = task.pooling === 'batch' ? problems : Math.min(problems, MAX_BATCH);
    const totals = { successes: 0, returns: 0, steps: 0 };
    for (let done = 0; done < problems; done += size) {
      const count = Math.min(size, problems - done);
      this.#resize(count);
      const batch = checkedSample(task, this.#stages.fill(stage), random, 'test');
      await attempt(this.#solver, batch, true, this.#scores);
      addScores(totals, this.#scores, count);
    }
    return { successRate: totals.successes / problems, meanReturn: totals.returns / problems };
  }

  #resize(count: number): void {
    if (this.#stages.length !== count) {
      this.#stages = new Int32Array(count);
      this.#scores = makeScores(count);
    }
  }
}
