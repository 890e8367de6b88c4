import { type Curriculum, compareSeeds, type Estimate, type SeedsResult, type StageSpec, Trainer } from 'innate';
import { percent, quantile, table } from './lib/measure.js';

const ALL = 2;

/** Ways to spend the same iterations on triage; the last stage is triage as it is. */
function ways(iterations: number): Readonly<Record<string, Curriculum | readonly StageSpec[]>> {
  const third = Math.floor(iterations / 3);
  const last = { stage: ALL, iterations: iterations - 2 * third };
  return {
    'none: all tickets from the beginning': { kind: 'fixed', stages: [{ stage: ALL, iterations }] },
    'fixed: plain, common, all, a third each': {
      kind: 'fixed',
      stages: [{ stage: 0, iterations: third }, { stage: 1, iterations: third }, last],
    },
    'mastery: until mastered, a third each at most': [
      { stage: 0, maxIterations: third },
      { stage: 1, maxIterations: third },
      { stage: ALL, maxIterations: iterations - 2 * third },
    ],
    'mixed: equal parts': { kind: 'mixed', mix: { 0: 1, 1: 1, [ALL]: 1 }, iterations },
    'automatic: by learning progress': { kind: 'automatic', stages: [0, 1, ALL], iterations },
  };
}

/** Triage with and without a curriculum: success on held-out tickets of the last stage after as many iterations, over seeds. */
export async function curricula(seeds: number, iterations: number): Promise<void> {
  const module = new URL('./lib/staged-triage.js', import.meta.url);
  const results = new Map<string, { readonly all: Pick<SeedsResult, 'stages' | 'score' | 'scores'>; readonly result: SeedsResult }>();
  for (const [name, stages] of Object.entries(ways(iterations))) {
    console.log(name);
    // From 101 on: seeds that nothing was chosen on.
    const chosen = Array.from({ length: seeds }, (_, i) => 101 + i);
    const result: SeedsResult = await Trainer.runSeeds(stages, { module, seeds: chosen });
    const at = result.stages.indexOf('all');
    const all = { stages: ['all'], score: result.score, scores: result.scores.map((run) => [run[at] ?? NaN]) };
    results.set(name, { all, result });
  }
  const none = [...results.values()][0];
  const rows = Array.from(results, ([name, { all, result }]) => {
    const scores = all.scores.flat();
    const took = quantile(
      result.runs.map((run) => run.seconds),
      0.5,
    );
    const against = none === undefined || none.all === all ? '' : interval(compareSeeds(all, none.all), percent);
    return [
      name,
      `${scores.filter((score) => score >= 0.99).length} of ${scores.length}`,
      percent(quantile(scores, 0.5)),
      percent(Math.min(...scores)),
      against,
      `${took.toFixed(0)} s`,
    ];
  });
  console.log(`\n${seeds} seeds, ${iterations} iterations each at most; success on held-out tickets of all kinds.\n`);
  console.log(table(['curriculum', '≥ 99 %', 'median', 'worst', 'better than none', 'a run'], rows));
}

function interval({ value, low, high }: Estimate, show: (value: number) => string): string {
  return `${show(value)} (${show(low)} to ${show(high)})`;
}
