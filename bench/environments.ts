import { type EnvironmentFactory, episodeRandom, type VectorEnvironmentFactory, vectorize } from 'innate';
import { cartPole, cartPoleVector } from 'innate/environments';
import { goalsTable, interleave, summarize, table } from './lib/measure.js';
import { report } from './lib/page.js';

const ROWS = 64;
/** Vector steps of one measurement. */
const STEPS = 15_000;

/** Steps of environments through `vectorize`, its checks included, without an agent. */
export async function environments(command: string, rounds: number): Promise<void> {
  const kinds = [
    { title: 'an object a step', goal: 1, step: await stepper(() => cartPole()), rates: [] as number[] },
    { title: 'typed arrays', goal: 3, step: await stepper((_, size) => cartPoleVector(size)), rates: [] as number[] },
  ];
  const work = kinds.map(({ step, rates }) => (): void => {
    const begun = performance.now();
    step();
    rates.push((STEPS * ROWS) / (performance.now() - begun) / 1000);
  });
  // The first round is for the compiler.
  await interleave(work, rounds + 1);
  const measured = kinds.map(({ title, goal, rates }) => ({ title, goal, ...summarize(rates.slice(1)), max: Math.max(...rates.slice(1)) }));
  const rate = (millions: number): string => `${millions.toFixed(2)} M/s`;
  report('environments', command, [
    goalsTable(measured.map(({ title, goal, median }) => [title, `≥ ${goal} M/s`, rate(median), median >= goal])),
    table(
      [`CartPole, ${ROWS} rows, one core: steps a second`, 'median', 'most', 'IQR'],
      measured.map(({ title, median, max, iqr }) => [title, ...[median, max, iqr].map(rate)]),
    ),
  ]);
}

/** Makes what takes {@link STEPS} steps with random actions in every row, resets included. */
async function stepper(factory: EnvironmentFactory | VectorEnvironmentFactory): Promise<() => void> {
  const vector = await vectorize(factory, { size: ROWS });
  const episodes = new Int32Array(ROWS);
  const next = (row: number) => {
    const episode = episodes[row] ?? 0;
    episodes[row] = episode + 1;
    return { random: episodeRandom(1, 1, row, episode), stage: 0 };
  };
  await vector.reset(next);
  const actions = new Int32Array(ROWS);
  let bits = 1;
  return () => {
    for (let step = 0; step < STEPS; step += 1) {
      for (let row = 0; row < ROWS; row += 1) {
        bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) | 0;
        actions[row] = bits >>> 31;
      }
      void vector.step(actions);
    }
  };
}
