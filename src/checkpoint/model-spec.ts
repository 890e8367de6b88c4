/**
 * What a network is, as a checkpoint's section `model` says it: everything that walks a network outside of the addon walks this. Sizes have been
 * checked by whoever wrote it.
 */
export interface ModelSpec {
  /** Tokens, `V`: rows of the embedding. */
  readonly vocabulary: number;
  /** What is read before the first step. */
  readonly encoder: EncoderSpec;
  /** What is read at each step, in this order; `previousAction` first. */
  readonly inputs: readonly InputSpec[];
  /** Layers of the GRU. */
  readonly layers: number;
  /** Width of embeddings and states, `H`. */
  readonly hidden: number;
  /** `false`: the state before every step is the row's first. */
  readonly recurrent?: boolean;
  /** What the heads read beside the last layer's state; absent: nothing. */
  readonly attention?: { readonly prompt: boolean; readonly history?: { readonly window: number } };
  /** What is chosen. */
  readonly action: { readonly kind: 'categorical'; readonly size: number };
}

/** What is read before the first step. */
export type EncoderSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'pooled'; readonly stages: number; readonly pooling: 'own' | 'batch' }
  | { readonly kind: 'recurrent'; readonly stages: number };

/** A part of what is read at each step. */
export type InputSpec =
  | { readonly kind: 'previousAction' }
  | { readonly kind: 'episodeStart' }
  | { readonly kind: 'clock' }
  | { readonly kind: 'discrete'; readonly sizes: readonly number[] }
  | { readonly kind: 'dense'; readonly width: number };
