import type { Issues } from '../util/issues.js';
import { isRecord } from '../util/kind.js';
import type { OptionReader } from '../util/option-reader.js';
import { show } from '../util/show.js';
import { addUnknownKeys } from '../util/value-reader.js';

/** Size of a batch whose gradient is summed from parts. */
export interface BatchTotal {
  /** Rows, `n`; above 0. */
  readonly rows: number;
  /** Sum of the steps' weights, `N`: the steps that count; above 0. */
  readonly steps: number;
}

/**
 * How the policy's term of the loss is made. With weights w of the steps and `N` their sum, A the advantages and ρ = exp(log π(a) − oldLogProb):
 *
 * - without `oldLogProbs`: policyLoss = −Σ w·log π(a)·A / P
 * - with them: policyLoss = −Σ w·min(ρ·A, clip(ρ, 1 − clipRange, 1 + clipRangeHigh)·A) / P (Schulman et al., 2017, equation 7)
 *
 * With `referenceLogProbs` and r = exp(referenceLogProb − log π(a)), the loss has klCoef · Σ w·(r − log r − 1) / N besides.
 */
export interface ObjectiveOptions {
  /**
   * How far ρ may move from 1 before a step is not learned from any more, above 0; `Infinity`: any way. Of meaning with `oldLogProbs` alone.
   *
   * @defaultValue Infinity
   */
  readonly clipRange?: number | undefined;
  /**
   * The same for ρ above 1, where it differs.
   *
   * @defaultValue `clipRange`
   */
  readonly clipRangeHigh?: number | undefined;
  /**
   * Weight of the divergence from a reference, at least 0. Of meaning with `referenceLogProbs` alone.
   *
   * @defaultValue 0
   */
  readonly klCoef?: number | undefined;
  /**
   * P. `episode`: the rows, `n`, so that the term is a sum over a row's steps, as the gradient of its expected return is. `step`: `N`, a mean
   * over steps.
   *
   * @defaultValue 'episode'
   */
  readonly reduction?: 'episode' | 'step' | undefined;
  /**
   * What the terms are means over where these rows are part of a larger batch, whose gradient is the sum of its parts'.
   *
   * @defaultValue these rows
   */
  readonly total?: BatchTotal | undefined;
}

/** {@link ObjectiveOptions}, filled in. */
export interface ObjectiveConfig {
  readonly clipRange: number;
  readonly clipRangeHigh: number;
  readonly klCoef: number;
  readonly reduction: 'episode' | 'step';
  readonly total: BatchTotal | undefined;
}

/** Names of {@link ObjectiveOptions}. */
export const OBJECTIVE_OPTIONS = ['clipRange', 'clipRangeHigh', 'klCoef', 'reduction', 'total'] as const;

/**
 * @param reader - Over what the caller passed.
 * @returns All options of the policy's term.
 */
export function readObjectiveOptions(reader: OptionReader): ObjectiveConfig {
  const clipRange = reader.number('clipRange', Infinity, { above: 0, infinite: true, single: true });
  return {
    clipRange,
    clipRangeHigh: reader.number('clipRangeHigh', clipRange, { above: 0, infinite: true, single: true }),
    klCoef: reader.number('klCoef', 0, { min: 0, single: true }),
    reduction: reader.choice('reduction', 'episode', ['episode', 'step']),
    total: readTotal(reader.raw('total'), reader.issues.at('total')),
  };
}

function readTotal(total: unknown, issues: Issues): BatchTotal | undefined {
  if (total === undefined) {
    return undefined;
  }
  if (!isRecord(total)) {
    issues.add('', `must be { rows, steps }, got ${show(total)}.`, 'Pass the sizes of the whole batch.');
    return undefined;
  }
  const { rows, steps } = total;
  const rule = { above: 0, single: true } as const;
  addUnknownKeys(total, new Set(['rows', 'steps']), issues);
  return issues.number('rows', rows, rule) && issues.number('steps', steps, rule) ? { rows, steps } : undefined;
}

/** Terms of a loss. */
export interface LossStats {
  /** The whole loss: policyLoss + valueCoef · valueLoss − entropyCoef · entropy, and klCoef · referenceKl where there is a reference. */
  readonly loss: number;
  /** The policy's term; see {@link ObjectiveOptions}. Of returns, the advantage is R − vₜ, or R − Σₜ vₜ at every step where the `baseline` is `program`. */
  readonly policyLoss: number;
  /** Weighted mean of (target − vₜ)² over steps, or the mean of (Σₜ vₜ − R)² over problems where the `baseline` is `program`; before `valueCoef`. */
  readonly valueLoss: number;
  /** Weighted mean over steps, in nats, at least 0; before `entropyCoef`. */
  readonly entropy: number;
  /** 1 − Var(target − v) / Var(target), with v as in `valueLoss`; at most 1, and NaN when all targets are equal or there is none. */
  readonly explainedVariance: number;
  /** With `oldLogProbs`: weighted mean of ρ − 1 − log ρ over steps, an estimate of KL(π_old ‖ π) in nats; at least 0. */
  readonly approxKl?: number;
  /** With `oldLogProbs`: weighted share of steps whose ρ is further than `clipRange` from 1, 0 to 1. */
  readonly clipFraction?: number;
  /** With a reference: weighted mean of r − log r − 1 over steps, an estimate of KL(π ‖ π_ref) in nats; at least 0. */
  readonly referenceKl?: number;
}

/** Losses of one update, before its step. */
export interface UpdateStats extends LossStats {
  /** Global norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** With `samples` programs a problem: share of the problems whose programs all returned the same, so that nothing is learned from them. */
  readonly flatGroups?: number;
  /** With `imitation`: mean of −log π(a) over the steps imitated, nats. */
  readonly imitationLoss?: number;
}
