/**
 * The order of work in interleaved rounds: all items in each round, each round beginning one further on, so that none always follows the
 * same neighbour's warm-up or slow spell.
 *
 * @param items - What is measured.
 * @param rounds - How many rounds.
 * @returns One order a round.
 */
export function rotations<T>(items: readonly T[], rounds: number): T[][] {
  return Array.from({ length: rounds }, (_, round) => {
    const begin = items.length === 0 ? 0 : round % items.length;
    return [...items.slice(begin), ...items.slice(0, begin)];
  });
}

/**
 * How many repetitions fill a block.
 *
 * @param each - Milliseconds of one.
 * @param block - Milliseconds of the block.
 * @returns At least 2, so that a block has a warm second one.
 */
export function repetitions(each: number, block: number): number {
  return Math.min(2000, Math.max(2, Math.round(block / each)));
}
