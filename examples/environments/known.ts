import { parseArgs } from 'node:util';
import { type EnvironmentTrainerOptions, Trainer } from 'innate';
import { type KnownScoreName, knownScores } from 'innate/environments';

/** How an example trains: the options of a trainer, and how many steps of environments it takes. */
export type Settings = Omit<EnvironmentTrainerOptions, 'environment' | 'seed' | 'progress'> & { readonly steps: number };

/**
 * Trains a recurrent agent by PPO in a built-in environment, with a live line on standard error, and prints its score beside the known ones.
 * `--seed` and `--steps` on the command line come before the example's own.
 *
 * @param name - In `knownScores`.
 * @param settings - How.
 */
export async function trainKnown(name: KnownScoreName, { steps, ...options }: Settings): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, steps: { type: 'string', default: String(steps) } } });
  const known = knownScores[name];
  const environment = known.create as () => ReturnType<typeof known.create>;
  await using trainer = await Trainer.create({ ...options, environment, seed: Number(values.seed) } as EnvironmentTrainerOptions);
  const { stages, envSteps, seconds } = await trainer.run([{ stage: 0, steps: Number(values.steps) }]);
  const score = stages[0]?.meanReturn ?? NaN;
  const { published = NaN, random, best, source } = known;
  console.log(`\n${name} after ${envSteps.toLocaleString('en-US')} steps in ${seconds.toFixed(1)} s, mean return of fresh greedy episodes`);
  const rows = { 'this agent': score, published, 'best possible': best, 'random play': random };
  for (const [what, value] of Object.entries(rows)) {
    console.log(`  ${what.padEnd(13)}  ${Number.isNaN(value) ? 'none under these settings' : value.toFixed(3)}`);
  }
  console.log(`  ${source}`);
}
