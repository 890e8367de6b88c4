import { type ModelSpec, reads } from '../checkpoint/model-spec.js';
import type { Weights } from './graph.js';

/** What is exported. */
export interface ExportSource {
  readonly spec: ModelSpec;
  /** Tensors by PyTorch's names. */
  readonly weights: Readonly<Record<string, Weights>>;
  /** Tokens of a program, `T`. */
  readonly horizon: number;
  /** The token before the first. */
  readonly startToken: number;
  /** Actions that may ever be chosen, `[A]`; absent: all. */
  readonly actionMask: Uint8Array | undefined;
  /** What observed numbers are normalized by, `[D]` each; absent: they are read as they are. */
  readonly statistics: Statistics | undefined;
  /** Texts by name that go along. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Moments of the numbers that were observed. */
export interface Statistics {
  readonly mean: readonly number[];
  readonly variance: readonly number[];
}

/**
 * @param source - What is exported.
 * @returns Which actions may be chosen; undefined where all may.
 */
export function allowedOf({ actionMask }: ExportSource): readonly boolean[] | undefined {
  return actionMask === undefined || actionMask.every((entry) => entry !== 0) ? undefined : Array.from(actionMask, (entry) => entry !== 0);
}

/**
 * @param spec - A network.
 * @returns Whether it matters which step of the episode it is.
 */
export function countsSteps(spec: ModelSpec): boolean {
  const begins = reads(spec, 'episodeStart') && spec.encoder.kind !== 'none';
  return begins || reads(spec, 'clock') || spec.window > 0;
}
