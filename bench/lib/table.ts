/**
 * @param head - Column titles; the first column is aligned left, the others right.
 * @param rows - Cells.
 * @returns A Markdown table, aligned so that it reads well on a terminal too.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => (column === 0 ? (cells[0] ?? '').padEnd(width) : (cells[column] ?? '').padStart(width)));
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/**
 * @param milliseconds - A time.
 * @returns It in the unit that reads best, with three digits.
 */
export function time(milliseconds: number): string {
  if (milliseconds >= 1000) {
    return `${(milliseconds / 1000).toPrecision(3)} s`;
  }
  return milliseconds >= 1 ? `${milliseconds.toPrecision(3)} ms` : `${(1000 * milliseconds).toPrecision(3)} µs`;
}
