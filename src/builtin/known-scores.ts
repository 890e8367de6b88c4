import { autoencodeScores } from './autoencode/autoencode.js';
import { cartPoleScores } from './cart-pole/known-scores.js';
import { countRecallScores } from './count-recall/count-recall.js';
import { guessNumberScores } from './guess-number/guess-number.js';
import { memoryChainScores } from './memory-chain/memory-chain.js';
import { multiarmedBanditScores } from './multiarmed-bandit/multiarmed-bandit.js';
import { parityScores } from './parity/parity.js';
import { passiveTMazeScores } from './passive-t-maze/passive-t-maze.js';
import { repeatFirstScores } from './repeat-first/repeat-first.js';
import { repeatPreviousScores } from './repeat-previous/repeat-previous.js';
import type { KnownScore } from './shared/known-score.js';

/** Names of {@link knownScores}. */
export type KnownScoreName =
  | 'CartPole-v1'
  | 'FlickeringCartPole'
  | `${'PositionOnlyCartPole' | 'NoisyPositionOnlyCartPole' | 'RepeatFirst' | 'RepeatPrevious' | 'CountRecall' | 'Autoencode' | 'MultiarmedBandit'}${'Easy' | 'Medium' | 'Hard'}`
  | 'memory_len'
  | 'memory_size'
  | 'PassiveTMaze10'
  | 'PassiveTMaze50'
  | 'GuessNumber7'
  | 'GuessNumber15'
  | 'Parity16'
  | 'Parity64';

/** Every built-in environment with the settings under which its score is known, by name. */
export const knownScores: Readonly<Record<KnownScoreName, KnownScore>> = Object.freeze({
  ...cartPoleScores,
  ...repeatFirstScores,
  ...repeatPreviousScores,
  ...countRecallScores,
  ...autoencodeScores,
  ...multiarmedBanditScores,
  ...memoryChainScores,
  ...passiveTMazeScores,
  ...guessNumberScores,
  ...parityScores,
});
