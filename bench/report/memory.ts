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
    ...runs.flatMap(({ looks }) => [mebibytes(looks[i]?.rss ?? NaN), mebibytes(looks[i]?.heapUsed ?? NaN)]),
  ]);
  const head = runs.flatMap(({ title }) => [`${title}: resident`, 'V8 heap']);
  const [flags = []] = runs.map((run) => run.flags).filter((given) => given.length > 0);
  const sizes = runs.slice(0, 2).map(({ title, batch, hidden }) => `*${title}*: ${batch} problems, hidden size ${hidden}`);
  const text = [
    `${updates.toLocaleString('en')} iterations through \`Trainer.run\`, each run in a process of its own: resident memory, and what V8's heap`,
    `holds, in MiB after a garbage collection. ${sizes.join('; ')}. *Held*: node with \`${flags.join(' ')}\`.`,
    '',
    "With Node's defaults V8 makes its young generation larger in the first ten thousand updates, since problems and machine states are",
    'JavaScript objects that live for an iteration; the heap in use stays the same. Held, nothing is left that grows.',
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
