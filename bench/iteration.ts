import { execFileSync } from 'node:child_process';
import { pinned } from './lib/peer.js';
import { GEMM_PEERS, ITERATION_PEERS, setUpPeers } from './lib/peer-list.js';
import { writeResults } from './lib/results.js';
import { bestRate, flop, type GemmRate, nativeRates } from './lib/roofline.js';
import { repetitions, rotations } from './lib/rounds.js';
import { rustExample } from './lib/rust-example.js';
import { settings } from './lib/settings.js';
import { type Started, startPeers } from './lib/start-peers.js';
import { quantile, type Summary, summarize } from './lib/stats.js';

/** One peer's times, in milliseconds an iteration. */
export interface PeerResult extends Summary {
  readonly id: string;
  readonly title: string;
  readonly engine: string;
  /** Median of a round over our median of the same round: median, least and most over the rounds. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
}

/** What `iteration.json` holds beside command and machine. */
export interface IterationResults {
  readonly settings: typeof settings;
  readonly rounds: number;
  readonly peers: readonly PeerResult[];
  readonly absent: readonly { readonly title: string; readonly reason: string }[];
  /** Best rate of each engine over the rounds, a shape each. */
  readonly gemm: readonly GemmRate[];
  readonly roofline: { readonly engine: string; readonly gflops: number; readonly flop: number; readonly milliseconds: number };
  /** Our iteration, and parts of it, milliseconds. */
  readonly parts: Readonly<Record<'whole' | 'pulled' | 'calls' | 'sample' | 'score' | 'rollout' | 'update' | 'native', Summary>>;
  /** One a round: the share of an iteration that is spent outside `agent.act` and `agent.update`. */
  readonly typescriptShare: Summary;
}

const BLOCK = 400;

/**
 * The tutorial's iteration by everyone, interleaved; the machine's rate of products; the parts of our iteration.
 *
 * @param command - How this was called.
 * @param rounds - Rounds.
 */
export async function iteration(command: string, rounds: number): Promise<void> {
  const missing = setUpPeers();
  console.log('Peers:');
  const { started, absent } = await startPeers(ITERATION_PEERS, missing, true);
  const gemms = await startPeers(GEMM_PEERS, missing, false);
  const rates: GemmRate[] = [];
  const blocks = new Map<string, number[][]>();
  const parts = new Map<string, number[]>();
  const add = (part: string, samples: readonly number[]): void => {
    parts.set(part, [...(parts.get(part) ?? []), ...samples]);
  };
  const shares: number[] = [];
  const work: (() => Promise<void>)[] = [];
  for (const { spec, peer } of started) {
    const count = await calibrate({ spec, peer });
    blocks.set(spec.id, []);
    work.push(async () => {
      blocks.get(spec.id)?.push(await peer.run(count));
    });
    if (spec.id === 'innate') {
      work.push(async () => {
        const anatomy = (await peer.ask({ type: 'anatomy', iterations: count })) as Record<'whole' | 'calls', number[]>;
        for (const [part, samples] of Object.entries(anatomy)) {
          add(part, samples);
        }
        shares.push(1 - quantile(anatomy.calls, 0.5) / quantile(anatomy.whole, 0.5));
      });
    }
  }
  for (const { peer } of gemms.started) {
    work.push(async () => {
      const answer = await peer.ask({ type: 'gemm', milliseconds: 100 });
      rates.push(...(answer['rates'] as GemmRate[]));
    });
  }
  work.push(async () => {
    rates.push(...nativeRates(settings.threads, 100));
  });
  const native = rustExample('native');
  if (native !== undefined) {
    work.push(async () => {
      const { rollout, update } = nativeParts(native);
      add('rollout', rollout);
      add('update', update);
      add(
        'native',
        rollout.map((each, i) => each + (update[i] ?? NaN)),
      );
    });
  }
  console.log(`${rounds} rounds of ${work.length} blocks of about ${BLOCK} ms ...`);
  for (const order of rotations(work, rounds)) {
    for (const block of order) {
      await block();
    }
  }
  for (const { peer } of [...started, ...gemms.started]) {
    peer.close();
  }
  const gemm = bestRates(rates);
  const best = bestRate(gemm);
  const products = flop({ batch: settings.batchSize, horizon: 6, hidden: 96, vocab: 18 });
  const roofline = { ...best, flop: products, milliseconds: products / best.gflops / 1e6 };
  const summaries = Object.fromEntries([...parts].map(([part, samples]) => [part, summarize(samples)]));
  writeResults<IterationResults>('iteration', command, {
    settings,
    rounds,
    peers: started.map((one) => peerResult(one, blocks)),
    absent: [...absent, ...gemms.absent],
    gemm,
    roofline,
    parts: summaries as IterationResults['parts'],
    typescriptShare: summarize(shares),
  });
}

/** Warms a peer up, and says how many iterations make a block. */
async function calibrate({ peer }: Started): Promise<number> {
  const first = await peer.run(3);
  const warm = await peer.run(repetitions(quantile(first, 0), BLOCK));
  return repetitions(quantile(warm, 0), BLOCK);
}

function nativeParts(program: string): { rollout: number[]; update: number[] } {
  const { batchSize, threads } = settings;
  const [command = program, ...args] = [...pinned(threads), program, `${threads}`, `${BLOCK}`, `${batchSize}`];
  const printed = JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Record<'rollout' | 'update', number[]>;
  const milliseconds = (samples: readonly number[]): number[] => samples.map((each) => each / 1e6);
  return { rollout: milliseconds(printed.rollout), update: milliseconds(printed.update) };
}

function peerResult({ spec, peer }: Started, blocks: ReadonlyMap<string, readonly (readonly number[])[]>): PeerResult {
  const own = blocks.get(spec.id) ?? [];
  const ours = blocks.get('innate') ?? [];
  const ratios = own.map((block, round) => quantile(block, 0.5) / quantile(ours[round] ?? [], 0.5));
  return {
    id: spec.id,
    title: spec.title,
    engine: peer.name,
    ...summarize(own.flat()),
    ratio: { median: quantile(ratios, 0.5), min: quantile(ratios, 0), max: quantile(ratios, 1) },
  };
}

/** The best round of each engine and shape: the machine's limit, not its noise. */
function bestRates(rates: readonly GemmRate[]): GemmRate[] {
  const best = new Map<string, GemmRate>();
  for (const rate of rates) {
    const key = `${rate.engine} ${rate.shape.join()}`;
    if (rate.gflops > (best.get(key)?.gflops ?? 0)) {
      best.set(key, rate);
    }
  }
  return [...best.values()].sort((a, b) => (a.engine < b.engine ? -1 : 1));
}
