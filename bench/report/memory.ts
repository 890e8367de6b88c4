import { lineChart } from '../lib/chart.js';
import { table } from '../lib/table.js';
import type { MemoryResults } from '../memory.js';
import type { Section } from './section.js';

/**
 * @param results - Of `npm run bench -- --memory`.
 * @returns What is told of them.
 */
export function memorySection({ runs, updates }: MemoryResults): Section {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(2);
  const rows = (runs[0]?.looks ?? []).map(({ update }, i) => [
    update.toLocaleString('en'),
    ...runs.flatMap(({ looks }) => [
      mebibytes(looks[i]?.rss ?? NaN),
      mebibytes(looks[i]?.rssBeforeGc ?? NaN),
      mebibytes(looks[i]?.heapUsed ?? NaN),
    ]),
  ]);
  const head = runs.flatMap(({ title, batch, hidden }) => [`${title} (${batch}, ${hidden}): resident`, 'before collection', 'V8 heap']);
  const text = [
    `${updates.toLocaleString('en')} iterations through \`Trainer.run\` in a process of its own (batch size and hidden size in brackets). Resident`,
    "memory in MiB after a garbage collection, before it, and V8's heap after it.",
    '',
    '![Resident memory](benchmarks/memory.svg)',
    '',
    table(['update', ...head], rows),
  ].join('\n');
  const series = runs.map(({ title, looks }) => ({
    name: title,
    points: looks.map(({ update, rss }) => [update, rss / 2 ** 20] as const),
  }));
  const chart = lineChart({ title: 'Resident memory while training', x: 'update, logarithmic', y: 'MiB', series });
  return { title: 'Memory', text, charts: { memory: chart } };
}
