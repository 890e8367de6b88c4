import type { Explanation } from '../trainer/measure/explain.js';

/** Where a command prints. */
export type Write = (text: string) => void;

/**
 * Explained problems for people: one line a problem, up to the token that ended the program. A token in parentheses did nothing.
 *
 * @param explanation - From `trainer.explain()`.
 * @returns The line, without its end.
 */
export function explanationLine({ context, target, steps, executed, episodeReturn, success }: Explanation): string {
  const program = steps.slice(0, executed);
  const tokens = program.map(({ token, applied }) => (applied === false ? `(${token})` : token)).join(' ');
  const probability = program.reduce((product, step) => product * step.probability, 1);
  const verdict = success ? 'right' : 'wrong';
  return `  ${context}  target ${target}  ${tokens}  ${verdict}, reward ${episodeReturn.toFixed(2)}, p ${probability.toFixed(2)}`;
}
