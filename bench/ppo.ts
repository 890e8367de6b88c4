import { settings } from './lib/agents.js';
import { calibrate, ratioOf, showRatio } from './lib/blocks.js';
import { type Goal, goalsTable, interleave, percent, quantile, summarize, table, time, times } from './lib/measure.js';
import { bestRates, type GemmRate, meanRate, nativeRates, type PpoSizes, ppoFlop } from './lib/native.js';
import { report } from './lib/page.js';
import { nodePeer, type Peer, type PeerSpec, script, startPeers } from './lib/peers.js';
import { WrongResultError } from './lib/verify.js';
import { setUpPeers } from './setup.js';

const SIZES: PpoSizes = { envs: 16, steps: 128, hidden: 128, epochs: 4, minibatches: 4 };

const SB3_THREADS = process.env['BENCH_SB3_THREADS'] ?? '1';
const threads = (count: string): Record<string, string> => ({ BENCH_THREADS: count, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count });
const env = { BENCH_PPO: JSON.stringify(SIZES) };
const OURS: PeerSpec = { id: 'innate', title: 'innate, `trainer.run`', command: nodePeer('ppo'), env };
const PEERS: readonly PeerSpec[] = [
  OURS,
  { id: 'purejaxrl', title: 'PureJaxRL, `ppo_rnn`', needs: 'purejaxrl', command: script('purejaxrl_ppo'), env },
  // On one thread: on a busy machine two wait for each other longer than they work.
  { id: 'sb3', title: 'sb3-contrib, `RecurrentPPO`', needs: 'sb3', command: script('sb3_ppo'), env: { ...env, ...threads(SB3_THREADS) } },
];

/** Milliseconds of a block. */
const BLOCK = 800;
/** Mean return of the last iterations at which a peer has learned something: at random it is 22. */
const LEARNED = 100;
const LAST = 3;
/** Iterations that it may take. */
const MOST_ITERATIONS = 150;

/** PPO on CartPole by everyone, interleaved, environments included; each must learn it. */
export async function ppo(command: string, rounds: number): Promise<void> {
  const missing = setUpPeers();
  console.log('Peers:');
  const peers = await startPeers(PEERS, missing, false);
  const rates: GemmRate[] = [];
  const blocks = new Map<string, (readonly number[])[]>(peers.map(({ spec }) => [spec.id, []]));
  const work: (() => Promise<void> | void)[] = [];
  for (const peer of peers) {
    const count = await calibrate(peer, BLOCK);
    work.push(async () => {
      blocks.get(peer.spec.id)?.push(await peer.run(count));
    });
  }
  work.push(() => {
    rates.push(...nativeRates(settings.threads, 100));
  });
  await interleave(work, rounds);
  const learned = new Map<string, Learned>();
  for (const peer of peers) {
    learned.set(peer.spec.id, await learn(peer));
    peer.close();
  }
  const ours = blocks.get(OURS.id) ?? [];
  const faster = (id: string, what: string, wanted: number): Goal[] => {
    const theirs = blocks.get(id);
    if (theirs === undefined) {
      return [];
    }
    const { median } = ratioOf(theirs, ours);
    return [[`PPO on CartPole against ${what}`, `${wanted}× faster`, `${median.toPrecision(3)}× faster`, median >= wanted]];
  };
  const best = bestRates(rates);
  const gflops = meanRate(best);
  const limit = ppoFlop(SIZES) / gflops / 1e6;
  const products = (ppoFlop(SIZES) / 1e9).toFixed(2);
  const rows = peers.map(({ spec: { id, title } }) => {
    const samples = (blocks.get(id) ?? []).flat();
    const { mean = NaN, iterations = NaN } = learned.get(id) ?? {};
    const earned = `${mean.toFixed(0)} after ${(iterations * SIZES.envs * SIZES.steps).toLocaleString('en')} steps`;
    return [title, rate(quantile(samples, 0.5)), ...times(samples), showRatio(ratioOf(blocks.get(id) ?? [], ours)), earned];
  });
  report('ppo', command, [
    goalsTable([
      ...faster('purejaxrl', 'PureJaxRL', 4),
      ...faster('sb3', 'sb3-contrib', 15),
      ...(rates.length === 0 ? [] : [limitGoal(ours.flat(), limit)]),
    ]),
    table(['engine', 'steps a second', 'iteration: median', 'min', 'IQR', 'against ours', 'mean return'], rows),
    `An iteration has ${products} GFLOP of products; at ${gflops.toFixed(0)} GFLOP/s they take ${time(limit)}, ${rate(limit)} steps a second.`,
  ]);
}

interface Learned {
  /** Mean return of the last iterations. */
  readonly mean: number;
  /** Iterations so far. */
  readonly iterations: number;
}

/** Lets a peer go on until it has learned something; throws where it does not. */
async function learn(peer: Peer): Promise<Learned> {
  for (;;) {
    const { returns } = await peer.ask<{ readonly returns: readonly number[] }>({ type: 'returns' });
    const mean = returns.slice(-LAST).reduce((sum, each) => sum + each / LAST, 0);
    if (mean >= LEARNED) {
      return { mean, iterations: returns.length };
    }
    if (returns.length >= MOST_ITERATIONS) {
      throw new WrongResultError(`${peer.spec.title}: mean return ${mean.toFixed(1)} after ${returns.length} iterations.`);
    }
    await peer.run(LAST);
  }
}

function limitGoal(samples: readonly number[], limit: number): Goal {
  const { median } = summarize(samples);
  const measured = `${percent(limit / median)} (${time(median)} and ${time(limit)})`;
  return ['PPO on CartPole against the time of its products', '≥ 50 %', measured, limit / median >= 0.5];
}

/** Environment steps a second of an iteration of so many milliseconds. */
function rate(milliseconds: number): string {
  return Math.round((SIZES.envs * SIZES.steps * 1000) / milliseconds).toLocaleString('en');
}

/** Our iterations alone, for a quick look: steps a second and times. */
export async function shortPpo(): Promise<string> {
  const [peer] = await startPeers([OURS], {}, false);
  if (peer === undefined) {
    throw new WrongResultError(`${OURS.title}: absent.`);
  }
  await peer.run(3);
  const samples = await peer.run(40);
  const { mean } = await learn(peer);
  peer.close();
  const title = `PPO on CartPole, GRU ${SIZES.hidden}, ${SIZES.envs} × ${SIZES.steps}`;
  return table(
    [title, 'steps a second', 'iteration: median', 'min', 'IQR', 'mean return'],
    [[OURS.title, rate(quantile(samples, 0.5)), ...times(samples), mean.toFixed(0)]],
  );
}
