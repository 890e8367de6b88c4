import type { ProblemBatch } from '../task/task.js';

/** A symbol of a context, with the number that is read beside it. */
export interface ShownSymbol {
  /** Its token. */
  readonly id: number;
  /** 0 where none is read; short, as it was before it was rounded to 32 bits. */
  readonly value: number;
}

/**
 * @param batch - A batch.
 * @param row - Which problem of it.
 * @param startToken - What ends the symbols.
 * @returns What the network is shown of it, without start token and padding.
 */
export function shownSymbols(
  { contexts, contextLength, contextValues }: Pick<ProblemBatch, 'contexts' | 'contextLength' | 'contextValues'>,
  row: number,
  startToken: number,
): ShownSymbol[] {
  const first = row * contextLength;
  const ids = contexts.subarray(first, first + contextLength);
  return Array.from(ids.subarray(0, ids.lastIndexOf(startToken)), (id, at) => ({ id, value: short(contextValues?.[first + at] ?? 0) }));
}

/**
 * What a network that averages a context is shown: which symbols there are, and the sum of the numbers beside them, not which number stands
 * beside which.
 *
 * @param symbols - Of a context.
 * @returns The same text for all that it cannot tell apart.
 */
export function lookWithoutOrder(symbols: readonly ShownSymbol[]): string {
  const ids = symbols.map(({ id }) => id).sort((a, b) => a - b);
  const sum = symbols.reduce((total, { value }) => total + value, 0);
  return `${ids.join()}${sum === 0 ? '' : `:${short(sum)}`}`;
}

/**
 * @param symbols - Of a context.
 * @returns A text that differs wherever what is shown does.
 */
export function lookInOrder(symbols: readonly ShownSymbol[]): string {
  return symbols.map(({ id, value }) => (value === 0 ? `${id}` : `${id}:${value}`)).join();
}

/** Six digits: two sums of the same numbers in different orders are one. */
function short(value: number): number {
  return Number(value.toPrecision(6));
}
