import type { Engine } from 'innate';

const named = process.env['INNATE_TEST_DEVICE'] ?? 'cpu';
if (named !== 'cpu' && named !== 'cuda') {
  throw new Error(`INNATE_TEST_DEVICE must be cpu or cuda, got ${named}`);
}

/** Where numeric tests run; `npm run test:cuda` says `cuda`. */
export const device: 'cpu' | 'cuda' = named;

/** The engines that run there, the default one first. */
export const engines: readonly [Engine, ...Engine[]] = device === 'cuda' ? ['plain'] : ['fused', 'plain'];
