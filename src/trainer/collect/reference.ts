import { Agent } from '../../agent/agent.js';
import type { RolloutCollector } from '../../agent/collector.js';
import type { Episodes } from '../../agent/inputs.js';
import type { StateDict } from '../../agent/state-dict.js';
import { refer } from '../../agent/teach.js';

/** Whom the policy is held to: itself as it was when the run or the stage began, or another agent. */
export type ReferenceOption = 'start' | 'stage' | Agent;

/** A policy that does not change, which another one is held to. */
export class Reference {
  readonly #agent: Agent;
  readonly #option: ReferenceOption;
  #reference: Agent | undefined;
  #weights: StateDict | undefined;

  /**
   * @param agent - Who is held.
   * @param option - Whom to.
   */
  constructor(agent: Agent, option: ReferenceOption) {
    this.#agent = agent;
    this.#option = option;
  }

  /** A stage begins. */
  async enter(): Promise<void> {
    if (Agent.isInstance(this.#option)) {
      this.#reference = this.#option;
    } else if (this.#reference === undefined || this.#option === 'stage') {
      await this.close();
      this.#reference = await this.#agent.clone({ optimizer: false });
    }
  }

  /** @returns Its weights; undefined where it is an agent of the caller's, or nobody yet. */
  async getState(): Promise<StateDict | undefined> {
    const own = Agent.isInstance(this.#option) ? undefined : this.#reference;
    // They do not change: read once.
    this.#weights ??= await own?.stateDict();
    return this.#weights;
  }

  /**
   * Goes on with a stage under way.
   *
   * @param weights - What {@link Reference.getState} returned.
   */
  async setState(weights: StateDict | undefined): Promise<void> {
    if (weights === undefined) {
      await this.enter();
      return;
    }
    await this.close();
    this.#reference = await this.#agent.clone({ optimizer: false });
    await this.#reference.loadStateDict(weights);
  }

  /**
   * @param episodes - Programs.
   * @returns How probable they are to the reference, log π(a), `[n, T]`.
   */
  async logProbs({ contexts, contextLengths, contextValues, stages, actions }: Episodes): Promise<Float32Array> {
    return (await this.#entered().evaluateActions({ contexts, contextLengths, contextValues, stages, actions })).logProbs;
  }

  /** @param recorder - A finished rollout, which is told how probable its actions are to the reference. */
  async refer(recorder: RolloutCollector): Promise<void> {
    await refer(this.#entered(), recorder);
  }

  /** Frees what was made here. */
  async close(): Promise<void> {
    const reference = this.#reference;
    this.#reference = undefined;
    this.#weights = undefined;
    if (reference !== this.#option) {
      await reference?.close();
    }
  }

  #entered(): Agent {
    return this.#reference ?? this.#agent;
  }
}
