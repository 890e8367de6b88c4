import test from 'ava';
import { defineTask } from '#dist/define/define-task.js';
import { TaskError } from '#dist/errors/task-error.js';
import { Random } from '#dist/util/random.js';
import { createCounter, scoreAll } from './support/tasks.js';

interface Seen {
  readonly call: string;
  readonly args: readonly unknown[];
}

/** A task that writes down every call into its functions. */
function createDiary(changes: object = {}) {
  const seen: Seen[] = [];
  const note = <T>(call: string, result: (...args: never[]) => T) => {
    return (...args: unknown[]): T => {
      seen.push({ call, args: structuredClone(args) });
      return result(...(args as never[]));
    };
  };
  const task = defineTask({
    name: 'diary',
    stages: ['plain', { name: 'fancy', size: 2 }],
    horizon: 3,
    symbols: ['a', 'b'],
    sample: note('sample', () => ({ id: 7 })),
    encode: note('encode', (): readonly (string | number)[] => ['b', 0]),
    start: note('start', () => ({ n: 0 })),
    tools: {
      ADD: {
        run: note('run', (state: { n: number }) => {
          state.n += 1;
        }),
      },
      END: { when: note('when', (state: { n: number }): boolean => state.n > 0), ends: true },
    },
    milestones: {
      one: { reward: 0.25, reached: note('one', (state: { n: number }) => state.n === 1) },
      two: { reward: 0.5, stages: ['fancy'], reached: note('two', (state: { n: number }) => state.n === 2) },
    },
    success: note('success', (state: { n: number }) => state.n === 2),
    target: note('target', ({ id }: { id: number }) => id),
    ...changes,
  } as unknown as Parameters<typeof defineTask<{ id: number }, { n: number }, 'ADD' | 'END', 'plain' | 'fancy', string, 'one' | 'two'>>[0]);
  return { task, seen, calls: () => seen.splice(0).map(({ call, args }) => [call, ...args]) };
}

const FANCY = { name: 'fancy', size: 2 };
const PROBLEM = { id: 7 };

test("the task's functions are called with state, problem and the stage as declared, and no more often than needed", (t) => {
  const { task, calls, seen } = createDiary();
  task.sample(Int32Array.of(1, 0), new Random(1));
  t.deepEqual(
    seen.splice(0).map(({ call, args }) => [call, args[1]]),
    [
      ['sample', FANCY],
      ['sample', 'plain'],
      ['encode', FANCY],
      ['encode', 'plain'],
    ],
  );
  task.trace(PROBLEM, 'fancy', task.program('END', 'ADD', 'ADD'));
  t.deepEqual(calls(), [
    ['start', PROBLEM, FANCY],
    ['when', { n: 0 }, PROBLEM, FANCY],
    ['run', { n: 0 }, PROBLEM, FANCY],
    ['one', { n: 1 }, PROBLEM, FANCY],
    ['two', { n: 1 }, PROBLEM, FANCY],
    ['run', { n: 1 }, PROBLEM, FANCY],
    ['two', { n: 2 }, PROBLEM, FANCY],
  ]);
  task.trace(PROBLEM, 0, task.program('ADD', 'END'));
  t.deepEqual(calls(), [
    ['start', PROBLEM, 'plain'],
    ['run', { n: 0 }, PROBLEM, 'plain'],
    ['one', { n: 1 }, PROBLEM, 'plain'],
    ['when', { n: 1 }, PROBLEM, 'plain'],
    ['success', { n: 1 }, PROBLEM, 'plain'],
  ]);
  task.describe(task.encode([PROBLEM], 'fancy'), 0);
  t.deepEqual(calls(), [
    ['encode', PROBLEM, FANCY],
    ['target', PROBLEM, FANCY],
  ]);
});

test('what a definition says is what the task says', (t) => {
  const { task } = createDiary();
  t.like(task, { name: 'diary', horizon: 3, pooling: 'own', updateOptions: undefined, startToken: 2, padToken: 5 });
  const updateOptions = { learningRate: 0.5 };
  t.like(createDiary({ pooling: 'batch', updateOptions }).task, { pooling: 'batch', updateOptions });
});

test('a milestone is paid in each of its stages', (t) => {
  const reached = () => true;
  const { task } = createDiary({ milestones: { m: { reward: 0.5, stages: ['plain', 'fancy'], reached }, n: { reward: 0.25, reached } } });
  t.is(task.trace(PROBLEM, 'plain', task.program('ADD')).episodeReturn, 0.75);
  t.is(task.trace(PROBLEM, 'fancy', task.program('ADD')).episodeReturn, 0.75);
});

test('a trace in full', (t) => {
  const { task } = createDiary({ horizon: 7 });
  t.deepEqual(task.trace(PROBLEM, 'fancy', [1, 4, 3, 3, 9, 4, 3]), {
    steps: [
      { token: 'b', tool: undefined, applied: false, milestones: [], state: { n: 0 } },
      { token: '[END]', tool: 'END', applied: false, milestones: [], state: { n: 0 } },
      { token: '[ADD]', tool: 'ADD', applied: true, milestones: ['one'], state: { n: 1 } },
      { token: '[ADD]', tool: 'ADD', applied: true, milestones: ['two'], state: { n: 2 } },
      { token: '9', tool: undefined, applied: false, milestones: [], state: { n: 2 } },
      { token: '[END]', tool: 'END', applied: true, milestones: [], state: { n: 2 } },
    ],
    ended: true,
    success: true,
    episodeReturn: 1.75,
  });
  t.deepEqual(task.trace(PROBLEM, 'plain', []), { steps: [], ended: false, success: false, episodeReturn: 0 });
});

test('the machine, one token at a time', (t) => {
  const { task } = createDiary({ mask: false });
  const { machine } = task;
  t.true(machine.canIdle);
  t.false(createDiary().task.machine.canIdle);
  t.false(createDiary({ mask: true }).task.machine.canIdle);
  t.deepEqual(machine.tools, [
    { name: 'ADD', token: 3, ends: false, runs: true },
    { name: 'END', token: 4, ends: true, runs: false },
  ]);
  t.true(machine.tools.every(Object.isFrozen));
  const run = machine.start(PROBLEM, 1);
  t.deepEqual(run, { problem: PROBLEM, stage: 1, state: { n: 0 }, milestones: 0, steps: 0, ended: false });
  t.deepEqual(machine.outcome(run), { success: false, episodeReturn: 0 });
  t.is(machine.key(run), 'r0{"n":0,}');
  t.false(machine.step(run, 0));
  t.true(machine.step(run, 3));
  const fork = machine.fork(run);
  t.true(machine.step(run, 3));
  t.deepEqual(fork, { problem: PROBLEM, stage: 1, state: { n: 1 }, milestones: 1, steps: 2, ended: false });
  t.true(machine.step(run, 4));
  t.deepEqual(run, { problem: PROBLEM, stage: 1, state: { n: 2 }, milestones: 3, steps: 4, ended: true });
  t.is(machine.key(run), 'e3{"n":2,}');
  t.deepEqual(machine.outcome(run), { success: true, episodeReturn: 1.75 });
});

test('a right program earns successReward, and a reward of its own sees all of the outcome', (t) => {
  const { task } = createDiary({ successReward: 2 });
  t.is(task.trace(PROBLEM, 'fancy', task.program('ADD', 'ADD', 'END')).episodeReturn, 2.75);
  const outcomes: unknown[] = [];
  const reward = (outcome: unknown) => {
    outcomes.push(structuredClone(outcome));
    return -0.5;
  };
  const judged = createDiary({ reward }).task;
  t.is(judged.trace(PROBLEM, 'fancy', judged.program('ADD', 'ADD')).episodeReturn, -0.5);
  t.is(judged.trace(PROBLEM, 'plain', judged.program('END')).episodeReturn, -0.5);
  t.deepEqual(outcomes, [
    {
      problem: PROBLEM,
      stage: FANCY,
      state: { n: 2 },
      ended: false,
      steps: 3,
      success: false,
      milestones: ['one', 'two'],
      milestoneReward: 0.75,
    },
    { problem: PROBLEM, stage: 'plain', state: { n: 0 }, ended: false, steps: 3, success: false, milestones: [], milestoneReward: 0 },
  ]);
});

test('without a target, explanations leave it empty; an index beyond the batch is said', (t) => {
  const { task } = createDiary({ target: undefined });
  const batch = task.encode([PROBLEM, PROBLEM], 'plain');
  t.deepEqual(task.describe(batch, 1), { context: 'b a [CTX]', target: '' });
  for (const index of [2, -1]) {
    t.is(
      t.throws(() => task.describe(batch, index), { instanceOf: TaskError })?.message,
      `index: is ${index}, and the batch has 2 problems. Use an integer from 0 to 1.`,
    );
  }
  t.is(createDiary().task.describe(batch, 0).target, '7', 'as text');
});

test('contexts are padded to the longest of the batch, or to contextLength', (t) => {
  const rows = [['a'], [], [1, 'a', 'b']];
  const encode = ({ id }: { id: number }) => rows[id];
  const problems = [{ id: 0 }, { id: 1 }, { id: 2 }];
  const { task } = createDiary({ encode });
  const batch = task.encode(problems, 'fancy');
  t.deepEqual(batch, {
    size: 3,
    contextLength: 4,
    contexts: Int32Array.of(0, 2, 5, 5, 2, 5, 5, 5, 1, 0, 1, 2),
    contextLengths: Int32Array.of(2, 1, 4),
    stages: Int32Array.of(1, 1, 1),
    problems,
  });
  t.not(batch.problems, problems);
  t.is(task.describe(batch, 1).context, '[CTX]');
  t.is(task.describe(batch, 2).context, 'b a b [CTX]');
  const fixed = createDiary({ encode, contextLength: 5 }).task.encode([{ id: 1 }], 0);
  t.deepEqual([...fixed.contexts], [2, 5, 5, 5, 5]);
  t.deepEqual(
    [...createDiary({ encode, contextLength: 4 }).task.encode([{ id: 2 }], 0).contexts],
    [1, 0, 1, 2],
    'the start token takes the last place',
  );
  t.is(task.encode([], 0).contextLength, 1);
});

test('the batch keeps stages of its own', (t) => {
  const { task } = createDiary();
  const stages = Int32Array.of(0, 1);
  const batch = task.sample(stages, new Random(1));
  stages.fill(0);
  t.deepEqual([...batch.stages], [0, 1]);
});

test('scores each problem by its own program, and reads none after its end', (t) => {
  const { task, seen } = createDiary();
  const batch = task.encode([PROBLEM, PROBLEM, PROBLEM], 'fancy');
  seen.length = 0;
  const { returns, successes } = scoreAll(task, batch, Int32Array.of(3, 3, 4, 3, 4, 3, 5, 5, 5));
  t.deepEqual(returns, [1.75, 0.25, 0]);
  t.deepEqual(successes, [1, 0, 0]);
  t.is(seen.filter(({ call }) => call === 'run').length, 3);
});

const promise = () => Promise.reject(new Error('late'));
const thenable = () => ({
  // biome-ignore lint/suspicious/noThenProperty: what is refused
  then: () => undefined,
});
const odd = () => ({
  // biome-ignore lint/suspicious/noThenProperty: a property that is no function
  then: 3,
});

test('what is said of a wrong call, and of a function that returns what it must not', (t) => {
  const counter = createCounter();
  const score = (changes: object) => {
    const { task } = createDiary(changes);
    return scoreAll(task, task.encode([PROBLEM, PROBLEM], 'fancy'), Int32Array.of(3, 3, 4, 3, 3, 4));
  };
  const encode = (row: unknown, contextLength?: number) =>
    createDiary({ encode: () => row, contextLength }).task.encode([PROBLEM], 'plain');
  const SYMBOL = 'which is no symbol of this task. Return texts listed in symbols, or integers from 0 to 1.';
  const PROMISE = 'returned a promise. Make it a plain, synchronous function: nobody waits for it.';
  const cases: readonly (readonly [string, () => unknown])[] = [
    ["tool: 'INCR' is no tool of this task. Use one of INC, DEC, DONE.", () => counter.token('INCR' as 'INC')],
    [
      'program: has 5 tools, and the horizon is 4. Use fewer tools, or a task with a longer horizon.',
      () => counter.program('INC', 'INC', 'INC', 'INC', 'INC'),
    ],
    ["stage: 2 is no stage of this task. Use one of 0 ('easy'), 1 ('hard').", () => counter.encode([], 2)],
    ["stage: -1 is no stage of this task. Use one of 0 ('easy'), 1 ('hard').", () => counter.trace({ goal: 1 }, -1, [])],
    ["stage: 'esay' is no stage of this task. Use one of 0 ('easy'), 1 ('hard').", () => counter.encode([], 'esay' as 'easy')],
    [
      "stage: at problem 1 of the batch: 5 is no stage of this task. Use one of 0 ('easy'), 1 ('hard').",
      () => counter.sample(Int32Array.of(0, 5), new Random(1)),
    ],
    ["stage: 7 is no stage of this task. Use one of 0 ('easy'), 1 ('hard').", () => counter.machine.start({ goal: 1 }, 7)],
    ['task.encode: did not return an array. Return symbols, as texts or as indices.', () => encode('a')],
    [`task.encode: returned 'c', ${SYMBOL}`, () => encode(['c'])],
    [`task.encode: returned 2, ${SYMBOL}`, () => encode([2])],
    [`task.encode: returned -1, ${SYMBOL}`, () => encode([0, -1])],
    [`task.encode: returned 0.5, ${SYMBOL}`, () => encode([0.5])],
    [
      'task.encode: returned 2 symbols, which with the start token exceed the context length 2. Return fewer, or raise contextLength.',
      () => encode([0, 1], 2),
    ],
    [`task.start: ${PROMISE}`, () => createDiary({ start: promise }).task.trace(PROBLEM, 0, [])],
    [`task.start: ${PROMISE}`, () => createDiary({ start: thenable }).task.machine.start(PROBLEM, 0)],
    [
      `task.sample: at problem 0 of the batch: ${PROMISE}`,
      () => createDiary({ sample: promise }).task.sample(Int32Array.of(0), new Random(1)),
    ],
    [`task.success: at problem 0 of the batch: ${PROMISE}`, () => score({ success: promise })],
    [`task.tools.ADD.run: at problem 0 of the batch: ${PROMISE}`, () => score({ tools: { ADD: { run: promise }, END: { ends: true } } })],
    [
      "task.reward: at problem 0 of the batch: returned 'much'. Return a finite number that fits 32 bits.",
      () => score({ reward: () => 'much' }),
    ],
    ["task.reward: at problem 0 of the batch: returned '1'. Return a finite number that fits 32 bits.", () => score({ reward: () => '1' })],
    [
      'task.reward: at problem 0 of the batch: returned 1e+300. Return a finite number that fits 32 bits.',
      () => score({ reward: () => 1e300 }),
    ],
    [
      'task.encode: threw Error: late. See the cause, and correct the function.',
      () =>
        createDiary({
          encode: () => {
            throw new Error('late');
          },
        }).task.encode([PROBLEM], 0),
    ],
  ];
  for (const [message, action] of cases) {
    const said = t.throws(action, { instanceOf: TaskError })?.message;
    t.is(message.includes('at problem') ? said : said?.replace(/at problem \d+ of the batch: /, ''), message);
  }
  t.notThrows(() => createDiary({ start: odd }).task.trace(PROBLEM, 0, []));
});

test('whatever a function throws is blamed on it, in every way of calling', (t) => {
  const boom = () => {
    throw new RangeError('boom');
  };
  const program = [3, 3, 4];
  const blamed: readonly (readonly [string, object, ((machine: ReturnType<typeof createDiary>['task']) => unknown)?])[] = [
    ['task.start', { start: boom }],
    ['task.start', { start: boom }, ({ machine }) => machine.start(PROBLEM, 0)],
    ['task.tools.ADD.run', { tools: { ADD: { run: boom }, END: {} } }],
    ['task.tools.ADD.when', { tools: { ADD: { when: boom }, END: {} } }],
    ['task.tools.ADD.when', { tools: { ADD: { when: boom }, END: {} } }, ({ machine }) => machine.step(machine.start(PROBLEM, 0), 3)],
    ['task.milestones.m.reached', { milestones: { m: { reward: 0, reached: boom } } }],
    ['task.success', { success: boom }],
    ['task.success', { success: boom, tools: { ADD: {}, END: {} } }, ({ machine }) => machine.outcome(machine.start(PROBLEM, 0))],
    ['task.reward', { reward: boom }],
    ['task.target', { target: boom }, (task) => task.describe(task.encode([PROBLEM], 0), 0)],
    ['task.sample', { sample: boom }, (task) => task.sample(new Int32Array(1), new Random(1))],
    ['task.encode', { encode: boom }, (task) => task.sample(new Int32Array(1), new Random(1))],
    ['task.start', { start: () => ({ f: boom }) }, ({ machine }) => machine.key(machine.start(PROBLEM, 0))],
    [
      'task.start',
      { start: () => ({ f: boom }), tools: { ADD: { run: () => undefined }, END: {} }, milestones: undefined },
      ({ machine }) => {
        const run = machine.start(PROBLEM, 0);
        machine.step(run, 3);
        return machine.key(run);
      },
    ],
    ['task.start', { start: () => new Proxy({}, { ownKeys: boom }) }, ({ machine }) => machine.fork(machine.start(PROBLEM, 0))],
    [
      'task.start',
      { start: () => new Proxy({}, { ownKeys: boom }), tools: { ADD: { run: () => undefined }, END: {} }, milestones: undefined },
      forkAfterStep,
    ],
  ];
  for (const [path, changes, use] of blamed) {
    const { task } = createDiary(changes);
    const error = t.throws(() => (use ?? (() => task.trace(PROBLEM, 0, program)))(task), { instanceOf: TaskError });
    t.is(error?.path, path);
    t.true(error?.cause instanceof Error, path);
  }
});

/** After a step the last function called is another one. */
function forkAfterStep({ machine }: ReturnType<typeof createDiary>['task']): unknown {
  const run = machine.start(PROBLEM, 0);
  machine.step(run, 3);
  return machine.fork(run);
}
