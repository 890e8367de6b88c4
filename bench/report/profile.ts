import { table } from '../lib/table.js';
import type { ProfileResults } from '../profile.js';
import type { Section } from './section.js';

/**
 * @param results - Of `npm run bench -- --profile`.
 * @returns What is told of them.
 */
export function profileSection({ profiles }: ProfileResults): Section {
  const names = [...new Set(profiles.flatMap(({ shares }) => Object.keys(shares)))].filter((name) => name !== 'other');
  const first = profiles[0]?.shares ?? {};
  names.sort((a, b) => (first[b] ?? 0) - (first[a] ?? 0));
  const head = profiles.map(({ batch, hidden, horizon }) => `${batch}, ${hidden}, ${horizon}`);
  const rows = [...names, 'other'].map((name) => [
    name === 'other' ? name : `\`${name}\``,
    ...profiles.map(({ shares }) => (shares[name] === undefined ? '' : `${(100 * shares[name]).toFixed(1)} %`)),
  ]);
  const text = [
    "Share of the processor's time by function, on one thread (batch size, hidden size, horizon); sampled by Linux's `perf`.",
    '',
    table(['function', ...head], rows),
    '',
    '`gru::Forward` and `gru::Backward` hold the recurrent products together with the gates between them, so most of the time is in products, and',
    'what keeps it from the best rate of products is:',
    '',
    '- **Everywhere**: sigmoids and tanh of the gates, which are in these two; the distributions of the heads; the transposed product for the',
    "  weights' gradient, which reads activations once more.",
    '- **Small batches**: packing the weights for the kernels (`Network::pack`) and Adam cost the same for any batch. Two threads share a batch in',
    '  fixed blocks of rows, so that the result does not depend on their number: below two blocks the second thread has nothing to do, and',
    '  waking it costs more than it brings.',
    '- **Small hidden sizes**: gates and heads grow with the hidden size, products with its square: less of the time is products.',
    "- **Large hidden sizes**: the recurrent weights and their gradient (12·H² bytes each, 3 MB at 512) no longer fit in a core's L2 cache and",
    '  are read anew for each block of rows and each step.',
    '- **Long horizons and large batches**: kept activations outgrow the caches, so each is written to memory and read back once.',
  ].join('\n');
  return { title: 'Where it leaves the limit, and why', text };
}
