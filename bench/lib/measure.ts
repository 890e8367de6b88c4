// Numbers: the order of work, what samples come to, and how they are written.

/** The quantile, interpolated between neighbours. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) {
    throw new RangeError('A quantile of no samples.');
  }
  return below + (at - Math.floor(at)) * (above - below);
}

/** Middle value, smallest, and interquartile range: third quartile less first. */
export function summarize(samples: readonly number[]): { readonly median: number; readonly min: number; readonly iqr: number } {
  const iqr = quantile(samples, 0.75) - quantile(samples, 0.25);
  return { median: quantile(samples, 0.5), min: quantile(samples, 0), iqr };
}

/**
 * The order of work in interleaved rounds: all items in each round, each round beginning one further on, so that none always follows the
 * same neighbour's warm-up or slow spell. Returns one order a round.
 */
export function rotations<T>(items: readonly T[], rounds: number): T[][] {
  return Array.from({ length: rounds }, (_, round) => {
    const begin = items.length === 0 ? 0 : round % items.length;
    return [...items.slice(begin), ...items.slice(0, begin)];
  });
}

export async function interleave(work: readonly (() => Promise<void> | void)[], rounds: number): Promise<void> {
  for (const [round, order] of rotations(work, rounds).entries()) {
    console.log(`Round ${round + 1} of ${rounds} ...`);
    for (const block of order) {
      await block();
    }
  }
}

/** How many repetitions fill a block. Returns at least 2, so that a block has a warm second one. */
export function repetitions(each: number, block: number): number {
  return Math.min(2000, Math.max(2, Math.round(block / each)));
}

/** A Markdown table, aligned so that it reads well on a terminal too. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => (column === 0 ? (cells[0] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width)));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Something that must hold: what, how much is wanted, how much was measured, and whether it holds. */
export type Goal = readonly [what: string, wanted: string, measured: string, holds: boolean];

export function goalsTable(goals: readonly Goal[]): string {
  return table(
    ['what must hold', 'wanted', 'measured', 'holds'],
    goals.map(([what, wanted, measured, holds]) => [what, wanted, measured, holds ? 'yes' : '**no**']),
  );
}

export function time(milliseconds: number): string {
  if (milliseconds >= 1000) {
    return `${(milliseconds / 1000).toPrecision(3)} s`;
  }
  return milliseconds >= 1 ? `${milliseconds.toPrecision(3)} ms` : `${(1000 * milliseconds).toPrecision(3)} µs`;
}

/** Median, minimum and interquartile range of times, for a table. */
export function times(samples: readonly number[]): string[] {
  const { median, min, iqr } = summarize(samples);
  return [median, min, iqr].map(time);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
