import type { CurveResults } from '../curves.js';
import type { EventLoopResults } from '../event-loop.js';
import type { InferenceResults } from '../inference.js';
import type { IterationResults } from '../iteration.js';
import { table, time } from '../lib/table.js';
import type { MemoryResults } from '../memory.js';

/** What was measured last, as far as it was. */
export interface AllResults {
  readonly iteration: IterationResults | undefined;
  readonly curves: CurveResults | undefined;
  readonly memory: MemoryResults | undefined;
  readonly eventLoop: EventLoopResults | undefined;
  readonly inference: InferenceResults | undefined;
}

/** Something that must hold. */
interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly holds: boolean;
}

/**
 * @param results - What was measured.
 * @returns The goals that could be judged by it, as a table.
 */
export function goalsTable(results: AllResults): string {
  const goals = [
    ...iterationGoals(results.iteration),
    ...curveGoals(results.curves),
    ...memoryGoals(results.memory),
    ...eventLoopGoals(results.eventLoop),
    ...inferenceGoals(results.inference),
  ];
  return table(
    ['what', 'wanted', 'measured', 'holds'],
    goals.map(({ what, wanted, measured, holds }) => [what, wanted, measured, holds ? 'yes' : '**no**']),
  );
}

function iterationGoals(results: IterationResults | undefined): Goal[] {
  if (results === undefined) {
    return [];
  }
  const { peers, parts, roofline } = results;
  const faster = (id: string, what: string, wanted: number): Goal[] => {
    const peer = peers.find((one) => one.id === id);
    if (peer === undefined) {
      return [];
    }
    const holds = peer.ratio.median >= wanted;
    // What the ratio would be if an iteration were its products and nothing else.
    const bound = peer.median / roofline.milliseconds;
    const most = holds ? '' : `; ${bound.toPrecision(3)}× if it were its products alone`;
    return [{ what, wanted: `${wanted}× faster`, measured: `${peer.ratio.median.toPrecision(3)}× faster${most}`, holds }];
  };
  const goals = [
    ...faster('jax', 'iteration against JAX jit, one `lax.scan` program', 5),
    ...faster('torchScript', "iteration against the tutorial's PyTorch script", 15),
    ...faster('candle', 'iteration against eager Candle', 10),
    ...faster('tfjs', 'iteration against TensorFlow.js wasm', 150),
  ];
  if (parts.native !== undefined) {
    const times = parts.native.median / roofline.milliseconds;
    const measured = `${times.toPrecision(3)}× (${time(parts.native.median)} and ${time(roofline.milliseconds)})`;
    goals.push({ what: 'native share against the time of its products', wanted: 'within 2×', measured, holds: times <= 2 });
  }
  const share = results.typescriptShare;
  const measured = `${percent(share.median)} (IQR ${percent(share.iqr)})`;
  goals.push({ what: "TypeScript's share of an iteration", wanted: 'under 20 %', measured, holds: share.median < 0.2 });
  return goals;
}

function curveGoals(results: CurveResults | undefined): Goal[] {
  const costs = (results?.points ?? []).filter(({ axis, batch }) => axis === 'batch' && batch >= 64);
  const threads = [...new Set(costs.map((point) => point.threads))];
  return threads.map((count) => {
    const own = costs.filter((point) => point.threads === count).map(({ perEpisodeStep }) => perEpisodeStep);
    // The most that a larger batch costs above the cheapest smaller one.
    const rise = Math.max(...own.map((cost, i) => cost / Math.min(...own.slice(0, i + 1))));
    const ends = [own[0], own.at(-1)].map((cost) => time((cost ?? NaN) / 1e6));
    const measured = `${ends.join(' to ')}, largest rise ${percent(rise - 1)}`;
    const what = `cost an episode-step, batch 64 to 16,384, ${count} thread${count === 1 ? '' : 's'}`;
    return { what, wanted: 'flat or falling (within 5 %)', measured, holds: rise <= 1.05 };
  });
}

function memoryGoals(results: MemoryResults | undefined): Goal[] {
  return (results?.runs ?? []).map(({ title, looks }) => {
    const [first] = looks;
    const last = looks.at(-1);
    const growth = ((last?.rss ?? NaN) - (first?.rss ?? NaN)) / 1e6;
    const what = `resident memory, update ${first?.update.toLocaleString('en')} to ${last?.update.toLocaleString('en')}, ${title}`;
    return { what, wanted: 'under 1 MB more', measured: `${growth.toFixed(2)} MB more`, holds: growth < 1 };
  });
}

function eventLoopGoals(results: EventLoopResults | undefined): Goal[] {
  const worst = Math.max(...(results?.delays ?? []).map(({ p99 }) => p99));
  return results === undefined
    ? []
    : [{ what: 'event-loop delay while training, p99', wanted: 'under 20 ms', measured: time(worst), holds: worst < 20 }];
}

function inferenceGoals(results: InferenceResults | undefined): Goal[] {
  return (
    [
      ['native', 'batch-1 decision, native', 10],
      ['session', 'batch-1 decision from TypeScript', 25],
    ] as const
  ).flatMap(([id, what, wanted]) => {
    const found = results?.results.find((one) => one.id === id && one.batch === 1 && one.what === 'decision')?.time.median;
    return found === undefined ? [] : [{ what, wanted: `under ${wanted} µs`, measured: time(found), holds: 1000 * found < wanted }];
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
