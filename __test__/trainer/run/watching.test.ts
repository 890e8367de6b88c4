import { getEventListeners } from 'node:events';
import test from 'ava';
import { Agent, hasPartialResult, type ProgressOption, Trainer, type TrainingEvent } from 'innate';
import { echoTask, QUICK } from '../../support/echo-task.js';
import { fails } from '../../support/failure.js';

const task = echoTask();
const options = { ...QUICK, threads: 1, task };
const FIVE = [{ stage: 0, iterations: 5 }];
const LONG = [{ stage: 0, iterations: 1e6 }];
const ABORTED = { code: 'ERR_ABORTED', path: 'signal', name: 'AbortError' } as const;
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function runWith(progress: ProgressOption, signal?: AbortSignal): Promise<unknown> {
  await using trainer = await Trainer.create({ ...options, progress, signal });
  return await trainer.run(FIVE);
}

test('calls of an async progress function never overlap, keep their order, and are done when the run is', async (t) => {
  const plain: TrainingEvent['type'][] = [];
  await runWith((event) => plain.push(event.type));
  const seen: TrainingEvent['type'][] = [];
  let inside = 0;
  await runWith(async (event) => {
    inside += 1;
    t.is(inside, 1);
    await sleep(event.type === 'iteration' ? 5 : 1);
    seen.push(event.type);
    inside -= 1;
  });
  t.is(inside, 0);
  t.deepEqual(seen, plain);
});

test('an iterator that pulls ahead does not cut the wait for a progress function short', async (t) => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  await using trainer = await Trainer.create({ ...options, progress: () => gate });
  const iterator = trainer.run(FIVE)[Symbol.asyncIterator]();
  let pulled = 0;
  const pull = async (): Promise<void> => {
    await iterator.next();
    pulled += 1;
  };
  const first = pull();
  await sleep(20);
  const more = [pull(), pull()];
  await sleep(20);
  t.is(pulled, 0);
  open();
  await Promise.all([first, ...more]);
  await iterator.return?.();
});

test('an async progress function that rejects ends the run as one that throws, with what was trained', async (t) => {
  for (const late of [false, true]) {
    const mine = new Error('mine');
    await using trainer = await Trainer.create({
      ...options,
      progress: async (event) => {
        if (event.iteration === 2) {
          await (late ? sleep(2) : undefined);
          throw mine;
        }
      },
    });
    const error = await t.throwsAsync(async () => await trainer.run(FIVE));
    t.is(error, mine);
    t.true(hasPartialResult(error) && error.partial.iterations === 2 && error.partial.agent === trainer.agent);
    t.false(trainer.running);
  }
});

test('whatever is thrown carries what was trained, or the error around it does', async (t) => {
  const sealed = Object.defineProperty({}, 'partial', { value: 3 });
  for (const thrown of [undefined, null, 'text', Symbol('x'), 3n, Object.freeze(new Error('cold')), Object.create(null), sealed]) {
    try {
      await runWith(() => {
        throw thrown;
      });
      t.fail('nothing was thrown');
    } catch (error) {
      t.true(hasPartialResult(error) && error.partial.agent !== undefined, String(typeof thrown));
      t.true(error === thrown || (error as Error).cause === thrown);
    }
  }
});

test('a progress function that never settles: abort, close and leaving end the run', async (t) => {
  const never = (): Promise<void> => new Promise(() => undefined);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await fails(t, () => runWith(never, controller.signal), ABORTED);
  const later = new AbortController();
  await using trainer = await Trainer.create({ ...options, progress: () => (later.signal.aborted ? never() : undefined) });
  setTimeout(() => later.abort(), 20);
  await fails(t, () => trainer.run(LONG, { signal: later.signal }), ABORTED);
  await fails(
    t,
    () => {
      const aborting = new AbortController();
      return runWith(() => {
        aborting.abort();
        return never();
      }, aborting.signal);
    },
    ABORTED,
  );

  const closed = await Trainer.create({ ...options, progress: never });
  const run = closed.run(LONG);
  await sleep(20);
  await closed.close();
  t.true((await run).stopped);

  await using left = await Trainer.create({ ...options, progress: never });
  const iterator = left.run(LONG)[Symbol.asyncIterator]();
  const pulled = iterator.next();
  await sleep(20);
  t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  t.deepEqual(await pulled, { done: true, value: undefined });
});

test('a progress function may close the trainer and wait for that', async (t) => {
  for (const pause of [0, 2]) {
    const trainer = await Trainer.create({
      ...options,
      progress: async (event): Promise<void> => {
        await (pause === 0 ? undefined : sleep(pause));
        if (event.type === 'iteration' && event.iteration === 2) {
          await trainer.close();
        }
      },
    });
    t.like(await trainer.run(LONG), { stopped: true, iterations: 2 });
    t.true(trainer.agent.closed);
  }
});

test('after a stop, a function still at work is not called again before it is done', async (t) => {
  let inside = 0;
  const types: string[] = [];
  const trainer = await Trainer.create({
    ...options,
    progress: async (event) => {
      inside += 1;
      t.is(inside, 1);
      types.push(event.type);
      await (event.type === 'iteration' && event.iteration === 3 ? trainer.close() : sleep(1));
      inside -= 1;
    },
  });
  await trainer.run(LONG);
  t.deepEqual(types.slice(0, 4), ['stage', 'iteration', 'iteration', 'iteration']);
});

test('abort before the first pull of an attached iterator', async (t) => {
  for (const how of ['pull', 'await', 'both'] as const) {
    await using trainer = await Trainer.create(options);
    const controller = new AbortController();
    const run = trainer.run(LONG, { signal: controller.signal });
    const iterator = run[Symbol.asyncIterator]();
    await sleep(10);
    t.true(trainer.running, 'it has begun, and waits');
    controller.abort();
    if (how !== 'pull') {
      await fails(t, () => run, ABORTED);
    }
    if (how !== 'await') {
      await fails(t, () => iterator.next(), ABORTED);
      t.deepEqual(await iterator.next(), { done: true, value: undefined });
    }
    t.false(trainer.running);
  }
});

test('a signal that is aborted already, with an iterator, pulled or not', async (t) => {
  await using trainer = await Trainer.create({ ...options, signal: AbortSignal.abort() });
  const run = trainer.run(LONG);
  const iterator = run[Symbol.asyncIterator]();
  await fails(t, () => run, ABORTED);
  await fails(t, () => iterator.next(), ABORTED);
  await fails(t, () => trainer.run(LONG)[Symbol.asyncIterator]().next(), ABORTED);
});

test('leaving before the first pull ends the run with nothing done', async (t) => {
  await using trainer = await Trainer.create(options);
  for (const leave of ['return', 'throw'] as const) {
    const run = trainer.run(LONG);
    const iterator = run[Symbol.asyncIterator]();
    const mine = new Error('mine');
    if (leave === 'return') {
      t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
    } else {
      t.is(await t.throwsAsync(async () => await iterator.throw?.(mine)), mine);
    }
    t.like(await run, { iterations: 0, stopped: true });
    t.deepEqual(await iterator.next(), { done: true, value: undefined });
    t.deepEqual(await iterator.return?.(), { done: true, value: undefined });
  }
  const run = Trainer.run(LONG, options);
  await run[Symbol.asyncIterator]().return?.();
  await (await run).agent.close();
});

test('wrong stages and options are said before the first pull', async (t) => {
  await using trainer = await Trainer.create(options);
  const run = trainer.run([9]);
  const iterator = run[Symbol.asyncIterator]();
  await fails(t, () => run, { code: 'ERR_OPTIONS', path: 'stages[0]' });
  await fails(t, () => iterator.next(), { code: 'ERR_OPTIONS', path: 'stages[0]' });
});

test('several pulls at once are answered in order; an abort rejects one and ends the others', async (t) => {
  await using trainer = await Trainer.create(options);
  const controller = new AbortController();
  const iterator = trainer.run(LONG, { signal: controller.signal })[Symbol.asyncIterator]();
  const pulls = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
  t.deepEqual(
    pulls.map(({ value }) => value?.type),
    ['stage', 'iteration', 'iteration'],
  );
  const waiting = Array.from({ length: 40 }, () => iterator.next());
  controller.abort();
  const settled = await Promise.allSettled(waiting);
  const rejected = settled.filter(({ status }) => status === 'rejected');
  t.is(rejected.length, 1);
  t.deepEqual(settled.at(-1), { status: 'fulfilled', value: { done: true, value: undefined } });
});

test('aborts during an evaluation, in the loop, and after the end', async (t) => {
  await using trainer = await Trainer.create({ ...options, evaluateEvery: 2 });
  for (const at of ['evaluation', 'stage', 'stage-end', 'iteration'] as const) {
    const controller = new AbortController();
    const loop = async (): Promise<void> => {
      for await (const event of trainer.run([{ stage: 0, iterations: 4 }, 1], { signal: controller.signal })) {
        if (event.type === at) {
          controller.abort();
        }
      }
    };
    await fails(t, loop, ABORTED);
    t.false(trainer.running);
  }
  const controller = new AbortController();
  t.is((await trainer.run(FIVE, { signal: controller.signal })).iterations, 5);
  controller.abort();
});

test('however many runs share a signal, it has one listener, and none when they are over', async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error): number => warnings.push(warning);
  process.on('warning', warn);
  const { signal } = new AbortController();
  const trainers = await Promise.all(Array.from({ length: 15 }, () => Trainer.create({ ...options, signal })));
  const runs = trainers.map((trainer) => trainer.run(FIVE, { signal })[Symbol.asyncIterator]());
  await Promise.all(runs.map((run) => run.next()));
  t.is(getEventListeners(signal, 'abort').length, 1);
  await Promise.all(runs.map((run) => run.return?.()));
  t.is(getEventListeners(signal, 'abort').length, 0);
  const [first] = trainers;
  for (let i = 0; i < 200; i += 1) {
    await first
      ?.run([{ stage: 0, until: { successRate: 1 }, maxIterations: 1 }], { signal })
      [Symbol.asyncIterator]()
      .return?.();
  }
  t.is(getEventListeners(signal, 'abort').length, 0);
  await Promise.all(trainers.map((trainer) => trainer.close()));
  await sleep(1);
  process.off('warning', warn);
  t.deepEqual(
    warnings.filter(({ name }) => name === 'MaxListenersExceededWarning'),
    [],
  );
});

test('an abort of a shared signal reaches every run', async (t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const trainers = await Promise.all(Array.from({ length: 3 }, () => Trainer.create({ ...options, signal })));
  const runs = trainers.map((trainer) => trainer.run(LONG, { signal }));
  await sleep(20);
  controller.abort();
  const settled = await Promise.allSettled(runs);
  t.true(settled.every(({ status }) => status === 'rejected'));
  await Promise.all(trainers.map((trainer) => trainer.close()));
});

test('an agent of another copy of the package is an agent', async (t) => {
  await using agent = await Agent.create({ task, hiddenSize: 8 });
  t.true(Agent.isInstance(agent));
  const other = Object.create(Object.prototype, { [Symbol.for('innate.agent')]: { value: true } });
  t.true(Agent.isInstance(other));
  for (const value of [undefined, null, {}, 3, 'x', Agent, Agent.prototype]) {
    t.false(Agent.isInstance(value));
  }
});
