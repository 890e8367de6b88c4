import type { StateDict } from './state-dict.js';

/** How {@link Agent.act} chooses. */
export interface ActOptions {
  /**
   * Take the most probable token instead of sampling.
   *
   * @defaultValue false
   */
  readonly deterministic?: boolean | undefined;
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

/** Losses of one update, before its step. */
export interface UpdateStats {
  /** The whole loss: policyLoss + valueCoef · valueLoss − entropyCoef · entropy. */
  readonly loss: number;
  /** −mean(Σₜ log π(aₜ) · advantageₜ), the mean over problems, the sum over steps that count. The advantage is R − vₜ, or R − Σₜ vₜ at every step where the `baseline` is `program`. */
  readonly policyLoss: number;
  /** Mean of (vₜ − R)² over all steps that count, or of (Σₜ vₜ − R)² over problems where the `baseline` is `program`. */
  readonly valueLoss: number;
  /** Mean over all steps that count, in nats, at least 0. */
  readonly entropy: number;
  /** Global norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** 1 − Var(R − V) / Var(R), with V as in `valueLoss`; at most 1, and NaN when all returns are equal. */
  readonly explainedVariance: number;
}

/** {@link UpdateStats} and the gradients they come with. */
export interface Gradients extends UpdateStats {
  /** By weight name, after clipping; shapes as in {@link StateDict}. */
  readonly gradients: StateDict;
}
