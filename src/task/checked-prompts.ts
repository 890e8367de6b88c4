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
  /** Tokens of each context that count, `[n]`; undefined: all. */
  readonly contextLengths?: Int32Array | undefined;
  /** A number beside each token, `[n, L]`; undefined: none. */
  readonly contextValues?: Float32Array | undefined;
  /** Stage of each problem, `[n]`. */
  readonly stages: Int32Array;
  readonly [WITHIN]: Within;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Only for who has looked through every id, length and number, and writes to none of the arrays before the prompts are used.
 *
 * @param contexts - Token ids, `[n, L]`.
 * @param stages - Stage of each problem, `[n]`.
 * @param within - The sizes that they were compared with.
 * @param contextLengths - Tokens of each context that count, `[n]`; all where absent.
 * @param contextValues - Numbers beside the tokens, `[n, L]`; none where absent.
 * @returns The prompts with the proof.
 */
export function provePrompts(
  contexts: Int32Array,
  stages: Int32Array,
  { vocabSize, stageCount }: Within,
  contextLengths?: Int32Array,
  contextValues?: Float32Array,
): CheckedPrompts {
  // Written afterwards: in a literal, a key that is no name takes ten times as long.
  const prompts = { contexts, stages } as Mutable<CheckedPrompts>;
  if (contextLengths !== undefined) {
    prompts.contextLengths = contextLengths;
  }
  if (contextValues !== undefined) {
    prompts.contextValues = contextValues;
  }
  prompts[WITHIN] = { vocabSize, stageCount };
  return prompts;
}

/**
 * Puts prompts into an input, proof included: what spreading them does, in a tenth of the time.
 *
 * @param prompts - The prompts.
 * @param rest - A new object with what else is in the input.
 * @returns The same object.
 */
export function addPrompts<T extends object>(
  { contexts, contextLengths, contextValues, stages, [WITHIN]: within }: CheckedPrompts,
  rest: T,
): T & CheckedPrompts {
  const input = rest as T & Mutable<CheckedPrompts>;
  input.contexts = contexts;
  if (contextLengths !== undefined) {
    input.contextLengths = contextLengths;
  }
  if (contextValues !== undefined) {
    input.contextValues = contextValues;
  }
  input.stages = stages;
  input[WITHIN] = within;
  return input;
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
