/**
 * Environments that come along, and what others score on them.
 *
 * @module innate/environments
 */

export { type AutoencodeOptions, autoencode } from './builtin/autoencode/autoencode.js';
export { cartPole } from './builtin/cart-pole/cart-pole.js';
export { cartPoleVector } from './builtin/cart-pole/cart-pole-vector.js';
export type {
  CartPoleLimitOptions,
  CartPoleOptions,
  ExactCartPoleOptions,
  FlickeringCartPoleOptions,
  NoisyCartPoleOptions,
} from './builtin/cart-pole/options.js';
export { type CardKind, type CountRecallOptions, countRecall } from './builtin/count-recall/count-recall.js';
export { type GuessNumberOptions, guessNumber, guessNumberAnswers } from './builtin/guess-number/guess-number.js';
export { type KnownScoreName, knownScores } from './builtin/known-scores.js';
export {
  type MemoryLenOptions,
  type MemorySizeOptions,
  memoryLen,
  memoryLenLengths,
  memorySize,
  memorySizeBits,
} from './builtin/memory-chain/memory-chain.js';
export { type MultiarmedBanditOptions, multiarmedBandit } from './builtin/multiarmed-bandit/multiarmed-bandit.js';
export { type ParityOptions, parity } from './builtin/parity/parity.js';
export { type PassiveTMazeOptions, passiveTMaze } from './builtin/passive-t-maze/passive-t-maze.js';
export { type RepeatFirstOptions, repeatFirst } from './builtin/repeat-first/repeat-first.js';
export { type RepeatPreviousOptions, repeatPrevious } from './builtin/repeat-previous/repeat-previous.js';
export type { BuiltInEnvironment, BuiltInVectorEnvironment } from './builtin/shared/built-in-environment.js';
export type { Difficulty } from './builtin/shared/cards.js';
export type { KnownScore } from './builtin/shared/known-score.js';
