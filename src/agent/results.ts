import type { UpdateStats } from '../algorithm/objective.js';
import type { Ids } from '../infer/prompts.js';
import type { ActOptions } from '../infer/stepping.js';
import type { JsonData } from '../util/json-data.js';
import type { StateDict } from './state-dict.js';

/** What another agent of the same weights is; see {@link Agent.clone}. */
export interface CloneOptions {
  /**
   * Seed of what the other agent samples, a non-negative safe integer: its streams begin anew.
   *
   * @defaultValue this agent's, at the place where its streams are: both then go on alike
   */
  readonly seed?: number | undefined;
  /**
   * Whether the other agent has Adam's state too.
   *
   * @defaultValue true
   */
  readonly optimizer?: boolean | undefined;
}

/** How {@link Agent.act} chooses whole programs. */
export interface RolloutOptions extends ActOptions {
  /**
   * One step of each program, `[n]`, from 0 to `T` − 1, at which every token that may be emitted is as probable as the others; −1 for none. What the
   * rollout says of the token is the policy's. Cannot be given with `deterministic`.
   *
   * @defaultValue no step
   */
  readonly randomSteps?: Ids | undefined;
}

/** Programs that the network emitted. Row-major; `n` problems, `T` = horizon. */
export interface Rollout {
  /** Token ids, `[n, T]`. */
  readonly actions: Int32Array;
  /** log π(a), `[n, T]`. */
  readonly logProbs: Float32Array;
  /** −Σ π·log(π + 1e−9), `[n, T]`, in nats. */
  readonly entropies: Float32Array;
  /** The critic's v, `[n, T]`. Each estimates the return where the `baseline` is `step`, their sum over `T` where it is `program`. */
  readonly values: Float32Array;
}

/** What the network makes of given programs. Row-major. */
export interface Evaluation {
  /** Before the softmax, `[n, T, V]`; −Infinity where masked. */
  readonly logits: Float32Array;
  /** log π(a), `[n, T]`. */
  readonly logProbs: Float32Array;
  /** −Σ π·log(π + 1e−9), `[n, T]`, in nats. */
  readonly entropies: Float32Array;
  /** The critic's v, `[n, T]`; see {@link Rollout.values}. */
  readonly values: Float32Array;
}

/** {@link UpdateStats} and the gradients they come with. */
export interface Gradients extends UpdateStats {
  /** By weight name, after clipping; shapes as in {@link StateDict}. */
  readonly gradients: StateDict;
}

/** Options of {@link Agent.save}. */
export interface SaveOptions {
  /**
   * Anything of the caller's own, as JSON has it: {@link Agent.metadata} of an agent that is loaded from the file.
   *
   * @defaultValue what the agent was loaded with, if anything
   */
  readonly metadata?: JsonData | undefined;
}
