import type { Session } from '../../infer/session.js';
import { checkedScore, promptsOf } from '../../task/checked.js';
import { checkedBegin } from '../../task/checked-episodes.js';
import type { ProblemBatch } from '../../task/task.js';
import type { Solver } from '../collect/attempt.js';
import { converse, heardIn } from '../collect/converse.js';
import type { FullScores } from '../collect/scores.js';
import { Breather } from '../steps/breather.js';

/**
 * Samples programs to be measured. By a session, whose random numbers are its own: an agent counts the rollouts that it samples, and those
 * of an evaluation would change all that are trained on after it.
 */
export class Sampler {
  readonly #solver: Solver;
  readonly #session: Session;

  private constructor(solver: Solver, session: Session) {
    this.#solver = solver;
    this.#session = session;
  }

  /**
   * @param solver - Task and agent.
   * @param size - The most problems of a batch.
   * @param seed - Of what is sampled.
   * @returns The sampler, to be closed.
   */
  static async make(solver: Solver, size: number, seed: number): Promise<Sampler> {
    return new Sampler(solver, await solver.agent.session({ size, seed }));
  }

  /**
   * Samples another program for each problem.
   *
   * @param batch - The problems.
   * @param scores - Written in full.
   */
  async sample(batch: ProblemBatch, scores: FullScores): Promise<void> {
    const { task } = this.#solver;
    const session = this.#session;
    session.begin(promptsOf(task, batch));
    if (task.interaction !== undefined) {
      const episodes = checkedBegin(task, batch);
      await converse(task, episodes, () => session.advance(undefined, heardIn(episodes), episodes.allowed, undefined, false).actions);
      episodes.score(scores);
      return;
    }
    const { horizon } = task;
    const breather = new Breather();
    const actions = new Int32Array(batch.size * horizon);
    for (let t = 0; t < horizon; t += 1) {
      const step = session.step();
      for (let row = 0; row < batch.size; row += 1) {
        actions[row * horizon + t] = step.actions[row] as number;
      }
      if (breather.due) {
        await breather.breathe();
      }
    }
    checkedScore(task, batch, actions, scores);
  }

  /** Frees the native side. */
  close(): void {
    this.#session.close();
  }
}
