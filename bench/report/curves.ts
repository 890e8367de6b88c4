import type { Axis, CurveResults, Point } from '../curves.js';
import { lineChart } from '../lib/chart.js';
import { flop } from '../lib/roofline.js';
import { table, time } from '../lib/table.js';
import type { Section } from './section.js';

const AXES: Readonly<Record<Axis, string>> = { batch: 'batch size', hidden: 'hidden size', horizon: 'horizon' };

/**
 * @param results - Of `npm run bench -- --curves`.
 * @returns What is told of them.
 */
export function curvesSection({ points, machineRate }: CurveResults): Section {
  const rates = Object.entries(machineRate).map(([threads, rate]) => `${rate.toFixed(0)} GFLOP/s on ${threads}`);
  const axes = Object.keys(AXES) as Axis[];
  const text = [
    'Rollout and update of fixed problems through `agent.act` and `agent.update`, one value varied at a time and the rest as in the tutorial',
    "(192 problems, hidden size 96, 6 steps). `share` is the rate of the update's products, all other work counting as time only, over the",
    `machine's best rate of products in the same run (${rates.join(', ')} threads). Medians are those of the quietest of the rounds.`,
    ...axes.flatMap((axis) => ['', `![Cost against ${AXES[axis]}](benchmarks/curve-${axis}.svg)`, '', curveTable(axis, points)]),
  ].join('\n');
  const charts = Object.fromEntries(axes.map((axis) => [`curve-${axis}`, curveChart(axis, points, machineRate)]));
  return { title: 'Curves', text, charts };
}

function curveTable(axis: Axis, points: readonly Point[]): string {
  const own = points.filter((point) => point.axis === axis);
  const values = [...new Set(own.map((point) => point[axis]))];
  const threads = [...new Set(own.map((point) => point.threads))];
  const rows = values.map((value) => [
    `${value}`,
    ...threads.flatMap((count) => {
      const point = own.find((one) => one[axis] === value && one.threads === count);
      return point === undefined
        ? ['', '', '']
        : [time(point.median), time(point.perEpisodeStep / 1e6), `${(100 * point.share).toFixed(0)} %`];
    }),
  ]);
  const head = threads.flatMap((count) => [`${count} thread${count === 1 ? '' : 's'}: update`, 'episode-step', 'share']);
  return table([AXES[axis], ...head], rows);
}

function curveChart(axis: Axis, points: readonly Point[], machineRate: CurveResults['machineRate']): string {
  const own = points.filter((point) => point.axis === axis);
  const threads = [...new Set(own.map((point) => point.threads))];
  const most = Math.max(...threads);
  const bound = (point: Point): number => flop({ ...point, vocab: 18 }) / (point.batch * point.horizon) / (machineRate[`${most}`] ?? NaN);
  return lineChart({
    title: `Rollout and update for one step of one episode, against ${AXES[axis]}`,
    x: `${AXES[axis]}, logarithmic`,
    y: `nanoseconds an episode-step${axis === 'hidden' ? ', logarithmic' : ''}`,
    logY: axis === 'hidden',
    series: [
      ...threads.map((count) => ({
        name: `${count} thread${count === 1 ? '' : 's'}`,
        points: own.filter((point) => point.threads === count).map((point) => [point[axis], point.perEpisodeStep] as const),
      })),
      {
        name: 'its products at the best rate',
        dashed: true,
        points: own.filter((point) => point.threads === most).map((point) => [point[axis], bound(point)] as const),
      },
    ],
  });
}
