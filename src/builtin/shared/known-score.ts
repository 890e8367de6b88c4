import type { BuiltInEnvironment } from './built-in-environment.js';

/** A built-in environment with the settings under which a score is known. Scores are means over episodes of the sum of rewards. */
export interface KnownScore {
  /** The name under which the field knows it. */
  readonly name: string;
  /** Makes the environment with these settings; each call makes a new one. */
  readonly create: () => BuiltInEnvironment<number> | BuiltInEnvironment<readonly number[]>;
  /** Steps that no episode exceeds. */
  readonly limit: number;
  /** The published score; undefined where none is published under these settings. */
  readonly published: number | undefined;
  /** Who published the score and under which conditions, or who defined the environment where there is none. */
  readonly source: string;
  /** Score of actions drawn uniformly. */
  readonly random: number;
  /** The best that is possible, or a bound where the best is not known. */
  readonly best: number;
  /** Whether a score near the best needs memory of what was seen and done before. */
  readonly needsMemory: boolean;
}

/** Where the scores of POPGym's environments come from. */
export const POPGYM =
  'POPGym (Morad et al., ICLR 2023): GRU, PPO, 15 M steps, maximum over training, mean of 3 trials; from a public transcription of the appendix';
