import { OptionReader } from '../../util/option-reader.js';

/** How what failed comes back. */
export interface EpisodeReplayOptions {
  /**
   * Share that is given to what failed, as soon as there is some: of the problems of each batch, of the episodes that begin. How a run does is said of
   * the rest. 0 to below 1.
   *
   * @defaultValue 0.5
   */
  readonly share?: number | undefined;
  /**
   * Problems or episodes kept at most, 1 to 2¹⁶.
   *
   * @defaultValue 512
   */
  readonly size?: number | undefined;
}

/**
 * Problems that failed come back. Each has a score of how it fares, 1 where it failed when it was fresh, and part of every batch is drawn from them in
 * proportion to their scores: a rule that one problem in a hundred asks for is practised as if it were common, until it is learned.
 *
 * A problem that came back moves its score three tenths of the way to what just happened, 1 for failure and 0 for success. A fresh problem that fails
 * takes the place of the one with the lowest score.
 */
export interface ReplayOptions extends EpisodeReplayOptions {
  /**
   * Share of the programs for these problems in which one step is drawn from all that may be emitted there, each token as probable as the others: at
   * a step that is drawn uniformly from those that the problem's last program had. Steps before it are not learned from, since what came of them is
   * not their doing, and the choice itself only where it was better than expected. 0 to 1.
   *
   * @defaultValue 0.5
   */
  readonly randomStep?: number | undefined;
}

/** {@link EpisodeReplayOptions}, filled in. */
export type EpisodeReplayConfig = { readonly [K in keyof EpisodeReplayOptions]-?: NonNullable<EpisodeReplayOptions[K]> };

/** {@link ReplayOptions}, filled in. */
export type ReplayConfig = { readonly [K in keyof ReplayOptions]-?: NonNullable<ReplayOptions[K]> };

/** Where the caller does not say otherwise. */
export const DEFAULT_REPLAY: ReplayConfig = { share: 0.5, size: 512, randomStep: 0.5 };

const SIZE = { integer: true, min: 1, max: 2 ** 16 } as const;

/**
 * @param reader - Over the options that `replay` is one of.
 * @param absent - Where it is absent; undefined for no replay.
 * @param fallback - Where one of its options is absent.
 * @param read - Reads these.
 * @returns How what failed comes back; undefined where it does not. Meaningful only when no issue was added.
 */
export function readReplay<Config>(
  reader: OptionReader,
  absent: Config | undefined,
  fallback: ReplayConfig,
  read: (own: OptionReader, fallback: ReplayConfig) => Config,
): Config | undefined {
  const value = reader.raw('replay');
  if (value === undefined || value === false) {
    return value === undefined ? absent : undefined;
  }
  if (value === true) {
    reader.issues.add('replay', 'must be false or an object with options, got true.', 'Pass {} for the defaults.');
    return undefined;
  }
  const own = new OptionReader(value, reader.issues.at('replay'));
  const config = read(own, fallback);
  own.finish();
  return config;
}

/** @param own - Over `replay`. @param fallback - Where absent. @returns The options of environments. */
export function readEpisodeReplay(own: OptionReader, fallback: ReplayConfig): EpisodeReplayConfig {
  return { share: own.number('share', fallback.share, { min: 0, below: 1 }), size: own.number('size', fallback.size, SIZE) };
}

/** @param own - Over `replay`. @param fallback - Where absent. @returns The options of tasks. */
export function readProblemReplay(own: OptionReader, fallback: ReplayConfig): ReplayConfig {
  return { ...readEpisodeReplay(own, fallback), randomStep: own.number('randomStep', fallback.randomStep, { min: 0, max: 1 }) };
}
