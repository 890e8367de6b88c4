import { groupingOf } from '../../task/groups.js';
import type { MeasuredGroups } from '../../task/measured.js';
import type { Random } from '../../util/random.js';
import type { Solver } from '../collect/attempt.js';
import { evaluationOf, groupEvaluationsOf } from './estimates.js';
import { survey } from './survey.js';

/** Measures an agent with greedy programs on fresh problems, on those that are held out where there are some. */
export class Evaluator {
  readonly #solver: Solver;

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
    const grouping = groupingOf(this.#solver.task);
    // No program is sampled, so nothing is drawn for that.
    const greedy = { deterministic: true, samples: 0, sampleRandom: random };
    const found = await survey(this.#solver, { stage, problems, split: 'test', grouping, random, ...greedy });
    const { successRate, meanReturn } = evaluationOf(found, []);
    const groups = groupEvaluationsOf(found, []);
    const worst = groups && { worstGroupAtMost: Math.min(...groups.map(({ interval }) => interval.high)) };
    return { successRate, meanReturn, ...worst };
  }
}
