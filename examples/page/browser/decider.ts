import type { Agent, Prompts, Session } from 'innate/infer';

/** What an agent does next, and what it might have done. */
export interface Decision {
  /** The token or action. */
  readonly action: number;
  /** π of each token or action, `[A]`. */
  readonly probabilities: readonly number[];
  /** What the critic expects of the steps that come. */
  readonly value: number;
}

/**
 * Decides step by step, and says how probable the alternatives were. A session tells π of what it chose and of nothing else, so a second one goes
 * along with a row for each alternative, each of which may choose between that and what was chosen.
 */
export class Decider {
  readonly #acts: Session;
  readonly #asks: Session;
  readonly #actions: number;

  private constructor(acts: Session, asks: Session, actions: number) {
    this.#acts = acts;
    this.#asks = asks;
    this.#actions = actions;
  }

  /**
   * @param agent - Who decides.
   * @param actions - Tokens or actions, `A`.
   * @returns Its decisions, from the beginning of an episode; for a task after {@link Decider.begin}.
   */
  static async of(agent: Agent, actions: number): Promise<Decider> {
    return new Decider(await agent.session(), await agent.session({ size: actions }), actions);
  }

  /** @param prompt - One prompt, of a task; undefined: an environment's next episode. */
  begin(prompt?: Prompts): void {
    if (prompt === undefined) {
      this.#acts.reset();
      this.#asks.reset();
      return;
    }
    const { contexts, stages } = prompt;
    this.#acts.begin({ contexts, stages });
    this.#asks.begin({ contexts: this.#each(contexts), stages: this.#each(stages) });
  }

  /**
   * @param observation - What an environment shows.
   * @returns The most probable action, and how probable each is.
   */
  decide(observation?: number): Decision {
    const { actions, logProbs, values } = this.#acts.step({ observation, deterministic: true });
    const [action = 0] = actions;
    const chosen = Math.exp(logProbs[0] ?? NaN);
    const either = Array.from({ length: this.#actions }, (_, other) =>
      Uint8Array.from({ length: this.#actions }, (_, id) => Number(id === action || id === other)),
    );
    const observed = observation === undefined ? undefined : new Array<number>(this.#actions).fill(observation);
    const pairs = this.#asks.step({ observation: observed, actionMask: either, deterministic: true });
    // Of a pair, the chosen one has p and the other 1 − p. Every row has chosen it, for nothing is more probable, and reads it next.
    const probabilities = Array.from(pairs.logProbs, (logProb, other) =>
      other === action ? chosen : (chosen * -Math.expm1(logProb)) / Math.exp(logProb),
    );
    return { action, probabilities, value: values[0] ?? NaN };
  }

  /** @param action - What is done instead of what was decided: the next step reads it. */
  feed(action: number): void {
    this.#acts.feed([action]);
    this.#asks.feed(new Int32Array(this.#actions).fill(action));
  }

  #each(ids: ArrayLike<number>): Int32Array {
    return Int32Array.from({ length: this.#actions * ids.length }, (_, index) => ids[index % ids.length] ?? 0);
  }
}
