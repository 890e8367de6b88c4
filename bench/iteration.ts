import { settings } from './lib/agents.js';
import { calibrate, type Ratio, ratioOf, showRatio } from './lib/blocks.js';
import { type Goal, goalsTable, interleave, percent, quantile, summarize, table, time, times } from './lib/measure.js';
import { bestRates, flop, type GemmRate, meanRate, nativeRates, rustExample, TUTORIAL } from './lib/native.js';
import { report } from './lib/page.js';
import { nodePeer, type PeerSpec, pinned, script, startPeers } from './lib/peers.js';
import { setUpPeers } from './setup.js';

/** Whole tutorial iterations, unless the title says otherwise; ours first. */
const PEERS: readonly PeerSpec[] = [
  { id: 'innate', title: 'innate, `trainer.run`', command: nodePeer('innate', 'fused') },
  {
    id: 'candle',
    title: 'eager Candle (`engine: plain`), `trainer.run`',
    command: nodePeer('innate', 'plain'),
    env: { RAYON_NUM_THREADS: '1' },
  },
  { id: 'jax', title: 'JAX jit, one program, `lax.scan`', needs: 'jax', command: script('jax_jit') },
  { id: 'jaxTuned', title: 'JAX jit, tuned: one unrolled pass, W_ih table', needs: 'jax', command: script('jax_jit', 'tuned') },
  { id: 'torchScript', title: "PyTorch, the tutorial's script", needs: 'torch', command: script('torch_peer', 'script') },
  { id: 'torchCompiled', title: 'PyTorch, vectorised, `torch.compile`', needs: 'torch', command: script('torch_peer', 'compiled') },
  { id: 'tfjs', title: 'TensorFlow.js wasm, update only', needs: 'tfjs', command: nodePeer('tfjs') },
];

/** Parts of our iteration: what a peer calls them, and what they are. */
const PARTS = {
  whole: 'whole iteration, free running',
  pulled: 'whole iteration, each event pulled by `for await`',
  calls: '`agent.act` and `agent.update` alone, awaited',
  native: 'rollout and update in Rust, nothing around',
  rollout: '  of it, rollout',
  update: '  of it, update',
  sample: "the task's `sample` (during the update)",
  score: "the task's `score`",
};

const BLOCK = 400;

/** The tutorial's iteration by everyone, interleaved; the machine's rate of products; the parts of our iteration. */
export async function iteration(command: string, rounds: number): Promise<void> {
  const missing = setUpPeers();
  console.log('Peers:');
  const peers = await startPeers(PEERS, missing, true);
  const rates: GemmRate[] = [];
  const blocks = new Map<string, (readonly number[])[]>(peers.map(({ spec }) => [spec.id, []]));
  const parts = new Map<string, number[]>();
  const add = (measured: Readonly<Record<string, readonly number[]>>): void => {
    for (const [part, samples] of Object.entries(measured)) {
      parts.set(part, [...(parts.get(part) ?? []), ...samples]);
    }
  };
  const shares: number[] = [];
  const work: (() => Promise<void> | void)[] = [];
  for (const peer of peers) {
    const count = await calibrate(peer, BLOCK);
    work.push(async () => {
      blocks.get(peer.spec.id)?.push(await peer.run(count));
    });
    if (peer.spec.id === 'innate') {
      work.push(async () => {
        const anatomy = await peer.ask<Record<'whole' | 'calls', number[]>>({ type: 'anatomy', iterations: count });
        add(anatomy);
        shares.push(1 - quantile(anatomy.calls, 0.5) / quantile(anatomy.whole, 0.5));
      });
    }
  }
  work.push(() => {
    rates.push(...nativeRates(settings.threads, 100));
  });
  work.push(() => add(nativeParts()));
  await interleave(work, rounds);
  for (const peer of peers) {
    peer.close();
  }
  const best = bestRates(rates);
  const gflops = meanRate(best);
  const products = flop({ ...TUTORIAL, batch: settings.batchSize }) / gflops / 1e6;
  const ratio = (id: string): Ratio => ratioOf(blocks.get(id) ?? [], blocks.get('innate') ?? []);
  const faster = (id: string, what: string, wanted: number): Goal[] => {
    const samples = (blocks.get(id) ?? []).flat();
    if (samples.length === 0) {
      return [];
    }
    const { median } = ratio(id);
    // What the ratio would be if an iteration were its products and nothing else.
    const bound = `; ${(quantile(samples, 0.5) / products).toPrecision(3)}× if it were its products alone`;
    const measured = `${median.toPrecision(3)}× faster${median >= wanted ? '' : bound}`;
    return [[`iteration against ${what}`, `${wanted}× faster`, measured, median >= wanted]];
  };
  const goals = [
    ...faster('jax', 'JAX jit, one `lax.scan` program', 5),
    ...faster('torchScript', "the tutorial's PyTorch script", 15),
    ...faster('candle', 'eager Candle', 10),
    ...faster('tfjs', 'TensorFlow.js wasm', 150),
    ...nativeGoals(parts.get('native') ?? [], products),
  ];
  const share = summarize(shares);
  goals.push([
    "TypeScript's share of an iteration",
    'under 20 %',
    `${percent(share.median)} (IQR ${percent(share.iqr)})`,
    share.median < 0.2,
  ]);
  const rows = peers.map(({ spec: { id, title } }) => {
    const samples = (blocks.get(id) ?? []).flat();
    return [title, ...times(samples), showRatio(ratio(id)), `${samples.length}`];
  });
  const partRows = Object.entries(PARTS).map(([part, title]) => [
    title,
    ...(parts.has(part) ? times(parts.get(part) ?? []) : ['not measured']),
  ]);
  report('iteration', command, [
    goalsTable(goals),
    table(['engine', 'median', 'min', 'IQR', 'against ours', 'iterations'], rows),
    table(['part of our iteration', 'median', 'min', 'IQR'], partRows),
    gemmTable(best),
    `At ${gflops.toFixed(0)} GFLOP/s the products of an update take ${time(products)}.`,
  ]);
}

/** Rollout and update in Rust, milliseconds. */
function nativeParts(): Record<string, number[]> {
  const { batchSize, threads } = settings;
  const [printed] = rustExample<Record<'rollout' | 'update', number[]>>('native', [threads, BLOCK, batchSize], pinned()) ?? [];
  const [rollout = [], update = []] = [printed?.rollout, printed?.update].map((samples) => samples?.map((each) => each / 1e6));
  return printed === undefined ? {} : { rollout, update, native: rollout.map((each, i) => each + (update[i] ?? NaN)) };
}

function nativeGoals(samples: readonly number[], products: number): Goal[] {
  if (samples.length === 0) {
    return [];
  }
  const { median } = summarize(samples);
  const measured = `${(median / products).toPrecision(3)}× (${time(median)} and ${time(products)})`;
  return [['native share against the time of its products', 'within 2×', measured, median / products <= 2]];
}

function gemmTable(rates: readonly GemmRate[]): string {
  return table(
    ['GFLOP/s', ...rates.map(({ shape }) => shape.join('×'))],
    [[rates[0]?.engine ?? '', ...rates.map(({ gflops }) => gflops.toFixed(0))]],
  );
}
