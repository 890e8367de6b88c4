// Blocks of iterations that peers do in turn, and how many times as long a peer's take as ours.
import { quantile, repetitions } from './measure.js';
import type { Peer } from './peers.js';

/** Warms a peer up, and says how many iterations make a block of so many milliseconds. */
export async function calibrate(peer: Peer, block: number): Promise<number> {
  const first = await peer.run(3);
  const warm = await peer.run(repetitions(quantile(first, 0), block));
  return repetitions(quantile(warm, 0), block);
}

/** Medians of a peer over ours in the same round: the middle one of the rounds, and the extremes. */
export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A block a round, of times in milliseconds, of a peer and of ours. */
export function ratioOf(blocks: readonly (readonly number[])[], ours: readonly (readonly number[])[]): Ratio {
  const ratios = blocks.map((block, round) => quantile(block, 0.5) / quantile(ours[round] ?? [], 0.5));
  return { median: quantile(ratios, 0.5), least: quantile(ratios, 0), most: quantile(ratios, 1) };
}

export function showRatio({ median, least, most }: Ratio): string {
  return `${factor(median)} (${factor(least)}–${factor(most)})`;
}

export function factor(ratio: number): string {
  return `${ratio.toPrecision(ratio >= 100 ? 3 : 2)}×`;
}
