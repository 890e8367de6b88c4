import type { SpaceLayout } from '../spaces/layout.js';
import type { ObservationSpace, Space } from '../spaces/space.js';

/**
 * How a prompt becomes the first state: `mean` of its tokens' embeddings, which says what is in it but not in which order; `gru`, the last state
 * of a GRU that reads it token by token.
 */
export type EncoderOption = 'mean' | 'gru';

/** Which way a GRU reads a prompt: from its last symbol to its first, or from its first to its last. */
export type DirectionOption = 'backward' | 'forward';

/**
 * What each step looks up beside its state, by softmax attention: `prompt`, the tokens of the prompt as they were read; `history`, what its own state
 * was after earlier steps of the episode; `both`; `none`.
 */
export type AttentionOption = 'none' | 'prompt' | 'history' | 'both';

/** What a network is, and what it was made for. */
export interface NetworkInfo {
  /** Name of the task it was made for; absent when a checkpoint does not say. */
  readonly taskName: string | undefined;
  /** Text of each token, `[V]`; absent when a checkpoint does not say. */
  readonly vocabulary: readonly string[] | undefined;
  /** Name of each stage, `[S]`; absent when a checkpoint does not say. */
  readonly stages: readonly string[] | undefined;
  /** Tokens, `V`; with an environment its actions, and one that stands before the first. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
  /** Width of the embeddings and of the hidden state, `H`. */
  readonly hiddenSize: number;
  /** Layers of the GRU. */
  readonly layers: number;
  /** Whether it has a memory; see `memory` of an agent's options. */
  readonly memory: boolean;
  /** How prompts are read; undefined for an environment, which has none. */
  readonly encoder: EncoderOption | undefined;
  /** Which way prompts are read; undefined but with the encoder `gru`. */
  readonly direction: DirectionOption | undefined;
  /** What each step looks up. */
  readonly attention: AttentionOption;
  /** How many steps back it looks up its own past; undefined where it does not. */
  readonly historyWindow: number | undefined;
  /** Whether it reads the step within the episode. */
  readonly clock: boolean;
  /** Tokens emitted in an episode, `T`. */
  readonly horizon: number;
  /** Tokens of each context, `L`, where the task fixed it; absent: contexts of any length are taken. */
  readonly contextLength: number | undefined;
  /** Whether it reads a number beside each token of a context. */
  readonly contextValues: boolean;
  /** The token whose embedding is the first input. */
  readonly startToken: number;
  /** 1 for each token that may be emitted, `[V]`; absent: all may. */
  readonly actionMask: Uint8Array | undefined;
  /** Whether a problem sees its `own` context, or the mean over the `batch`. */
  readonly pooling: 'own' | 'batch';
  /** What is observed before each step, where it was made for an environment; undefined otherwise. */
  readonly observationSpace: ObservationSpace<unknown> | undefined;
  /** What the actions are one of, where it was made for an environment; undefined otherwise. */
  readonly actionSpace: Space<unknown> | undefined;
  /** What stands beside the previous action among the inputs of a step: how many numbers, and how many values each id has. */
  readonly observed: Pick<SpaceLayout, 'dense' | 'discrete'>;
}

/**
 * @param prompt - Whether the prompt is looked up.
 * @param history - Whether the past is.
 * @returns The option that says so.
 */
export function attentionOf(prompt: boolean, history: boolean): AttentionOption {
  if (prompt) {
    return history ? 'both' : 'prompt';
  }
  return history ? 'history' : 'none';
}
