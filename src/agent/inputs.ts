import type { Ids, Numbers, Prompts } from '../infer/prompts.js';

/** Problems and programs. */
export interface Programs extends Prompts {
  /** Token ids, `[n, T]`, row-major. */
  readonly actions: Ids;
  /**
   * Tokens that were fed before each step, `[n, T]`, where they are not the actions: what {@link Session.feed} was given, say. The first of each
   * row is what stood in the start token's place.
   *
   * @defaultValue the start token, then the actions
   */
  readonly inputs?: Ids | undefined;
}

/** Which steps of the programs count, how much, and how probable the actions were, and are to others. */
export interface Counted {
  /**
   * Steps of each program that count, `[n]`, each from 1 to `T`: what follows the end of a program is not learned from. `actions` holds tokens
   * that may be emitted after the end too, as `act()` returns them.
   *
   * @defaultValue all count
   */
  readonly lengths?: Ids | undefined;
  /**
   * How much each step counts in the losses, `[n, T]`, at least 0; in place of `lengths`. All losses are weighted means.
   *
   * @defaultValue all alike
   */
  readonly weights?: Numbers | undefined;
  /**
   * log π(a) when the actions were chosen, `[n, T]`, as `act()` returns them: with these the loss is that of the ratio of new to old
   * probabilities; see {@link ObjectiveOptions}.
   *
   * @defaultValue the actions are the present policy's
   */
  readonly oldLogProbs?: Numbers | undefined;
  /**
   * log π_ref(a) of a reference policy, `[n, T]`, as its `evaluateActions()` returns them: with these and a `klCoef` the loss holds the policy
   * to it; see {@link ObjectiveOptions}.
   *
   * @defaultValue no reference
   */
  readonly referenceLogProbs?: Numbers | undefined;
}

/** What programs earned: advantages and errors of the values come of it and of the network's present values, by the `baseline`. */
export interface Earned {
  /** Return of each program, `[n]`; or, where the `baseline` is `step`, of each step on, `[n, T]`. */
  readonly returns: Numbers;
  /** Absent: they are made of the returns. */
  readonly advantages?: undefined;
  /** Absent: values are fitted to the returns. */
  readonly valueTargets?: undefined;
}

/** How good each action was, from wherever. No gradient flows through any of it. */
export interface Judged {
  /** What each step's −log π(a) is multiplied with, `[n]` or `[n, T]`. */
  readonly advantages: Numbers;
  /**
   * What values are fitted to, `[n]` or `[n, T]`.
   *
   * @defaultValue no value loss
   */
  readonly valueTargets?: Numbers | undefined;
  /** Absent: the advantages stand in their place. */
  readonly returns?: undefined;
}

/** Problems, programs and what they earned. */
export interface Episodes extends Programs, Counted, Earned {}

/** Problems, programs and how good each action was. */
export interface JudgedEpisodes extends Programs, Counted, Judged {}

/** Which of the rows are learned from. */
export interface Minibatch {
  /**
   * Rows by index, each below `n`; a row may come twice.
   *
   * @defaultValue all rows
   */
  readonly rows?: Uint32Array | ArrayLike<number> | undefined;
}
