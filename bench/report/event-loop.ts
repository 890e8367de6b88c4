import type { EventLoopResults } from '../event-loop.js';
import { table, time } from '../lib/table.js';
import type { Section } from './section.js';

/**
 * @param results - Of `npm run bench -- --event-loop`.
 * @returns What is told of them.
 */
export function eventLoopSection({ delays }: EventLoopResults): Section {
  const rows = delays.map(({ title, p50, p99, max, seconds }) => [title, time(p50), time(p99), time(max), `${seconds} s`]);
  const text = [
    'How much later than asked a timer of 1 ms fires (`perf_hooks.monitorEventLoopDelay`) while a `Trainer` runs on the same thread.',
    '',
    table(['meanwhile', 'median', 'p99', 'worst', 'watched'], rows),
  ].join('\n');
  return { title: 'The event loop while training', text };
}
