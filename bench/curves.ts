import { sizedAgent, timeIteration } from './lib/agents.js';
import { type Goal, goalsTable, interleave, percent, quantile, table, time } from './lib/measure.js';
import { flop, meanRate, nativeRates, type Sizes, TUTORIAL } from './lib/native.js';
import { report } from './lib/page.js';

/** What is varied, the rest being the tutorial's. */
const AXES: readonly (readonly [axis: keyof Sizes, title: string, values: readonly number[]])[] = [
  ['batch', 'batch size', [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384]],
  ['hidden', 'hidden size', [32, 48, 64, 96, 128, 192, 256, 384, 512]],
  ['horizon', 'horizon', [6, 12, 24, 48, 96, 192, 384, 512]],
];
const THREADS = [1, 2];

/** One point of a curve. */
interface Point {
  readonly axis: keyof Sizes;
  readonly sizes: Sizes;
  readonly threads: number;
  /** Milliseconds of a rollout and an update: the median of the quietest round so far. */
  median: number;
}

/** Cost of training against batch, hidden size, horizon and threads. */
export async function curves(command: string, rounds: number): Promise<void> {
  const points: Point[] = AXES.flatMap(([axis, , values]) =>
    values.flatMap((value) => THREADS.map((threads) => ({ axis, threads, sizes: { ...TUTORIAL, [axis]: value }, median: Infinity }))),
  );
  const rates = new Map<number, number>();
  const work: (() => Promise<void> | void)[] = points.map((point) => async () => {
    point.median = Math.min(point.median, quantile(await visit(point), 0.5));
  });
  for (const threads of THREADS) {
    work.push(() => {
      rates.set(threads, Math.max(rates.get(threads) ?? 0, meanRate(nativeRates(threads, 100))));
    });
  }
  await interleave(work, rounds);
  const cells = (axis: keyof Sizes, value: number): string[] =>
    points
      .filter((point) => point.axis === axis && point.sizes[axis] === value)
      .flatMap((point) => {
        // What is not a product counts as time and not as work.
        const share = flop(point.sizes) / point.median / 1e6 / (rates.get(point.threads) ?? NaN);
        return [time(point.median), time(perEpisodeStep(point)), `${(100 * share).toFixed(0)} %`];
      });
  const head = THREADS.flatMap((count) => [`${count} thread${count === 1 ? '' : 's'}: update`, 'episode-step', 'share']);
  const best = Array.from(rates, ([threads, rate]) => `${rate.toFixed(0)} GFLOP/s on ${threads}`).join(', ');
  report('curves', command, [
    goalsTable(THREADS.map((threads) => costGoal(points, threads))),
    ...AXES.map(([axis, title, values]) =>
      table(
        [title, ...head],
        values.map((value) => [`${value}`, ...cells(axis, value)]),
      ),
    ),
    `The machine's best rate of products in the same run: ${best} threads.`,
  ]);
}

/** Rollouts and updates for a third of a second, two at least. */
async function visit({ sizes, threads }: Point): Promise<number[]> {
  const { agent, inputs } = await sizedAgent(sizes, { threads });
  const took: number[] = [];
  await timeIteration(agent, inputs);
  const end = performance.now() + 300;
  while (took.length < 2 || performance.now() < end) {
    took.push(await timeIteration(agent, inputs));
  }
  await agent.close();
  return took;
}

/** Milliseconds of rollout and update for one step of one episode. */
function perEpisodeStep({ median, sizes }: Point): number {
  return median / (sizes.batch * sizes.horizon);
}

function costGoal(points: readonly Point[], threads: number): Goal {
  const own = points.filter(({ axis, sizes, ...point }) => axis === 'batch' && sizes.batch >= 64 && point.threads === threads);
  const costs = own.map(perEpisodeStep);
  // The most that a larger batch costs above the cheapest smaller one.
  const rise = Math.max(...costs.map((cost, i) => cost / Math.min(...costs.slice(0, i + 1))));
  const ends = [costs[0] ?? NaN, costs.at(-1) ?? NaN].map(time).join(' to ');
  const what = `cost an episode-step, batch 64 to 16,384, ${threads} thread${threads === 1 ? '' : 's'}`;
  return [what, 'flat or falling (within 5 %)', `${ends}, largest rise ${percent(rise - 1)}`, rise <= 1.05];
}
