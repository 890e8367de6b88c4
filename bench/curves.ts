import { type Sizes, sizedAgent } from './lib/agents.js';
import { writeResults } from './lib/results.js';
import { bestRate, flop, nativeRates } from './lib/roofline.js';
import { rotations } from './lib/rounds.js';
import type { Summary } from './lib/stats.js';
import { quantile, summarize } from './lib/stats.js';

/** What is varied, the rest being the tutorial's. */
export type Axis = 'batch' | 'hidden' | 'horizon';

interface Place extends Sizes {
  readonly axis: Axis;
  readonly threads: number;
}

/** One point of a curve: milliseconds of a rollout and an update. The median is that of the quietest round. */
export interface Point extends Place, Summary {
  /** Nanoseconds of rollout and update for one step of one episode. */
  readonly perEpisodeStep: number;
  /** Rate of the products alone, GFLOP/s: what else is done counts as time, not as work. */
  readonly gflops: number;
  /** That rate over the machine's best on as many threads. */
  readonly share: number;
}

/** What `curves.json` holds beside command and machine. */
export interface CurveResults {
  /** Best rate of products, GFLOP/s, by number of threads. */
  readonly machineRate: Readonly<Record<string, number>>;
  readonly points: readonly Point[];
}

const BASE: Sizes = { batch: 192, hidden: 96, horizon: 6 };
const VALUES: Readonly<Record<Axis, readonly number[]>> = {
  batch: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384],
  hidden: [32, 48, 64, 96, 128, 192, 256, 384, 512],
  horizon: [6, 12, 24, 48, 96, 192, 384, 512],
};
const THREADS = [1, 2];

/**
 * Cost of training against batch, hidden size, horizon and threads.
 *
 * @param command - How this was called.
 * @param rounds - How often each point is visited.
 */
export async function curves(command: string, rounds: number): Promise<void> {
  const axes = Object.keys(VALUES) as Axis[];
  const places = axes.flatMap((axis) =>
    VALUES[axis].flatMap((value) => THREADS.map((threads) => ({ ...BASE, axis, threads, [axis]: value }))),
  );
  const samples = new Map<Place, number[][]>(places.map((place) => [place, []]));
  const rates = new Map<number, number>(THREADS.map((threads) => [threads, 0]));
  for (const [round, order] of rotations(places, rounds).entries()) {
    console.log(`Round ${round + 1} of ${rounds} ...`);
    for (const threads of THREADS) {
      const measured = nativeRates(threads, 100);
      if (measured.length > 0) {
        rates.set(threads, Math.max(rates.get(threads) ?? 0, bestRate(measured).gflops));
      }
    }
    for (const place of order) {
      samples.get(place)?.push(await visit(place));
    }
  }
  const points = places.map((place) => point(place, samples.get(place) ?? [], rates.get(place.threads) ?? NaN));
  writeResults<CurveResults>('curves', command, { machineRate: Object.fromEntries(rates), points });
}

/** Rollouts and updates for a third of a second, two at least. */
async function visit(place: Place): Promise<number[]> {
  const { agent, inputs } = await sizedAgent(place, { threads: place.threads });
  const took: number[] = [];
  const once = async (): Promise<number> => {
    const begun = performance.now();
    const { actions } = await agent.act(inputs);
    await agent.update({ ...inputs, actions });
    return performance.now() - begun;
  };
  await once();
  const end = performance.now() + 300;
  while (took.length < 2 || performance.now() < end) {
    took.push(await once());
  }
  await agent.close();
  return took;
}

function point(place: Place, rounds: readonly (readonly number[])[], machineRate: number): Point {
  const work = flop({ ...place, vocab: 18 });
  const median = Math.min(...rounds.map((samples) => quantile(samples, 0.5)));
  const gflops = work / median / 1e6;
  const perEpisodeStep = (1e6 * median) / (place.batch * place.horizon);
  return { ...place, ...summarize(rounds.flat()), median, perEpisodeStep, gflops, share: gflops / machineRate };
}
