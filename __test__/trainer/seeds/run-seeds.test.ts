import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import {
  AbortedError,
  aggregateScores,
  compareSeeds,
  hasPartialResult,
  type PartialSeeds,
  probabilityOfImprovement,
  type SeedEvent,
  type SeedsResult,
  Trainer,
} from 'innate';
import { device } from '../../support/device.js';
import { echoTask, QUICK } from '../../support/echo-task.js';
import { fails } from '../../support/failure.js';
import { inFolder } from '../../support/folder.js';
import { counting } from '../support/scripted-environment.js';

const options = { ...QUICK, device, task: echoTask(), resamples: 200 };
const stages = [
  { stage: 0, iterations: 12 },
  { stage: 1, iterations: 8 },
];

/** What does not depend on the clock. */
const timeless = ({ runs, ...result }: SeedsResult) => ({
  ...result,
  runs: runs.map(({ seconds: _, file: __, ...run }) => run),
});

/** The bytes of the agents that a run of seeds left in a folder. */
const agents = (result: SeedsResult): Promise<Buffer[]> => Promise.all(result.runs.map(({ file = '' }) => readFile(file)));

test.serial('each seed is the run of that seed alone, to the bit, whatever the number of workers', async (t) => {
  await inFolder(async (folder) => {
    const seeds = [4, 2, 9];
    const alone: Buffer[] = [];
    for (const seed of seeds) {
      const { agent } = await Trainer.run(stages, { ...QUICK, device, task: echoTask(), seed });
      const file = join(folder, `alone-${seed}`);
      await agent.save(file);
      alone.push(await readFile(file));
      await agent.close();
    }
    const results: SeedsResult[] = [];
    for (const workers of [1, 2, 3]) {
      const result = await Trainer.runSeeds(stages, { ...options, seeds, workers, folder: join(folder, String(workers)) });
      t.deepEqual(await agents(result), alone, `${workers}`);
      results.push(result);
    }
    const module = new URL('./support/echo-module.js', import.meta.url);
    const inThreads = {
      module,
      task: undefined,
      device,
      seeds,
      workers: 2,
      resamples: 200,
      progress: false,
      folder: join(folder, 'threads'),
    };
    const threaded = await Trainer.runSeeds(stages, inThreads);
    t.deepEqual(await agents(threaded), alone, 'in worker threads');
    for (const result of [...results.slice(1), threaded]) {
      t.deepEqual(timeless(result), timeless(results[0] as SeedsResult));
    }
    t.deepEqual(
      threaded.runs.map(({ seed, iterations }) => [seed, iterations]),
      seeds.map((seed) => [seed, 20]),
    );
  });
});

test('reports the seeds and what they come to', async (t) => {
  const result = await Trainer.runSeeds(stages, { ...options, seeds: 3, confidence: 0.8 });
  t.deepEqual(
    result.runs.map(({ seed }) => seed),
    [0, 1, 2],
  );
  t.deepEqual(result.stages, ['two', 'four']);
  t.is(result.score, 'successRate');
  t.deepEqual(
    result.scores,
    result.runs.map((run) => run.stages.map(({ successRate }) => successRate)),
  );
  const { iqm, mean, median, optimalityGap } = result;
  t.deepEqual({ iqm, mean, median, optimalityGap }, aggregateScores(result.scores, { resamples: 200, confidence: 0.8 }));
  t.is(result.profile.length, 21);
  t.like(result.profile[20], { threshold: 1, value: 0 });
  t.false('twin' in result);
  const returns = await Trainer.runSeeds(stages, { ...options, seeds: 2, score: 'meanReturn' });
  t.is(returns.scores[0]?.[0], returns.runs[0]?.stages[0]?.meanReturn);
  t.deepEqual(
    compareSeeds(result, { ...result, scores: returns.scores }, { resamples: 50 }),
    probabilityOfImprovement(result.scores, returns.scores, { resamples: 50 }),
  );
  await fails(t, () => compareSeeds(result, returns), { code: 'ERR_INPUT', path: 'second.score' });
});

test('a seed that fails is reported, and the others are kept', async (t) => {
  // The second seed to begin is the one whose task throws.
  let made = 0;
  const task = echoTask({
    onSample: () => {
      made += 1;
      if (made === 3) {
        throw new RangeError('no more problems');
      }
    },
  });
  const { runs, failures, iqm } = await Trainer.runSeeds(stages, { ...options, task, seeds: [5, 6, 7], workers: 1 });
  t.deepEqual(
    runs.map(({ seed }) => seed),
    [6, 7],
  );
  t.like(failures, { length: 1, 0: { seed: 5 } });
  t.like(failures[0]?.error, { code: 'ERR_TASK' });
  t.true(iqm.value >= 0);
});

test.serial('in worker threads a seed that fails, or ends its thread, is reported', async (t) => {
  const module = new URL('./support/echo-module.js', import.meta.url);
  process.env['SEED_MODULE_FAILS'] = '1';
  process.env['SEED_MODULE_EXITS'] = '2';
  try {
    const { runs, failures } = await Trainer.runSeeds(stages, { module, device, seeds: 3, workers: 3, resamples: 10, progress: false });
    t.deepEqual(
      runs.map(({ seed }) => seed),
      [0],
    );
    const [first, second] = failures;
    t.like(first, { seed: 1, error: { name: 'RangeError', message: 'seed 1 in thread of its own' } });
    t.true(first?.error.stack?.includes('optionsOf'));
    t.like(second, { seed: 2, error: { code: 'ERR_INTERNAL' } });
    t.true(second?.error.message.includes('code 7'));
    await t.throwsAsync(() => Promise.resolve(Trainer.runSeeds(stages, { module, seeds: [1], progress: false })), {
      instanceOf: Error,
      name: 'RangeError',
    });
  } finally {
    delete process.env['SEED_MODULE_FAILS'];
    delete process.env['SEED_MODULE_EXITS'];
  }
});

test('events tell which run they are of, never overlap, and cross from worker threads', async (t) => {
  const module = new URL('./support/echo-module.js', import.meta.url);
  for (const how of [options, { module, device, resamples: 10 }]) {
    const events: SeedEvent[] = [];
    let inside = 0;
    const progress = async (event: SeedEvent): Promise<void> => {
      inside += 1;
      t.is(inside, 1);
      await new Promise(setImmediate);
      events.push(event);
      inside -= 1;
    };
    await Trainer.runSeeds([{ stage: 0, iterations: 4 }], { ...how, seeds: [3, 8], workers: 2, progress });
    for (const seed of [3, 8]) {
      const own = events.filter((event) => event.seed === seed);
      const brief = own.map((event) => (event.type === 'training' ? event.event.type : event.type));
      const trained = ['stage', 'iteration', 'iteration', 'iteration', 'iteration', 'stage-end', 'evaluation'];
      t.deepEqual(brief, ['seed', ...trained, 'seed-end']);
      t.like(own.at(-1), { twin: false, error: undefined, total: 2, result: { seed, iterations: 4 } });
    }
  }
});

test('what progress throws ends all runs', async (t) => {
  const seen: number[] = [];
  const progress = (event: SeedEvent): void => {
    seen.push(event.seed);
    if (event.type === 'training' && event.event.type === 'iteration') {
      throw new RangeError('enough');
    }
  };
  const run = (): Promise<unknown> => Trainer.runSeeds([{ stage: 0, iterations: 100_000 }], { ...options, seeds: 4, workers: 2, progress });
  await t.throwsAsync(run, { instanceOf: RangeError, message: 'enough' });
  t.true(
    seen.every((seed) => seed < 2),
    'the others did not begin',
  );
});

test('an abort ends all runs, in this thread and in others, and the error has what was finished', async (t) => {
  const module = new URL('./support/echo-module.js', import.meta.url);
  for (const how of [options, { module, device, resamples: 10 }]) {
    const controller = new AbortController();
    const progress = (event: SeedEvent): void => {
      if (event.seed === 1 && event.type === 'training' && event.event.iteration === 3) {
        controller.abort('tired');
      }
    };
    // The second run would take long; the first is short.
    const long = [{ stage: 0, until: { successRate: 0.01 }, maxIterations: 10 }];
    const error = await t.throwsAsync(() => Trainer.runSeeds(long, { ...how, seeds: 3, workers: 1, signal: controller.signal, progress }), {
      instanceOf: AbortedError,
    });
    const partial = error?.partial as PartialSeeds;
    t.deepEqual(
      partial.runs.map(({ seed }) => seed),
      [0],
    );
    t.deepEqual(partial.failures, []);
    t.false(hasPartialResult(error), 'there is no agent');
    t.is(error?.cause, 'tired');
  }
  const signal = AbortSignal.abort();
  await t.throwsAsync(() => Promise.resolve(Trainer.runSeeds(stages, { ...options, signal })), { instanceOf: AbortedError });
});

test('the twin is the same without a memory', async (t) => {
  await inFolder(async (folder) => {
    const result = await Trainer.runSeeds([{ stage: 0, iterations: 10 }], { ...options, seeds: 2, twin: 'memoryless', folder });
    const { agent } = await Trainer.run([{ stage: 0, iterations: 10 }], { ...QUICK, device, task: echoTask(), seed: 1, memory: false });
    await agent.save(join(folder, 'alone'));
    t.deepEqual(await readFile(join(folder, 'alone')), await readFile(join(folder, 'seed-1-memoryless.safetensors')));
    await agent.close();
    t.is(result.twin?.runs.length, 2);
    t.notDeepEqual(await readFile(join(folder, 'alone')), await readFile(join(folder, 'seed-1.safetensors')));
    t.deepEqual(result.improvement, compareSeeds(result, result.twin ?? result, { resamples: 200 }));
  });
});

test('in environments, where none says whether it was right: returns', async (t) => {
  const result = await Trainer.runSeeds([{ stage: 0, steps: 64 }], {
    environment: counting({ says: false }),
    envCount: 4,
    rolloutSteps: 8,
    hiddenSize: 8,
    seeds: 2,
    resamples: 50,
    progress: false,
    device,
  });
  t.is(result.score, 'meanReturn');
  t.is(result.runs[0]?.envSteps, 64);
  t.true(result.iqm.value >= 0);
});

test('wrong options are said before, or by the first run', async (t) => {
  const run = (more: object) => () => Trainer.runSeeds([0], { ...options, ...more });
  const module = (name: string) => new URL(`./support/${name}.js`, import.meta.url);
  for (const [more, path] of [
    [{ seeds: [] }, 'seeds'],
    [{ seeds: 0 }, 'seeds'],
    [{ seeds: [1, 1] }, 'seeds[1]'],
    [{ seeds: [1, -1] }, 'seeds[1]'],
    [{ workers: 0 }, 'workers'],
    [{ seed: 3 }, 'seed'],
    [{ agent: {} }, 'agent'],
    [{ twin: 'other' }, 'twin'],
    [{ twin: 'memoryless', memory: true }, 'memory'],
    [{ score: 'reward' }, 'score'],
    [{ confidence: 2 }, 'confidence'],
    [{ module: 3 }, 'module'],
    [{ module: 'nowhere.js' }, 'task'],
    [{ module: 'nowhere.js', task: undefined }, 'module'],
    [{ module: module('wrong-module'), task: undefined }, 'module'],
    [{ module: module('nested-module'), task: undefined }, 'module'],
    [{ progress: 'loud' }, 'progress'],
    [{ batchSize: 0 }, 'batchSize'],
    [{ bogus: 1 }, 'bogus'],
  ] as const) {
    await fails(t, run(more), { code: 'ERR_OPTIONS', path });
  }
  await fails(t, () => Trainer.runSeeds([9], options), { code: 'ERR_OPTIONS', path: 'stages[0]' });
});
