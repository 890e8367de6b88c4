/** How an action is chosen. */
export interface ActOptions {
  /**
   * Take the most probable token instead of sampling.
   *
   * @defaultValue false
   */
  readonly deterministic?: boolean | undefined;
}

/** How many rows a session has, and what they sample by. */
export interface SessionOptions {
  /**
   * Most rows that are stepped together, 1 to 2²⁰.
   *
   * @defaultValue 1
   */
  readonly size?: number | undefined;
  /**
   * Seed of the sampled actions, a non-negative safe integer. Sessions of one seed sample alike.
   *
   * @defaultValue 0
   */
  readonly seed?: number | undefined;
}

/** What one step chose. The arrays are the session's own and are written again by the next step, unless one was transferred. */
export interface SessionStep {
  /** Tokens, `[n]`. */
  readonly actions: Int32Array;
  /** log π(a), `[n]`. */
  readonly logProbs: Float32Array;
  /** −Σ π·log(π + 1e−9), `[n]`, in nats. */
  readonly entropies: Float32Array;
  /** The critic's v, `[n]`: what it expects of the steps that come. */
  readonly values: Float32Array;
}

/** How a session's step chooses, and by what. */
export interface SessionStepOptions extends ActOptions {
  /**
   * What the rows observe, with an agent that was made for an environment; or the ids of the symbols that they hear, with one that was made for a
   * task that answers, `vocabSize` for nothing. With one row the observation itself, with several an array of one a row. It is copied.
   *
   * @defaultValue nothing, where the agent observes nothing
   */
  readonly observation?: unknown;
  /**
   * The actions that are allowed: a mask as an environment gives it, 1 or true for what is allowed, and with several rows an array of one a row,
   * `undefined` where a row may do anything. With a task, a mask of its tokens.
   *
   * @defaultValue all are
   */
  readonly actionMask?: unknown;
  /**
   * What the logits are divided by before sampling, above 0: below 1 the probable becomes more probable. `logProbs` and `entropies` are those
   * of the distribution that is sampled from.
   *
   * @defaultValue 1
   */
  readonly temperature?: number | undefined;
}

/**
 * Rows of a network that are stepped together, by whoever computes them: the addon, or TypeScript. What it throws is an error of this package.
 * Arrays are read in place for the time of a call.
 */
export interface SteppedRows {
  begin(contexts: Int32Array, stages: Int32Array, contextLengths?: Int32Array, contextValues?: Float32Array): void;
  step(deterministic: boolean, actions: Int32Array, logProbs: Float32Array, entropies: Float32Array, values: Float32Array): void;
  beginRows(rows: number): void;
  restart(row: number): void;
  observe(dense: Float32Array | undefined, discrete: Int32Array | undefined, allowed: Uint8Array | undefined): void;
  setTemperature(temperature: number): void;
  sync(newer: SteppedRows): void;
  feed(tokens: Int32Array): void;
  close(): void;
}
