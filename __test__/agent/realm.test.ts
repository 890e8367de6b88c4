import { createContext, runInContext } from 'node:vm';
import test from 'ava';
import { Agent, arithmetic, defineTask, TaskError, Trainer } from 'innate';
import * as kind from '#dist/util/kind.js';
import { cloneData, dataKey } from '#dist/util/plain-data.js';
import { echoTask, QUICK } from '../support/echo-task.js';
import { fails } from '../support/failure.js';

const realm = createContext({ globals: globalThis });

/** Evaluates an expression in another realm, where every built-in class is another one. */
function elsewhere<T>(expression: string): T {
  return runInContext(`(${expression})`, realm) as T;
}

test("another realm's values are what they are", (t) => {
  t.false(elsewhere<object>('new Int32Array(1)') instanceof Int32Array, 'it is another realm');
  t.true(kind.isInt32Array(elsewhere('new Int32Array(1)')));
  t.true(kind.isFloat32Array(elsewhere('new Float32Array(1)')));
  t.true(kind.isUint8Array(elsewhere('new Uint8Array(1)')));
  t.true(kind.isTypedArray(elsewhere('new BigInt64Array(1)')));
  t.true(kind.isArray(elsewhere('[1]')));
  t.is(kind.kindOf(elsewhere('new Map()')), 'Map');
  for (const value of [undefined, null, 3, 'x', {}, [], new DataView(new ArrayBuffer(8)), { [Symbol.toStringTag]: 'Int32Array' }]) {
    t.false(kind.isInt32Array(value));
    t.false(kind.isTypedArray(value));
    t.false(kind.isAbortSignal(value));
    t.false(kind.isThenable(value));
  }
  t.false(kind.isInt32Array(new Uint32Array(1)));
});

test('arrays of another realm', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 8, threads: 1, seed: 1 });
  await using twin = await Agent.create({ hiddenSize: 8, threads: 1, seed: 1 });
  const foreign = {
    contexts: elsewhere<Int32Array>('Int32Array.of(7, 3, 5, 10, 17, 17)'),
    stages: elsewhere<number[]>('[0]'),
    returns: elsewhere<Float32Array>('Float32Array.of(0.5)'),
  };
  const own = { contexts: Int32Array.from(foreign.contexts), stages: [0], returns: Float32Array.of(0.5) };
  const { actions } = await twin.act(own);
  t.deepEqual((await agent.act(foreign)).actions, actions);
  t.deepEqual(await agent.update({ ...foreign, actions }), await twin.update({ ...own, actions }));
  const weights = await agent.stateDict();
  const copied = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => {
      const copy = elsewhere<Float32Array>(`new Float32Array(${data.length})`);
      copy.set(data);
      return [name, { shape, data: copy }];
    }),
  );
  await agent.loadStateDict(copied);
  t.deepEqual(await agent.stateDict(), weights);
});

test('a task of another realm: its mask, batches, states and errors', async (t) => {
  const mask = elsewhere<Uint8Array>('Uint8Array.of(1, 1, 1, 1, 0)');
  const task = echoTask();
  const sample: typeof task.sample = (stages, random) => {
    const batch = task.sample(stages, random);
    const copy = elsewhere<(values: Int32Array) => Int32Array>('(values) => Int32Array.from(values)');
    return { ...batch, contexts: copy(batch.contexts), stages: copy(batch.stages) };
  };
  await using trainer = await Trainer.create({ ...QUICK, task: { ...task, actionMask: mask, sample } });
  t.is((await trainer.run([{ stage: 0, iterations: 2 }])).iterations, 2);

  const broken = defineTask({
    name: 'broken',
    stages: ['only'],
    horizon: 1,
    symbols: ['x'],
    sample: () => ({}),
    encode: () => [0],
    start: () => ({}),
    tools: { DONE: { ends: true } },
    success: elsewhere<() => boolean>('() => { throw new TypeError("mine"); }'),
  });
  const error = await fails(t, () => Trainer.run([0], { ...QUICK, task: broken }), { code: 'ERR_TASK', path: 'task.success' });
  t.true(error.message.includes('threw TypeError: mine.'));
  t.false(error.cause instanceof Error);
  t.is(kind.kindOf(error.cause), 'Error');

  const text = '{ b: 2, a: [new Map([[1, 2]]), new Set([3]), new Date(4), Int8Array.of(5)] }';
  const state = { b: 2, a: [new Map([[1, 2]]), new Set([3]), new Date(4), Int8Array.of(5)] };
  t.is(dataKey(elsewhere(text)), dataKey(state));
  t.deepEqual(cloneData(elsewhere(text)), state);
  t.is(cloneData(elsewhere<object>('{ f: null }')).constructor, Object, 'copied as the plain object that it is');
});

test("an error of another copy's task keeps its path", (t) => {
  const other = Object.assign(new Error('is wrong.'), {
    code: 'ERR_TASK',
    problem: 'is wrong.',
    path: 'task.tools.MUL.run',
    remedy: 'Mend it.',
  });
  Object.defineProperty(other, Symbol.for('innate.error'), { value: true });
  t.is(TaskError.wrap(other, 'task.score'), other as unknown as TaskError);
  t.like(TaskError.wrap(other, 'task.score', 4), { path: 'task.tools.MUL.run', problemIndex: 4 });
});

test('a signal that is no AbortSignal of this realm', async (t) => {
  const target = new EventTarget();
  const listeners = { add: 0, removed: 0 };
  const signal = {
    aborted: false,
    reason: 'enough',
    addEventListener: (type: string, listener: () => void): void => {
      listeners.add += 1;
      target.addEventListener(type, listener);
    },
    removeEventListener: (type: string, listener: () => void): void => {
      listeners.removed += 1;
      target.removeEventListener(type, listener);
    },
  };
  await using trainer = await Trainer.create({ ...QUICK, task: echoTask() });
  const run = trainer.run([{ stage: 0, iterations: 1e6 }], { signal: signal as unknown as AbortSignal });
  setTimeout(() => {
    signal.aborted = true;
    target.dispatchEvent(new Event('abort'));
  }, 20);
  t.is((await fails(t, () => run, { code: 'ERR_ABORTED', path: 'signal' })).cause, 'enough');
  t.deepEqual(listeners, { add: 1, removed: 1 });
});

test('the arithmetic of another realm', async (t) => {
  await using agent = await Agent.create({ hiddenSize: 8 });
  const batch = arithmetic.encode(elsewhere('[{ operands: [7, 3, 5, 2, 4] }]'), 0);
  t.is((await agent.act(batch)).actions.length, arithmetic.horizon);
});
