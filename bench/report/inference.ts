import type { InferenceResults } from '../inference.js';
import { table, time } from '../lib/table.js';
import type { Section } from './section.js';

/**
 * @param results - Of `npm run bench -- --inference`.
 * @returns What is told of them.
 */
export function inferenceSection({ results, absent }: InferenceResults): Section {
  const ids = [...new Set(results.map(({ id }) => id))];
  const cell = (id: string, what: string, batch: number): string => {
    const found = results.find((one) => one.id === id && one.what === what && one.batch === batch);
    return found === undefined ? '' : `${time(found.time.median)} (${time(found.time.min)}, ${time(found.time.iqr)})`;
  };
  const batches = [...new Set(results.map(({ batch }) => batch))];
  const columns = (['decision', 'program'] as const).flatMap((what) => batches.map((batch) => [what, batch] as const));
  const rows = ids.map((id) => [
    results.find((one) => one.id === id)?.title ?? id,
    ...columns.map(([what, batch]) => cell(id, what, batch)),
  ]);
  const text = [
    'The golden weights (hidden size 96), greedily; all emit the same programs, which is checked first. A program is the context and 6 tokens; a',
    'decision is one token, except that `agent.act` reads the context anew each time. Median (minimum, IQR) of a call.',
    '',
    table(['engine', ...columns.map(([what, batch]) => `${what}, batch ${batch}`)], rows),
    ...absent.map(({ title, reason }) => `\n- Absent: ${title} (${reason}).`),
  ].join('\n');
  return { title: 'Inference', text };
}
