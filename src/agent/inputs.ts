/** Token or stage ids. An `Int32Array` is passed on as it is; anything else is copied and each entry checked to be an integer. */
export type Ids = Int32Array | ArrayLike<number>;

/** Problems for the network. */
export interface Prompts {
  /** Token ids, `[n, L]`, row-major; `L` is `contexts.length / stages.length`. */
  readonly contexts: Ids;
  /** Stage of each problem, `[n]`. */
  readonly stages: Ids;
}

/** Problems and programs. */
export interface Programs extends Prompts {
  /** Token ids, `[n, T]`, row-major. */
  readonly actions: Ids;
}

/** Problems, programs and what they earned. */
export interface Episodes extends Programs {
  /**
   * Steps of each program that count, `[n]`, each from 1 to `T`: what follows the end of a program is not learned from. An `Int32Array` is
   * passed on as it is; anything else is copied. `actions` holds tokens that may be emitted after the end too, as `act()` returns them.
   *
   * @defaultValue all count
   */
  readonly lengths?: Ids | undefined;
  /** Return of each program, `[n]`, finite. A `Float32Array` is passed on as it is; anything else is copied. */
  readonly returns: Float32Array | ArrayLike<number>;
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
}
