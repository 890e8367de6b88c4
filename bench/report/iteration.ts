import type { IterationResults } from '../iteration.js';
import { dotChart } from '../lib/chart.js';
import { table, time } from '../lib/table.js';
import type { Section } from './section.js';

/**
 * @param results - Of `npm run bench -- --iteration`.
 * @returns What is told of them.
 */
export function iterationSection(results: IterationResults): Section {
  const { peers, absent, parts, typescriptShare, roofline, gemm, settings, rounds } = results;
  const rows = peers.map(({ title, median, min, iqr, ratio, count }) => [
    title,
    time(median),
    time(min),
    time(iqr),
    `${factor(ratio.median)} (${factor(ratio.min)}–${factor(ratio.max)})`,
    `${count}`,
  ]);
  const part = (title: string, key: keyof typeof parts): string[] => {
    const summary = parts[key];
    return summary === undefined ? [title, 'not measured'] : [title, time(summary.median), time(summary.min), time(summary.iqr)];
  };
  const text = [
    `One iteration of the tutorial at stage ${settings.stage}: ${settings.batchSize} problems sampled, 6 tokens each emitted, scored, and one`,
    `update of the network (hidden size 96): loss, backward, clipping, Adam. ${rounds} rounds on ${settings.threads} processors; the ratio is a`,
    "peer's median in a round over ours in the same round (median, least and most over the rounds).",
    '',
    table(['engine', 'median', 'min', 'IQR', 'against ours', 'iterations'], rows),
    '',
    ...absent.map(({ title, reason }) => `- Absent: ${title} (${reason}).`),
    '![Milliseconds of an iteration](benchmarks/iteration.svg)',
    '',
    '### Where our iteration goes',
    '',
    table(
      ['part', 'median', 'min', 'IQR'],
      [
        part('whole iteration, free running', 'whole'),
        part('whole iteration, each event pulled by `for await`', 'pulled'),
        part('`agent.act` and `agent.update` alone, awaited', 'calls'),
        part('rollout and update in Rust, nothing around', 'native'),
        part('  of it, rollout', 'rollout'),
        part('  of it, update', 'update'),
        part("the task's `sample` (during the update)", 'sample'),
        part("the task's `score`", 'score'),
      ],
    ),
    '',
    'The parts take turns in short blocks. What is not inside the two calls is TypeScript: its share of an iteration is',
    `${percent(typescriptShare.median)} (median of the rounds; least ${percent(typescriptShare.min)}, IQR ${percent(typescriptShare.iqr)}).`,
    '',
    '### The limit of the machine',
    '',
    `Single-precision products of the tutorial's shapes, ${settings.threads} at once, one a thread; the best of ${rounds} rounds, GFLOP/s in all.`,
    '',
    gemmTable(gemm),
    '',
    `An update has ${(roofline.flop / 1e6).toFixed(0)} MFLOP of products (token·W_ih being a table of 18 rows): ${time(roofline.milliseconds)} at ${roofline.gflops.toFixed(0)} GFLOP/s.`,
  ].join('\n');
  const chart = dotChart(
    `One tutorial iteration, ${settings.batchSize} problems, ${settings.threads} cores: median and minimum`,
    'milliseconds, logarithmic',
    peers.map(({ title, min, median }) => ({ label: title, min, median, note: time(median) })),
  );
  return { title: "The tutorial's iteration, side by side", text, charts: { iteration: chart } };
}

function gemmTable(gemm: IterationResults['gemm']): string {
  const shapes = [...new Set(gemm.map(({ shape }) => shape.join('×')))];
  const engines = [...new Set(gemm.map(({ engine }) => engine))];
  const rate = (engine: string, shape: string): string => {
    return gemm.find((one) => one.engine === engine && one.shape.join('×') === shape)?.gflops.toFixed(0) ?? '';
  };
  return table(
    ['engine', ...shapes],
    engines.map((engine) => [engine, ...shapes.map((shape) => rate(engine, shape))]),
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function factor(ratio: number): string {
  return `${ratio.toPrecision(ratio >= 100 ? 3 : 2)}×`;
}
