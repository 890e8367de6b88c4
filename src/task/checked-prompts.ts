/** A module's own symbol: what another copy of this package has checked is checked again. */
const WITHIN = Symbol('within');

/** The sizes that ids were compared with. */
interface Within {
  /** Tokens, `V`. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
}

/** Contexts and stages with the proof that every id of theirs is in range, so that nobody has to look through them a second time. */
export interface CheckedPrompts {
  /** Token ids, `[n, L]`. */
  readonly contexts: Int32Array;
  /** Stage of each problem, `[n]`. */
  readonly stages: Int32Array;
  readonly [WITHIN]: Within;
}

/**
 * Only for who has looked through every id, and writes to neither array before the prompts are used.
 *
 * @param contexts - Token ids, `[n, L]`.
 * @param stages - Stage of each problem, `[n]`.
 * @param within - The sizes that they were compared with.
 * @returns The prompts with the proof.
 */
export function provePrompts(contexts: Int32Array, stages: Int32Array, { vocabSize, stageCount }: Within): CheckedPrompts {
  return { contexts, stages, [WITHIN]: { vocabSize, stageCount } };
}

/**
 * @param value - Anything.
 * @param sizes - A network's.
 * @returns Whether it is prompts with the proof that this network takes every id of theirs.
 */
export function areChecked(value: object, { vocabSize, stageCount }: Within): value is CheckedPrompts {
  const within = (value as Partial<CheckedPrompts>)[WITHIN];
  return within !== undefined && within.vocabSize <= vocabSize && within.stageCount <= stageCount;
}
