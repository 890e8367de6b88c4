/** Token or stage ids. An `Int32Array` is passed on as it is; anything else is copied and each entry checked to be an integer. */
export type Ids = Int32Array | ArrayLike<number>;

/** Numbers, finite in 32 bits. A `Float32Array` is passed on as it is; anything else is copied. */
export type Numbers = Float32Array | ArrayLike<number>;

/** Problems for the network. */
export interface Prompts {
  /** Token ids, `[n, L]`, row-major; `L` is `contexts.length / stages.length`. */
  readonly contexts: Ids;
  /**
   * Tokens of each context that count, `[n]`, each from 1 to `L`: those after them are padding, any token, and are not read.
   *
   * @defaultValue all
   */
  readonly contextLengths?: Ids | undefined;
  /**
   * A number beside each token, `[n, L]`, about −3 to 3: for an agent that reads such numbers ({@link NetworkInfo.contextValues}), and for no other.
   * Those beside padding are not read.
   *
   * @defaultValue none
   */
  readonly contextValues?: Numbers | undefined;
  /** Stage of each problem, `[n]`. */
  readonly stages: Ids;
}

/** What ids are checked against. */
export interface IdLimits {
  /** Tokens, `V`. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
  /** Tokens emitted in an episode, `T`. */
  readonly horizon: number;
  /** 1 for each token that may be emitted, `[V]`. */
  readonly actionMask: Uint8Array | undefined;
  /** Tokens of each context, `L`, where that is fixed. */
  readonly contextLength: number | undefined;
  /** Whether a number is read beside each token of a context. */
  readonly contextValues: boolean;
}
