/** What was heard, or observed, and allowed before each step; arrays are `[n, T, …]`. */
export interface ShownSteps {
  /** Rows, `n`. */
  readonly rows: number;
  /** Ids, `[n, T, K]`. */
  readonly discrete: Int32Array | undefined;
  /** Numbers as the network reads them, `[n, T, D]`. */
  readonly dense: Float32Array | undefined;
  /** 1 for each action that was allowed, `[n, T, A]`. */
  readonly allowed: Uint8Array | undefined;
}

/** Programs, or episodes, to be imitated: checked and laid out as the native side takes them. */
export interface Shown {
  /** Token ids, `[n, L]`; none in environments. */
  readonly contexts: Int32Array;
  /** Tokens of each context that count, `[n]`; absent: all. */
  readonly contextLengths: Int32Array | undefined;
  /** A number beside each token, `[n, L]`; absent: none. */
  readonly contextValues: Float32Array | undefined;
  /** `[n]`; none in environments. */
  readonly stages: Int32Array;
  /** What was done, `[n, T]`. */
  readonly actions: Int32Array;
  /** 1 for each step that is imitated, `[n, T]`. */
  readonly weights: Float32Array;
  /** Absent: an open loop. */
  readonly observed: ShownSteps | undefined;
}

/** What is imitated beside something else. */
export interface WeighedShown {
  readonly shown: Shown;
  /** Of −log π(a), above 0. */
  readonly weight: number;
}
