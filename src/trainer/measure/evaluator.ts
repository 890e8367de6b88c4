import { wilson } from '../../metrics/interval.js';
import { checkedSample } from '../../task/checked.js';
import { groupingOf } from '../../task/groups.js';
import type { MeasuredGroups } from '../../task/measured.js';
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
   * @returns Success and mean return, and how the worst group can be doing at best.
   */
  async measure(stage: number, problems: number, random: Random): Promise<MeasuredGroups> {
    const { task } = this.#solver;
    const grouping = groupingOf(task);
    const groups = new Map<string, { count: number; successes: number }>();
    // With the batch's mean as context the result depends on what is in the batch: then all problems are one batch.
    const size = task.pooling === 'batch' ? problems : Math.min(problems, MAX_BATCH);
    const totals = { successes: 0, returns: 0, steps: 0 };
    for (let done = 0; done < problems; done += size) {
      const count = Math.min(size, problems - done);
      this.#resize(count);
      const batch = checkedSample(task, this.#stages.fill(stage), random, 'test');
      await attempt(this.#solver, batch, true, this.#scores);
      addScores(totals, this.#scores, count);
      for (let row = 0; grouping !== undefined && row < count; row += 1) {
        const name = grouping(batch, row);
        const group = groups.get(name) ?? { count: 0, successes: 0 };
        groups.set(name, group);
        group.count += 1;
        group.successes += this.#scores.successes[row] as number;
      }
    }
    const measured = { successRate: totals.successes / problems, meanReturn: totals.returns / problems };
    if (grouping === undefined) {
      return measured;
    }
    const upper = Array.from(groups.values(), ({ count, successes }) => wilson(successes / count, count).high);
    return { ...measured, worstGroupAtMost: Math.min(...upper) };
  }

  #resize(count: number): void {
    if (this.#stages.length !== count) {
      this.#stages = new Int32Array(count);
      this.#scores = makeScores(count);
    }
  }
}
