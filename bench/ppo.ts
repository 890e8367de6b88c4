import { settings } from './lib/agents.js';
import { calibrate, ratioOf, showRatio } from './lib/blocks.js';
import { type Goal, goalsTable, interleave, percent, quantile, summarize, table, time, times } from './lib/measure.js';
import { bestRates, type GemmRate, meanRate, nativeRates, type PpoSizes, ppoFlop } from './lib/native.js';
import { report } from './lib/page.js';
import { nodePeer, type Peer, type PeerSpec, script, startPeers } from './lib/peers.js';
import { WrongResultError } from './lib/verify.js';
import { setUpPeers } from './setup.js';

/** A shape of PPO's iterations, and who is measured on it. */
interface Setting {
  /** Its part of docs/benchmarks.md. */
  readonly name: string;
  readonly sizes: PpoSizes;
  /** Threads and processors of everyone. */
  readonly threads: number;
  readonly peers: readonly Omit<PeerSpec, 'threads'>[];
  /** How many times as fast as a peer ours must be, by the peer. */
  readonly goals: readonly (readonly [id: string, what: string, wanted: number])[];
  /** Whether the time of the products is a goal. */
  readonly limited: boolean;
}

const SB3_THREADS = process.env['BENCH_SB3_THREADS'] ?? '1';
const threads = (count: string): Record<string, string> => ({ BENCH_THREADS: count, OMP_NUM_THREADS: count, MKL_NUM_THREADS: count });
const OURS: PeerSpec = { id: 'innate', title: 'innate, `trainer.run`', command: nodePeer('ppo') };

/** What others publish. */
const USUAL: Setting = {
  name: 'ppo',
  sizes: { envs: 16, steps: 128, hidden: 128, epochs: 4, minibatches: 4 },
  threads: settings.threads,
  peers: [
    OURS,
    { id: 'purejaxrl', title: 'PureJaxRL, `ppo_rnn`', needs: 'purejaxrl', command: script('purejaxrl_ppo') },
    // On one thread: on a busy machine two wait for each other longer than they work.
    { id: 'sb3', title: 'sb3-contrib, `RecurrentPPO`', needs: 'sb3', command: script('sb3_ppo'), env: threads(SB3_THREADS) },
  ],
  goals: [
    ['purejaxrl', 'PureJaxRL', 4],
    ['sb3', 'sb3-contrib', 15],
  ],
  limited: true,
};

/** More rows, one processor, and peers whose way back is written by hand. */
const ONE_CORE: Setting = {
  name: 'ppo-one-core',
  sizes: { envs: 64, steps: 104, hidden: 128, epochs: 4, minibatches: 4 },
  threads: 1,
  peers: [
    OURS,
    { id: 'jax-by-hand', title: 'JAX, backward pass by hand, our network', needs: 'jax', command: script('jax_by_hand') },
    { id: 'jax-deep', title: "JAX, backward pass by hand, PureJaxRL's network", needs: 'jax', command: script('jax_by_hand', 'deep') },
  ],
  goals: [['jax-by-hand', 'JAX with a backward pass by hand, on one core', 1.4]],
  limited: false,
};

/** Milliseconds of a block. */
const BLOCK = 800;
/** Mean return of the last iterations at which a peer has learned something: at random it is 22. */
const LEARNED = 100;
const LAST = 3;
/** Iterations that it may take. */
const MOST_ITERATIONS = 150;

/** PPO on CartPole by everyone, interleaved, environments included; each must learn it. */
export function ppo(command: string, rounds: number): Promise<void> {
  return measure(USUAL, command, rounds);
}

/** The same with 64 environments on one processor, against peers that are written for it. */
export function ppoOnOneCore(command: string, rounds: number): Promise<void> {
  return measure(ONE_CORE, command, rounds);
}

/** Everyone of a setting, started; those that cannot be are said to be absent. */
function start({ sizes, threads: count, peers }: Setting, missing: Readonly<Record<string, string>>): Promise<Peer[]> {
  const specs = peers.map((peer) => ({ ...peer, threads: count, env: { BENCH_PPO: JSON.stringify(sizes), ...peer.env } }));
  return startPeers(specs, missing, false);
}

async function measure(setting: Setting, command: string, rounds: number): Promise<void> {
  const { name, sizes, threads: count, goals, limited } = setting;
  const missing = setUpPeers();
  console.log('Peers:');
  const peers = await start(setting, missing);
  const rates: GemmRate[] = [];
  const blocks = new Map<string, (readonly number[])[]>(peers.map(({ spec }) => [spec.id, []]));
  const work: (() => Promise<void> | void)[] = [];
  for (const peer of peers) {
    const iterations = await calibrate(peer, BLOCK);
    work.push(async () => {
      blocks.get(peer.spec.id)?.push(await peer.run(iterations));
    });
  }
  work.push(() => {
    rates.push(...nativeRates(count, 100));
  });
  await interleave(work, rounds);
  const learned = new Map<string, Learned>();
  for (const peer of peers) {
    learned.set(peer.spec.id, await learn(peer));
    peer.close();
  }
  const ours = blocks.get(OURS.id) ?? [];
  const reached = goals.flatMap(([id, what, wanted]): Goal[] => {
    const theirs = blocks.get(id);
    if (theirs === undefined) {
      return [];
    }
    const { median } = ratioOf(theirs, ours);
    return [[`PPO on CartPole against ${what}`, `${wanted}× faster`, `${median.toPrecision(3)}× faster`, median >= wanted]];
  });
  const best = bestRates(rates);
  const gflops = meanRate(best);
  const limit = ppoFlop(sizes) / gflops / 1e6;
  const products = (ppoFlop(sizes) / 1e9).toFixed(2);
  const rows = peers.map(({ spec: { id, title } }) => {
    const samples = (blocks.get(id) ?? []).flat();
    const { mean = NaN, iterations = NaN } = learned.get(id) ?? {};
    const earned = `${mean.toFixed(0)} after ${(iterations * stepsOf(sizes)).toLocaleString('en')} steps`;
    return [title, rate(sizes, quantile(samples, 0.5)), ...times(samples), showRatio(ratioOf(blocks.get(id) ?? [], ours)), earned];
  });
  report(name, command, [
    goalsTable([...reached, ...(limited && rates.length > 0 ? [limitGoal(ours.flat(), limit)] : [])]),
    table(['engine', 'steps a second', 'iteration: median', 'min', 'IQR', 'against ours', 'mean return'], rows),
    `Our iteration has ${products} GFLOP of products; at ${gflops.toFixed(0)} GFLOP/s they take ${time(limit)}, ${rate(sizes, limit)} steps a second.`,
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

/** Environment steps of an iteration. */
function stepsOf({ envs, steps }: PpoSizes): number {
  return envs * steps;
}

/** Environment steps a second of an iteration of so many milliseconds. */
function rate(sizes: PpoSizes, milliseconds: number): string {
  return Math.round((stepsOf(sizes) * 1000) / milliseconds).toLocaleString('en');
}

/** Our iterations alone, for a quick look: steps a second and times. */
export async function shortPpo(): Promise<string> {
  const { sizes } = USUAL;
  const [peer] = await start({ ...USUAL, peers: [OURS] }, {});
  if (peer === undefined) {
    throw new WrongResultError(`${OURS.title}: absent.`);
  }
  await peer.run(3);
  const samples = await peer.run(40);
  const { mean } = await learn(peer);
  peer.close();
  const title = `PPO on CartPole, GRU ${sizes.hidden}, ${sizes.envs} × ${sizes.steps}`;
  return table(
    [title, 'steps a second', 'iteration: median', 'min', 'IQR', 'mean return'],
    [[OURS.title, rate(sizes, quantile(samples, 0.5)), ...times(samples), mean.toFixed(0)]],
  );
}
