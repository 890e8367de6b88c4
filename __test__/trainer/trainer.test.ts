import test from 'ava';
import { Agent, hasPartialResult, OptionsError, type StageSpec, Trainer, type TrainingEvent } from 'innate';
import { wilson } from '#dist/metrics/interval.js';
import { device } from '../support/device.js';
import { echoTask } from '../support/echo-task.js';
import { scriptedTask } from './support/scripted.js';

const SMALL = { device, hiddenSize: 4, batchSize: 4, evaluateEvery: 2, evaluationProblems: 6, progress: false, threads: 1 } as const;
const options = { ...SMALL, task: echoTask() };
const STAGES = 'Stages of echo: 0 (two), 1 (four).';

async function problemsOf(t: import('ava').ExecutionContext, work: () => PromiseLike<unknown>): Promise<OptionsError['issues']> {
  const error = await t.throwsAsync(async () => work(), { instanceOf: OptionsError });
  return error?.issues ?? [];
}

test('what is said of wrong arguments of evaluate', async (t) => {
  await using trainer = await Trainer.create(options);
  const of = (given: object | number) => problemsOf(t, () => trainer.evaluate(given as object));
  t.deepEqual(await of({ stage: 0, stages: [1] }), [
    { path: 'stage', message: 'cannot be given together with stages.', remedy: 'Give one of the two.' },
  ]);
  for (const stages of [[], 'two', 3]) {
    t.deepEqual(await of({ stages }), [
      { path: 'stages', message: 'must be a list of at least one stage.', remedy: 'Pass a list such as [0, 1, 2].' },
    ]);
  }
  t.deepEqual(await of({ stage: 'x' }), [{ path: 'stage', message: "unknown stage 'x'.", remedy: STAGES }]);
  t.deepEqual(await of({ stages: [0, 2] }), [{ path: 'stages[1]', message: 'unknown stage 2.', remedy: STAGES }]);
  t.deepEqual(
    (await of({ problems: 2 ** 20 + 1, stage: 5, wrong: 1 })).map(({ path }) => path),
    ['problems', 'stage', 'wrong'],
  );
  t.deepEqual(
    (await of({ problems: 1.5 })).map(({ path }) => path),
    ['problems'],
  );
  t.is((await of({ problems: 0 }))[0]?.path, 'problems');
  t.is((await of(3))[0]?.path, 'options');
});

test('what is said of wrong arguments of explain', async (t) => {
  await using trainer = await Trainer.create(options);
  for (const count of [0, 1.5, 2 ** 20 + 1, NaN]) {
    const [problem, ...others] = await problemsOf(t, () => trainer.explain(0, count));
    t.deepEqual([problem?.path, problem?.remedy, others], ['count', 'Pass how many problems to explain.', []]);
    t.true(problem?.message.endsWith(`got ${count}.`));
  }
  t.deepEqual(
    (await problemsOf(t, () => trainer.explain('x', 0))).map(({ path, message }) => `${path} ${message}`.slice(0, 28)),
    ["stage unknown stage 'x'.", 'count must be an integer of '],
  );
});

test('what is said of a wrong run: all of its options and stages', async (t) => {
  await using trainer = await Trainer.create(options);
  const paths = async (work: () => PromiseLike<unknown>) => (await problemsOf(t, work)).map(({ path }) => path);
  t.deepEqual(await paths(() => trainer.run([7], { signal: 3 } as object)), ['stages[0]', 'signal']);
  t.deepEqual(await paths(() => trainer.run([0], { signals: 3 } as object)), ['signals']);
  t.deepEqual(await paths(() => Trainer.run([7], { ...options, batchSize: 0 })), ['batchSize', 'stages[0]']);
  t.deepEqual(await problemsOf(t, () => Trainer.run(['x'], options)), [
    { path: 'stages[0]', message: "unknown stage 'x'.", remedy: STAGES },
  ]);
  t.deepEqual(await paths(() => Trainer.create({ ...options, batchSize: 0, wrong: 1 } as object)), ['batchSize', 'wrong']);
});

test('evaluations in full: stages as asked for, problems as many as asked for', async (t) => {
  const sizes: number[] = [];
  const task = scriptedTask({
    earn: ({ size, stage, index }) => {
      sizes.push(...(index === 0 ? [size] : []));
      return { reward: stage + 0.5, success: index === 0 && stage === 1 };
    },
  });
  await using trainer = await Trainer.create({ ...SMALL, task });
  const entry = (stage: number, problems: number, successRate: number) => ({
    stage,
    name: 'abc'[stage],
    problems,
    successRate,
    meanReturn: stage + 0.5,
    interval: wilson(successRate, problems),
    returnInterval: problems === 1 ? { low: -Infinity, high: Infinity } : { low: stage + 0.5, high: stage + 0.5 },
    split: undefined,
  });
  t.deepEqual(await trainer.evaluate(), [entry(0, 1000, 0), entry(1, 1000, 0.001), entry(2, 1000, 0)]);
  t.deepEqual(await trainer.evaluate({ stage: 'b', problems: 2 }), [entry(1, 2, 0.5)]);
  t.deepEqual(await trainer.evaluate({ stages: [2, 'b'], problems: 1 }), [entry(2, 1, 0), entry(1, 1, 1)]);
  t.deepEqual(sizes, [1000, 1000, 1000, 2, 1, 1]);
  t.is((await trainer.explain('c')).length, 5);
  t.deepEqual(
    (await trainer.explain(1, 1)).map(({ stage, name, episodeReturn }) => [stage, name, episodeReturn]),
    [[1, 'b', 1.5]],
  );
});

test('training, evaluation, evaluation on demand and explanation draw from streams of their own', async (t) => {
  const drawn: number[][] = [];
  const task = scriptedTask({ earn: () => ({ reward: 0, success: false }) });
  const { sample } = task;
  const watched = {
    ...task,
    sample: (...args: Parameters<typeof sample>) => {
      drawn.push(args[1].getState() as unknown as number[]);
      return sample(...args);
    },
  };
  await using trainer = await Trainer.create({ ...SMALL, task: watched, seed: 5 });
  await trainer.run([{ stage: 0, iterations: 1 }]);
  await trainer.evaluate({ stage: 0, problems: 1 });
  await trainer.explain(0, 1);
  t.is(new Set(drawn.map(String)).size, 4);
  const before = drawn.splice(0);
  await using again = await Trainer.create({ ...SMALL, task: watched, seed: 5 });
  await again.explain(0, 1);
  await again.evaluate({ stage: 0, problems: 1 });
  t.deepEqual(drawn, [before[3], before[2]], 'in whatever order');
  await again.evaluate({ stage: 0, problems: 1 });
  t.notDeepEqual(drawn[2], before[2], 'fresh problems each time');
});

test('settings reach the run', async (t) => {
  const events: TrainingEvent[] = [];
  const stages: number[] = [];
  const task = scriptedTask({
    earn: ({ size, stage, index }) => {
      stages.push(...(size === 5 ? [stage * 10 + index] : []));
      return { reward: 0, success: false };
    },
  });
  await using trainer = await Trainer.create({
    ...SMALL,
    task,
    batchSize: 5,
    rehearsal: 0.6,
    evaluateEvery: 3,
    evaluationProblems: 7,
    maxIterations: 4,
    progress: (event) => void events.push(event),
  });
  await trainer.run([{ stage: 0, iterations: 1 }, 1]);
  t.deepEqual(stages.slice(0, 10), [0, 1, 2, 3, 4, 10, 11, 2, 3, 4]);
  t.deepEqual(
    events
      .filter(({ type }) => type === 'evaluation')
      .map((event) => event.type === 'evaluation' && [event.iteration, event.eval.problems]),
    [
      [4, 7],
      [5, 7],
      [5, 1000],
      [5, 1000],
    ],
  );
  t.like(events.at(-3), { type: 'stage-end', stageIteration: 4, reason: 'budget' });
});

test('leaving its block closes a trainer and the agent it made', async (t) => {
  let agent: Agent | undefined;
  {
    await using trainer = await Trainer.create(options);
    agent = trainer.agent;
    t.false(agent.closed);
  }
  t.true(agent.closed);
});

test('an agent that was closed before the run is said, and nothing was trained', async (t) => {
  await using trainer = await Trainer.create(options);
  await trainer.agent.close();
  const error = await t.throwsAsync(async () => trainer.run([0]), { code: 'ERR_CLOSED', message: /^agent/ });
  t.false(hasPartialResult(error));
  t.false(trainer.running);
});

test.serial('progress goes to standard error unless it is false', async (t) => {
  const { write } = process.stderr;
  let written = '';
  process.stderr.write = (text: string | Uint8Array): boolean => {
    written += String(text);
    return true;
  };
  t.teardown(() => {
    process.stderr.write = write;
  });
  await using silent = await Trainer.create(options);
  await silent.run([{ stage: 0, iterations: 2 }]);
  t.is(written, '');
  await using loud = await Trainer.create({ ...options, progress: true });
  await loud.run([{ stage: 0, iterations: 2 }]);
  process.stderr.write = write;
  t.true(written.includes('two'), written);
});

test('closed and running are told', async (t) => {
  const trainer = await Trainer.create(options);
  t.deepEqual([trainer.running, trainer.closed, trainer.agent.closed], [false, false, false]);
  const run = trainer.run([{ stage: 0, iterations: 50 }]);
  t.false(trainer.running, 'it begins in a microtask');
  await new Promise(setImmediate);
  t.true(trainer.running);
  const closing = trainer.close();
  t.is(trainer.close(), closing);
  t.true(trainer.closed);
  await closing;
  t.true(trainer.agent.closed);
  t.false(trainer.running);
  const { stopped, iterations } = await run;
  t.true(stopped && iterations < 50);
});

test('only an agent of its own is closed with the trainer', async (t) => {
  await using agent = await Agent.create({ device, task: options.task, hiddenSize: 4 });
  {
    await using trainer = await Trainer.create({ task: options.task, agent, progress: false });
    t.is(trainer.agent, agent);
    t.is(trainer.task, options.task);
  }
  t.false(agent.closed);
  await agent.close();
  await t.throwsAsync(Trainer.create({ task: options.task, agent }), { code: 'ERR_CLOSED', message: /^agent/ });
});

test.serial('a run that fails before it trains leaves no agent behind; one that fails later leaves it to the caller', async (t) => {
  let closed = 0;
  const { close } = Agent.prototype;
  Agent.prototype.close = function (this: Agent) {
    closed += 1;
    return close.call(this);
  };
  t.teardown(() => {
    Agent.prototype.close = close;
  });
  const stages: StageSpec[] = [0];
  const run = Trainer.run(stages, options);
  await Promise.resolve();
  await Promise.resolve();
  // They were good when the agent was asked for, and are bad when the run begins.
  stages[0] = 9;
  await t.throwsAsync(async () => run, { code: 'ERR_OPTIONS' });
  t.is(closed, 1);

  const onScore = (): never => {
    throw new RangeError('boom');
  };
  const error = await t.throwsAsync(async () => Trainer.run([0], { ...SMALL, task: echoTask({ onScore }) }), { code: 'ERR_TASK' });
  t.is(closed, 1);
  t.true(hasPartialResult(error));
  if (hasPartialResult(error)) {
    await error.partial.agent.close();
  }
});

test('a run is a promise, and an iterator over itself', async (t) => {
  await using trainer = await Trainer.create(options);
  const run = trainer.run([{ stage: 0, iterations: 1 }]);
  t.is(Object.prototype.toString.call(run), '[object TrainingRun]');
  t.is(await run.then(({ iterations }) => iterations + 1), 2);
  let ended = 0;
  await run.finally(() => {
    ended += 1;
  });
  t.is(ended, 1);
  t.is((await run.catch(() => undefined))?.iterations, 1);
  const failed = trainer.run([9]);
  t.is(await failed.catch((error: unknown) => (error as Error).name), 'OptionsError');
  t.is(
    await failed.then(
      () => '',
      (error: unknown) => (error as Error).name,
    ),
    'OptionsError',
  );
  const watched = trainer.run([{ stage: 0, iterations: 1 }]);
  const iterator = watched[Symbol.asyncIterator]();
  t.is(watched[Symbol.asyncIterator](), iterator);
  t.is(iterator[Symbol.asyncIterator](), iterator);
  t.like(await iterator.next(), { done: false, value: { type: 'stage' } });
  t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  t.like(await watched, { stopped: true, iterations: 0 });
  t.deepEqual(await iterator.next(), { done: true, value: undefined });
});
