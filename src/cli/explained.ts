import type { Explanation } from '../trainer/explain.js';

/** Where a command prints. */
export type Write = (text: string) => void;

/**
 * Explained problems for people: one line a problem, up to the token that ends the program.
 *
 * @param explanation - From `trainer.explain()`.
 * @param end - Text of the token that ends a program.
 * @returns The line, without its end.
 */
export function explanationLine({ context, target, tokens, steps, reward, success }: Explanation, end: string): string {
  const length = tokens.indexOf(end) + 1 || tokens.length;
  const confidence = steps.slice(0, length).reduce((product, { probability }) => product * probability, 1);
  const verdict = success ? 'right' : 'wrong';
  return `  ${context}  target ${target}  ${tokens.slice(0, length).join(' ')}  ${verdict}, reward ${reward.toFixed(2)}, p ${confidence.toFixed(2)}`;
}
