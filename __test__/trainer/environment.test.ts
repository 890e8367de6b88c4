import test from 'ava';
import { AbortedError, type Environment, EnvironmentError, hasPartialResult, Trainer, type TrainingEvent } from 'innate';
import { fails } from '../support/failure.js';
import { CountingEnvironment, counting, LEARNED, scriptedActor } from './support/scripted-environment.js';

const SIZES = { envCount: 2, rolloutSteps: 4, progress: false } as const;

test('a rollout a time: what was observed, earned and ended reaches the collector, and episodes carry over', async (t) => {
  const { agent, log } = scriptedActor((row) => row);
  await using trainer = await Trainer.create({ ...SIZES, agent, environment: counting() });
  t.is(trainer.task, undefined);
  const result = await trainer.run([{ stage: 'second', steps: 23 }]);
  t.deepEqual([result.iterations, result.envSteps, result.episodes], [2, 16, 4], 'as many whole rollouts as fit');
  t.is(log.recorded.length, 8);
  t.deepEqual(
    log.recorded.map(({ terminated }) => terminated),
    [
      [0, 0],
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ],
  );
  t.deepEqual(log.recorded[0]?.rewards, [0, 1]);
  t.deepEqual([log.recorded[2]?.final[0], log.recorded[2]?.final[2]], [3, 3], 'what was seen last');
  t.deepEqual(
    log.observed.map((seen) => seen[0]),
    [0, 1, 2, 0, 1, /* pending at the first finish */ 1, 2, 0, 1, 2],
    'the first observation of the next episode stands in the place of the last of the one before',
  );
  t.deepEqual(log.collectors, [
    {
      rows: 2,
      steps: 4,
      gamma: 0.99,
      gaeLambda: 0.95,
      autoreset: true,
      masked: true,
      normalizeObservations: true,
      normalizeRewards: true,
    },
  ]);
  const [stage] = result.stages;
  t.like(stage, { stage: 1, name: 'second', iterations: 2, steps: 16, mastered: false, successRate: 0.5, meanReturn: 1.5 });
  t.is(log.closed, 1);
});

test('events: groups by kind, and their order', async (t) => {
  const { agent } = scriptedActor();
  const events: TrainingEvent<'environment'>[] = [];
  await using trainer = await Trainer.create({ ...SIZES, agent, environment: counting(), progress: (event) => void events.push(event) });
  await trainer.run([
    { stage: 0, steps: 16 },
    { stage: 1, until: { successRate: 1 }, maxSteps: 800 },
  ]);
  t.deepEqual(
    events.map(({ type, ...event }) => ('purpose' in event ? `${event.purpose} ${event.stage}` : `${type} ${event.stage}`)),
    [
      'stage 0',
      'iteration 0',
      'iteration 0',
      'stage-end 0',
      'stage 1',
      ...new Array<string>(10).fill('iteration 1'),
      'progress 1',
      'confirmation 1',
      'stage-end 1',
      'final 0',
      'final 1',
    ],
  );
  const [, first, second] = events;
  t.like(first, {
    iteration: 1,
    stageIteration: 1,
    rollout: { episodes: 2, successRate: 1, episodeReturnMean: 3, episodeLengthMean: 3 },
    train: { ...LEARNED, learningRate: 1e-3, entropyCoef: 0.02 },
    curriculum: { stage: 0 },
  });
  t.true(second?.type === 'iteration' && second.time.envSteps === 16 && second.time.episodes === 4 && second.time.envStepsPerSecond > 0);
  const [start, , , end] = events;
  t.like(start, { type: 'stage', stageCount: 2, maxIterations: 2 });
  t.like(end, { type: 'stage-end', reason: 'steps' });
  t.like(events.at(-3), { type: 'stage-end', reason: 'reached' });
  t.like(events.at(-1), { eval: { episodes: 100, successRate: 1, episodeReturnMean: 3, episodeLengthMean: 3 } });
});

test('a target that is not reached: the budget; with nothing said of success it is NaN', async (t) => {
  const { agent } = scriptedActor(() => 0);
  const events: TrainingEvent<'environment'>[] = [];
  const environment = counting({ says: false, length: 100 });
  await using trainer = await Trainer.create({ ...SIZES, agent, environment, progress: (event) => void events.push(event) });
  const { stages } = await trainer.run([{ stage: 0, until: { meanReturn: 0.5 }, maxSteps: 8 }]);
  t.like(stages[0], { meanReturn: 0, successRate: NaN, mastered: false });
  const iteration = events.find((event) => event.type === 'iteration');
  t.deepEqual(iteration?.rollout, { episodes: 0, successRate: NaN, episodeReturnMean: NaN, episodeLengthMean: NaN });
  t.like(events.at(-2), { type: 'stage-end', reason: 'budget' });
});

test('episode k of row i is a function of seed, i and k: evaluation moves nothing, and a new stage resets all', async (t) => {
  const resets = async (evaluates: boolean, seed: number): Promise<string[]> => {
    const notes: string[] = [];
    const { agent } = scriptedActor();
    // Environments beyond the first two are those of evaluations.
    let made = 0;
    const environment = (index: number): Environment => {
      made += 1;
      return new CountingEnvironment(index, made <= 2 ? { note: (call) => call.startsWith('reset') && notes.push(call) } : {});
    };
    await using trainer = await Trainer.create({ ...SIZES, agent, environment, seed });
    if (evaluates) {
      await trainer.evaluate({ episodes: 5 });
    }
    const run = trainer.run([
      { stage: 0, steps: 16 },
      { stage: 1, steps: 8 },
    ]);
    const measured = evaluates ? trainer.evaluate({ stage: 1, episodes: 3 }) : undefined;
    await run;
    await measured;
    await trainer.run([{ stage: 1, steps: 8 }]);
    return notes;
  };
  const plain = await resets(false, 1);
  t.deepEqual(await resets(true, 1), plain);
  t.notDeepEqual(await resets(false, 2), plain);
  const drawn = plain.map((note) => note.replace(/ in \d/, ''));
  t.is(new Set(drawn).size, drawn.length, 'no episode is played twice');
  t.deepEqual(
    plain.map((note) => note.replace(/:.*/, '')),
    [
      ...['reset 0 in 0', 'reset 1 in 0', 'reset 0 in 0', 'reset 1 in 0', 'reset 0 in 0', 'reset 1 in 0'],
      ...['reset 0 in 1', 'reset 1 in 1', 'reset 0 in 1', 'reset 1 in 1'],
      ...['reset 0 in 1', 'reset 1 in 1', 'reset 0 in 1', 'reset 1 in 1'],
    ],
    'once at the begin of each stage, and once an end',
  );
});

test('evaluate: fresh greedy episodes, as many in each row, one reset an episode', async (t) => {
  const notes: string[] = [];
  const { agent, log } = scriptedActor((row) => (row === 0 ? 1 : 0));
  await using trainer = await Trainer.create({ ...SIZES, agent, environment: counting({ note: (call) => notes.push(call) }) });
  const [first, second] = await trainer.evaluate({ episodes: 3 });
  const expected = { episodes: 3, successRate: 2 / 3, meanReturn: 2, meanLength: 3 };
  t.deepEqual(first, { stage: 0, name: 'first', ...expected });
  t.deepEqual(second, { stage: 1, name: 'second', ...expected });
  t.deepEqual(log.starts.slice(0, 6), [
    [1, 1],
    [0, 0],
    [0, 0],
    [1, 1],
    [0, 0],
    [0, 0],
  ]);
  const again = await trainer.evaluate({ stage: 'second', episodes: 2 });
  t.is(again.length, 1);
  const drawn = notes.map((note) => note.replace(/ in \d/, ''));
  t.is(new Set(drawn).size, drawn.length, 'every episode is a fresh one');
});

test('environments are closed once, with the trainer; the short way closes them at its end', async (t) => {
  const notes: string[] = [];
  const note = (call: string): void => void (call.startsWith('close') && notes.push(call));
  const trainer = await Trainer.create({ ...SIZES, agent: scriptedActor().agent, environment: counting({ note }) });
  await trainer.evaluate({ stage: 0, episodes: 1 });
  await trainer.close();
  await trainer.close();
  t.deepEqual(notes.sort(), ['close 0', 'close 0', 'close 1', 'close 1']);
  notes.length = 0;
  await Trainer.run([{ stage: 0, steps: 8 }], { ...SIZES, agent: scriptedActor().agent, environment: counting({ note }) });
  t.deepEqual(notes.sort(), ['close 0', 'close 0', 'close 1', 'close 1']);
});

test('a factory that throws at a row: typed, and what was made is closed', async (t) => {
  const notes: string[] = [];
  const environment = (index: number): Environment => {
    if (index === 7) {
      throw new Error('no room');
    }
    return new CountingEnvironment(index, { note: (call) => notes.push(call) });
  };
  const error = await fails(t, () => Trainer.create({ environment, progress: false }), { code: 'ERR_ENVIRONMENT', path: 'environment' });
  t.is((error as EnvironmentError).environment, 7);
  t.is(notes.length, 7);
});

/** Fails in its third step, once. */
function failing(): { environment: (index: number) => Environment; readonly mend: () => void } {
  const state = { fails: true };
  class Failing extends CountingEnvironment {
    #steps = 0;
    override step(action: number) {
      this.#steps += 1;
      if (state.fails && this.#steps === 11) {
        throw new Error('gone');
      }
      return super.step(action);
    }
  }
  return {
    environment: (index) => (index === 1 ? new Failing(index) : new CountingEnvironment(index)),
    mend: () => {
      state.fails = false;
    },
  };
}

test('an environment that throws: typed with its place, what was learned is kept, and the trainer is usable', async (t) => {
  const { agent, log } = scriptedActor();
  const { environment, mend } = failing();
  await using trainer = await Trainer.create({ ...SIZES, agent, environment });
  const error = await fails(t, () => trainer.run([{ stage: 0, steps: 800 }]), { code: 'ERR_ENVIRONMENT', path: 'environment.step' });
  t.true(error instanceof EnvironmentError);
  t.like(error, { environment: 1, episode: 3, step: 2 });
  t.true(hasPartialResult(error));
  if (hasPartialResult(error)) {
    t.like(error.partial, { iterations: 2, envSteps: 16, agent, stopped: false });
    t.like(error.partial.stages[0], { steps: 16, successRate: undefined });
  }
  t.is(log.learned.length, 2);
  mend();
  t.is((await trainer.run([{ stage: 0, steps: 8 }])).iterations, 1);
});

test('an abort ends a rollout under way, with what was trained', async (t) => {
  const controller = new AbortController();
  const { agent } = scriptedActor();
  const slow = async (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3));
  class Slow extends CountingEnvironment {
    override step(action: number) {
      const answer = { ...super.step(action) };
      return slow().then(() => answer) as unknown as typeof answer;
    }
  }
  const environment = (index: number): Environment => new Slow(index);
  await using trainer = await Trainer.create({ ...SIZES, rolloutSteps: 4000, agent, environment });
  const run = trainer.run([{ stage: 0, steps: 8000 }], { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 30);
  const error = await fails(t, () => run, { code: 'ERR_ABORTED', path: 'signal' });
  t.true(error instanceof AbortedError);
  t.true(hasPartialResult(error) && error.partial.iterations === 0);
  t.false(trainer.running);
});

test('the event loop turns while environments are stepped', async (t) => {
  const { agent } = scriptedActor();
  await using trainer = await Trainer.create({ ...SIZES, envCount: 16, rolloutSteps: 20_000, agent, environment: counting() });
  const run = trainer.run([{ stage: 0, steps: 320_000 }]);
  const delays: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(now - last);
    last = now;
  }, 1);
  await run;
  clearInterval(timer);
  delays.sort((a, b) => a - b);
  t.log(`${delays.length} ticks, worst ${delays.at(-1)?.toFixed(1)} ms`);
  t.true(delays.length >= 10);
});
