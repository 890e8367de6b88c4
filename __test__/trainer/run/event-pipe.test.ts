import test from 'ava';
import type { TrainingEvent } from 'innate';
import { EventPipe } from '#dist/trainer/run/event-pipe.js';

const event = (iteration: number): TrainingEvent => ({
  type: 'stage-end',
  iteration,
  index: 0,
  stage: 0,
  name: 'a',
  stageIteration: 1,
  reason: 'budget',
});
const DONE = { done: true, value: undefined };

/** Whether a promise is settled after all that can happen by itself has happened. */
async function settled(promise: Promise<unknown> | undefined): Promise<boolean> {
  let done = false;
  const mark = () => {
    done = true;
  };
  promise?.then(mark, mark);
  await new Promise(setImmediate);
  return done;
}

test('without a consumer events are dropped and nothing waits', async (t) => {
  const pipe = new EventPipe();
  t.is(pipe.ready(), undefined);
  t.is(pipe.emit(event(1)), undefined);
  t.false(pipe.stopRequested);
  pipe.end();
  t.deepEqual(await pipe.pull(), DONE);
});

test('with a consumer the run begins, and goes on, when an event is asked for', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const ready = pipe.ready();
  t.false(await settled(ready));
  const first = pipe.pull();
  t.true(await settled(ready));
  t.true(await settled(pipe.ready()), 'an event is asked for');
  const emitted = pipe.emit(event(1));
  t.deepEqual(await first, { done: false, value: event(1) });
  t.false(await settled(emitted));
  const second = pipe.pull();
  t.true(await settled(emitted));
  t.false(await settled(second));
  const another = pipe.emit(event(2));
  t.deepEqual(await second, { done: false, value: event(2) });
  t.false(await settled(another));
});

test('an event that nobody asks for yet waits', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const emitted = pipe.emit(event(1));
  t.false(await settled(emitted));
  t.deepEqual(await pipe.pull(), { done: false, value: event(1) });
  t.false(await settled(emitted));
});

test('events asked for ahead are handed over in order', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const pulls = [pipe.pull(), pipe.pull(), pipe.pull()];
  await pipe.emit(event(1));
  await pipe.emit(event(2));
  t.deepEqual(await pulls[0], { done: false, value: event(1) });
  t.deepEqual(await pulls[1], { done: false, value: event(2) });
  t.false(await settled(pulls[2]));
  pipe.end();
  t.deepEqual(await pulls[2], DONE);
});

test('a stop frees the run, drops later events and ends the iteration', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const ready = pipe.ready();
  pipe.stop();
  t.true(await settled(ready));
  t.true(pipe.stopRequested);
  t.is(pipe.emit(event(1)), undefined);
  t.true(await settled(pipe.ready()));
  t.deepEqual(await pipe.pull(), DONE);
});

test('a stop frees a run that waits after an event, or with one', async (t) => {
  const after = new EventPipe();
  after.attach();
  const pull = after.pull();
  const emitted = after.emit(event(1));
  t.deepEqual(await pull, { done: false, value: event(1) });
  after.stop();
  t.true(await settled(emitted));

  const before = new EventPipe();
  before.attach();
  const kept = before.emit(event(1));
  t.false(await settled(kept));
  before.stop();
  t.is(await kept, undefined);
});

test('an abort frees the run, drops later events, and leaves those who wait to the failure', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const pull = pipe.pull();
  const emitted = pipe.emit(event(1));
  await pull;
  pipe.abort();
  t.is(await emitted, undefined);
  t.false(pipe.stopRequested);
  t.is(pipe.emit(event(2)), undefined);
  const waiting = pipe.pull();
  t.false(await settled(waiting));
  pipe.fail(new RangeError('aborted'));
  await t.throwsAsync(async () => waiting, { message: 'aborted' });
});

/** A promise to settle by hand. */
function byHand(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = (): void => undefined;
  let reject = (_: Error): void => undefined;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

test('a watcher is told each event, and waited for when it returns a promise', async (t) => {
  const pipe = new EventPipe();
  const seen: TrainingEvent[] = [];
  t.is(
    pipe.tell((told) => void seen.push(told), event(1)),
    undefined,
  );
  t.is(
    pipe.tell(() => 3, event(2)),
    undefined,
  );
  const work = byHand();
  const told = pipe.tell(() => work.promise, event(3));
  t.false(await settled(told));
  work.resolve();
  t.is(await told, undefined);
  const failing = byHand();
  const failed = pipe.tell(() => failing.promise, event(4));
  failing.reject(new RangeError('mine'));
  await t.throwsAsync(async () => failed, { message: 'mine' });
  t.deepEqual(seen, [event(1)]);
});

test('a stop or an abort ends the wait for a watcher, which is not called again before it is done', async (t) => {
  for (const end of ['stop', 'abort'] as const) {
    const pipe = new EventPipe();
    const work = byHand();
    let calls = 0;
    const watcher = (): Promise<void> => {
      calls += 1;
      return work.promise;
    };
    const told = pipe.tell(watcher, event(1));
    t.false(await settled(told));
    pipe[end]();
    t.is(await told, undefined);
    t.is(pipe.tell(watcher, event(2)), undefined);
    t.is(calls, 1);
    work.resolve();
    await work.promise;
    await new Promise(setImmediate);
    const again = pipe.tell(watcher, event(3));
    t.is(calls, 2);
    t.is(await again, undefined);
  }
});

test('a watcher that stops or aborts the run itself is not waited for; one called after a stop is', async (t) => {
  for (const end of ['stop', 'abort'] as const) {
    const pipe = new EventPipe();
    const never = byHand();
    const told = pipe.tell(() => {
      pipe[end]();
      return never.promise;
    }, event(1));
    t.is(await told, undefined);
  }
  const stopped = new EventPipe();
  stopped.stop();
  const work = byHand();
  const told = stopped.tell(() => work.promise, event(1));
  t.false(await settled(told), 'the final events are still told one after another');
  work.resolve();
  t.is(await told, undefined);
  const aborted = new EventPipe();
  aborted.abort();
  t.is(await aborted.tell(() => byHand().promise, event(1)), undefined);
});

test('the end is told to all who wait, and to whoever asks later', async (t) => {
  const pipe = new EventPipe();
  pipe.attach();
  const pulls = [pipe.pull(), pipe.pull()];
  pipe.end();
  t.deepEqual(await Promise.all(pulls), [DONE, DONE]);
  t.deepEqual(await pipe.pull(), DONE);
  t.false(pipe.stopRequested);
});

test('a failure is thrown once: to the first who waits, or to the next who asks', async (t) => {
  const mine = new Error('mine');
  const waiting = new EventPipe();
  waiting.attach();
  const pulls = [waiting.pull(), waiting.pull()];
  waiting.fail(mine);
  t.is(await t.throwsAsync(async () => pulls[0]), mine);
  t.deepEqual(await pulls[1], DONE);
  t.deepEqual(await waiting.pull(), DONE);

  const later = new EventPipe();
  later.attach();
  later.fail(mine);
  t.is(await t.throwsAsync(async () => later.pull()), mine);
  t.deepEqual(await later.pull(), DONE);

  const nothing = new EventPipe();
  nothing.fail(undefined);
  t.is(
    await nothing.pull().then(
      () => 'resolved',
      (error: unknown) => error,
    ),
    undefined,
  );
  t.deepEqual(await nothing.pull(), DONE);
});
