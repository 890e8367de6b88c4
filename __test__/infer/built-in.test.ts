import test, { type ExecutionContext } from 'ava';
import { Agent, Trainer } from 'innate';
import { knownScores } from '#dist/builtin/known-scores.js';
import type { BuiltInEnvironment } from '#dist/builtin/shared/built-in-environment.js';
import { supportDesk } from '../../examples/support-desk/task.js';
import { builtIn } from '../builtin/support/built-in.js';
import { device } from '../support/device.js';
import { type Compared, compareEpisodes, comparePrograms, readBack } from './support/compare.js';

/** Programs, or episodes, of each agent; 10,000 take some minutes a core. */
const COUNT = Number(process.env['INNATE_INFER_EPISODES'] ?? 200);
const ENTIRE = COUNT >= 10_000;

function check(t: ExecutionContext, name: string, count: number, { compared, different, ties, steps, distance }: Compared): void {
  t.log(
    `${name}: ${compared - different} of ${compared} alike, ${ties} apart at a tie, in ${steps} steps, at most ${distance.toExponential(1)} apart`,
  );
  t.is(compared, count);
  // Sums in another order choose otherwise between actions that 32 bits cannot tell apart, and nowhere else.
  if (name.startsWith('sampled')) {
    // A number that is drawn may fall between two roundings of one boundary.
    t.true(different <= count / 1000, name);
  } else {
    t.is(different, ties, name);
  }
  t.true(ties <= count / 1000, name);
  t.true(steps >= count);
  t.true(distance <= 1e-5, `${name}: ${distance}`);
}

for (const { title, task } of [...builtIn, { title: 'the support desk, which answers', task: supportDesk }]) {
  test(`${title}: the same programs as the addon's`, async (t) => {
    await using trainer = await Trainer.create({
      task,
      device,
      seed: 1,
      hiddenSize: 48,
      batchSize: 128,
      evaluateEvery: 1000,
      progress: false,
    });
    await trainer.run([{ stage: 0, iterations: 5 }]);
    check(t, 'trained', COUNT, await comparePrograms(trainer.agent, await readBack(trainer.agent), task, COUNT));
    for (const seed of [2, 3]) {
      await using agent = await Agent.create({ task, device, seed, hiddenSize: 20 });
      const read = await readBack(agent);
      const count = ENTIRE ? 1000 : COUNT;
      check(t, `fresh, seed ${seed}`, count, await comparePrograms(agent, read, task, count));
      // The same random numbers: another action only where a rounding stands between.
      check(t, `sampled, seed ${seed}`, count, await comparePrograms(agent, read, task, count, false));
    }
  });
}

for (const [name, known] of Object.entries(knownScores)) {
  const environment = () => known.create() as BuiltInEnvironment<number | readonly number[]>;

  test(`${name}: the same episodes as the addon's`, async (t) => {
    const options = { environment, device, seed: 1, hiddenSize: 32, envCount: 8, rolloutSteps: 32, progress: false } as const;
    await using trainer = await Trainer.create(options);
    await trainer.run([{ stage: 0, steps: 3 * 8 * 32 }]);
    const count = Math.ceil(COUNT / 50) * 50;
    check(t, 'trained', count, await compareEpisodes(trainer.agent, await readBack(trainer.agent), environment, count));
    const { observationSpace, actionSpace } = environment();
    await using agent = await Agent.create({ observationSpace, actionSpace, device, seed: 2, hiddenSize: 20 });
    const read = await readBack(agent);
    check(t, 'fresh', 50, await compareEpisodes(agent, read, environment, 50));
    check(t, 'sampled', 50, await compareEpisodes(agent, read, environment, 50, false));
  });
}
