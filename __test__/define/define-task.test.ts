import test from 'ava';
import '#dist/util/option-names.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import { InnateError } from '#dist/errors/innate-error.js';
import { TaskError } from '#dist/errors/task-error.js';
import { checkedSample, checkedScore } from '#dist/task/checked.js';
import { Random } from '#dist/util/random.js';
import { createCounter, scoreAll } from './support/tasks.js';

/** A small valid definition, without types: what a caller without a compiler may write. */
const valid = {
  name: 'small',
  stages: ['only'],
  horizon: 2,
  symbols: ['a', 'b'],
  sample: () => ({ goal: 0 }),
  encode: (): readonly (string | number)[] => ['a'],
  start: () => ({ done: false }),
  tools: {
    DO: {
      run: (state: { done: boolean }): void => {
        state.done = true;
      },
    },
    END: { ends: true },
  },
  success: (state: { done: boolean }) => state.done,
};

/** Defines with some properties replaced by anything. */
function define(changes: object): ReturnType<typeof defineTask<{ goal: number }, { done: boolean }, 'DO' | 'END', 'only', string>> {
  return defineTask({ ...valid, ...changes } as Parameters<
    typeof defineTask<{ goal: number }, { done: boolean }, 'DO' | 'END', 'only', string>
  >[0]);
}

function refused(t: import('ava').ExecutionContext, path: string, action: () => unknown): TaskError | undefined {
  const error = t.throws(action, { instanceOf: TaskError, code: 'ERR_TASK' });
  t.is(error?.path, path);
  t.truthy(error?.remedy, path);
  t.true(InnateError.isInstance(error));
  return error;
}

test('lays out tokens: symbols, start, tools as declared, pad', (t) => {
  const task = createCounter();
  t.deepEqual(task.vocabulary, ['one', 'two', 'three', '[CTX]', '[INC]', '[DEC]', '[DONE]', '[EOS]']);
  t.is(task.startToken, 3);
  t.is(task.padToken, 7);
  t.deepEqual(task.stages, ['easy', 'hard']);
  t.deepEqual(task.milestones, ['begun', 'two']);
  t.deepEqual([...(task.actionMask ?? [])], [0, 0, 0, 0, 1, 1, 1, 0]);
  t.deepEqual([...task.program('INC', 'DONE')], [4, 6, 7, 7]);
  t.is(task.token('DEC'), 5);
});

test('names its own start and pad tokens', (t) => {
  const task = define({ startToken: '<go>', padToken: '<pad>', mask: false });
  t.deepEqual(task.vocabulary, ['a', 'b', '<go>', '[DO]', '[END]', '<pad>']);
  t.is(task.actionMask, undefined);
});

test('pads to the longest of a batch, or to contextLength', (t) => {
  const counter = createCounter();
  t.deepEqual([...counter.encode([{ goal: 1 }], 'easy').contexts], [0, 3]);
  t.deepEqual([...counter.encode([{ goal: 1 }, { goal: 2 }], 0).contexts], [0, 3, 7, 1, 1, 3]);
  t.deepEqual([...define({ contextLength: 4 }).encode([{ goal: 0 }], 'only').contexts], [0, 2, 5, 5]);
  refused(t, 'task.encode', () => define({ contextLength: 1 }).encode([{ goal: 0 }], 'only'));
});

test('traces a program step by step, to its end', (t) => {
  const task = createCounter();
  const trace = task.trace({ goal: 2 }, 'hard', task.program('DEC', 'INC', 'INC', 'DONE'));
  t.deepEqual(
    trace.steps.map(({ token, tool, applied, milestones, state }) => [token, tool, applied, milestones, state.count]),
    [
      ['[DEC]', 'DEC', false, [], 0],
      ['[INC]', 'INC', true, ['begun'], 1],
      ['[INC]', 'INC', true, ['two'], 2],
      ['[DONE]', 'DONE', true, [], 2],
    ],
  );
  t.like(trace, { ended: true, success: true, episodeReturn: 1.75 });
  t.like(task.trace({ goal: 1 }, 'easy', task.program('INC')), { ended: false, success: false, episodeReturn: 0.25 });
  t.is(task.trace({ goal: 1 }, 'easy', task.program('DONE', 'INC')).steps.length, 1, 'nothing runs after the end');
});

test('milestones are paid once, and only in their stages', (t) => {
  const task = createCounter();
  const wobble = task.program('INC', 'DEC', 'INC', 'DONE');
  t.is(task.trace({ goal: 3 }, 'hard', wobble).episodeReturn, 0.25);
  t.is(task.trace({ goal: 2 }, 'easy', task.program('INC', 'INC')).episodeReturn, 0.25);
  t.is(task.trace({ goal: 2 }, 'hard', task.program('INC', 'INC')).episodeReturn, 0.75);
});

test('where no tool ends, the horizon is the end', (t) => {
  const task = define({ tools: { DO: valid.tools.DO, END: {} } });
  t.like(task.trace({ goal: 0 }, 'only', task.program('DO')), { ended: false, success: true, episodeReturn: 1 });
});

test('a reward of its own replaces milestones and success, and sees the outcome', (t) => {
  const outcomes: object[] = [];
  const task = define({
    milestones: { done: { reward: 5, reached: (state: { done: boolean }) => state.done } },
    reward: (outcome: object) => {
      outcomes.push(outcome);
      return -3;
    },
  });
  const { returns, successes } = scoreAll(task, task.encode([{ goal: 0 }], 'only'), task.program('DO', 'END'));
  t.deepEqual([returns, successes], [[-3], [1]]);
  t.like(outcomes[0], { stage: 'only', ended: true, steps: 2, success: true, milestones: ['done'], milestoneReward: 5 });
});

const refusals: readonly (readonly [string, object])[] = [
  ['task.name', { name: '' }],
  ['task.stages', { stages: [] }],
  ['task.stages[1]', { stages: ['x', 'x'] }],
  ['task.stages[0]', { stages: [{}] }],
  ['task.horizon', { horizon: 0 }],
  ['task.horizon', { horizon: 2.5 }],
  ['task.horizon', { horizon: Number.NaN }],
  ['task.symbols', { symbols: [] }],
  ['task.symbols[1]', { symbols: ['a', 'a'] }],
  ['task.startToken', { startToken: 'a' }],
  ['task.padToken', { padToken: '[DO]' }],
  ['task.tools', { tools: {} }],
  ['task.tools.DO', { symbols: ['[DO]'] }],
  ['task.tools.7', { tools: { 7: {} } }],
  ['task.tools.DO', { tools: { DO: undefined } }],
  ['task.tools.DO.run', { tools: { DO: { run: 3 } } }],
  ['task.tools.DO.when', { tools: { DO: { when: true } } }],
  ['task.tools.DO.ends', { tools: { DO: { ends: 'yes' } } }],
  ['task.sample', { sample: undefined }],
  ['task.success', { success: 1 }],
  ['task.reward', { reward: 1 }],
  ['task.mask', { mask: 0 }],
  ['task.trainPastEnd', { trainPastEnd: 'no' }],
  ['task.replay', { replay: {} }],
  ['task.contextLength', { contextLength: 0 }],
  ['task.pooling', { pooling: 'mean' }],
  ['task.successReward', { successReward: 0 }],
  ['task.milestones.m.reached', { milestones: { m: { reward: 0.1 } } }],
  ['task.milestones.m.reward', { milestones: { m: { reward: Number.NaN, reached: () => true } } }],
  ['task.milestones.m.stages', { milestones: { m: { reward: 0.1, reached: () => true, stages: ['other'] } } }],
  ['task.milestones', { milestones: { m: { reward: 1, reached: () => true } } }],
  ['task.milestones', { milestones: { m: { reward: 0.6, reached: () => true }, n: { reward: -0.5, reached: () => true } } }],
];

for (const [index, [path, changes]] of refusals.entries()) {
  test(`refuses a definition whose ${path} is wrong (${index})`, (t) => {
    refused(t, path, () => define(changes));
  });
}

test('names everything that is wrong at once', (t) => {
  const error = refused(t, 'task.horizon', () => define({ horizon: 0, stages: [], success: undefined }));
  t.regex(error?.message ?? '', /task\.horizon[\s\S]*task\.stages[\s\S]*task\.success/);
});

test('milestones worth less than success in every stage are accepted, also with a larger success', (t) => {
  const m = { reward: 1.5, reached: () => true };
  t.notThrows(() => define({ milestones: { m }, successReward: 2 }));
});

const boom = (): never => {
  throw new RangeError('boom');
};
const program = [3, 4];

test('what the functions of a task throw is a TaskError with their path and the cause', (t) => {
  const score = (changes: object) => {
    const task = define(changes);
    return () => scoreAll(task, task.encode([{ goal: 0 }, { goal: 0 }], 'only'), Int32Array.from([...program, ...program]));
  };
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['task.sample', () => define({ sample: boom }).sample(new Int32Array(1), new Random(1))],
    ['task.encode', () => define({ encode: boom }).sample(new Int32Array(1), new Random(1))],
    ['task.start', score({ start: boom })],
    ['task.tools.DO.when', score({ tools: { DO: { when: boom }, END: { ends: true } } })],
    ['task.tools.DO.run', score({ tools: { DO: { run: boom }, END: { ends: true } } })],
    ['task.milestones.m.reached', score({ milestones: { m: { reward: 0.1, reached: boom } } })],
    ['task.success', score({ success: boom })],
    ['task.reward', score({ reward: boom })],
    ['task.target', () => define({ target: boom }).describe(define({}).encode([{ goal: 0 }], 'only'), 0)],
    ['task.tools.DO.run', () => checkTask(define({ tools: { DO: { run: boom }, END: { ends: true } } }))],
    ['task.tools.DO.run', () => define({ tools: { DO: { run: boom } } }).trace({ goal: 0 }, 'only', program)],
  ];
  for (const [path, action] of cases) {
    const error = refused(t, path, action);
    t.true(error?.cause instanceof RangeError, path);
    t.regex(error?.message ?? '', /boom/);
  }
});

test('a function that throws for one problem is reported with its index, and the task works on', (t) => {
  let calls = 0;
  const task = define({
    success: () => {
      calls += 1;
      return calls === 3 && boom();
    },
  });
  const batch = task.encode([{ goal: 0 }, { goal: 0 }, { goal: 0 }], 'only');
  const error = refused(t, 'task.success', () => scoreAll(task, batch, new Int32Array(6).fill(4)));
  t.is(error?.problemIndex, 2);
  t.deepEqual(scoreAll(task, batch, new Int32Array(6).fill(4)).returns, [0, 0, 0]);
});

test('returns that are not finite are refused with the index of the problem', (t) => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 'much', undefined]) {
    let calls = 0;
    const task = define({
      reward: () => {
        calls += 1;
        return calls === 2 ? bad : 0;
      },
    });
    const batch = task.encode([{ goal: 0 }, { goal: 0 }], 'only');
    const error = refused(t, 'task.reward', () => scoreAll(task, batch, Int32Array.from([...program, ...program])));
    t.is(error?.problemIndex, 1);
  }
});

test('promises are refused, for nobody would await them', (t) => {
  const asynchronous = () => Promise.reject(new Error('late'));
  refused(t, 'task.sample', () => define({ sample: asynchronous }).sample(new Int32Array(1), new Random(1)));
  refused(t, 'task.start', () => define({ start: asynchronous }).trace({ goal: 0 }, 'only', program));
  refused(t, 'task.success', () => define({ success: asynchronous }).trace({ goal: 0 }, 'only', program));
  refused(t, 'task.tools.DO.run', () => define({ tools: { DO: { run: asynchronous }, END: {} } }).trace({ goal: 0 }, 'only', program));
});

test('what encode returns is checked', (t) => {
  for (const row of [['c'], [2], [-1], [0.5], [Number.NaN], 'a', undefined]) {
    refused(t, 'task.encode', () => define({ encode: () => row }).encode([{ goal: 0 }], 'only'));
  }
  t.deepEqual([...define({ encode: () => [] }).encode([{ goal: 0 }], 'only').contexts], [2]);
});

test('unknown stages, tools and programs that are too long are refused', (t) => {
  const task = createCounter();
  refused(t, 'stage', () => task.encode([], 2));
  // @ts-expect-error -- no such stage
  refused(t, 'stage', () => task.encode([], 'esay'));
  refused(t, 'stage', () => task.sample(Int32Array.of(0, 5), new Random(1)));
  refused(t, 'program', () => task.program('INC', 'INC', 'INC', 'INC', 'INC'));
  // @ts-expect-error -- no such tool
  refused(t, 'tool', () => task.program('INCR'));
});

test('checkTask refuses a state that is not plain data', (t) => {
  class Desk {
    done = false;
  }
  refused(t, 'task.start', () => checkTask(define({ start: () => new Desk() })));
});

test('a program counts up to its end, the ending step included; with trainPastEnd, whole', (t) => {
  const lengths = (changes: object): number[] => {
    const task = define({ horizon: 3, ...changes });
    const programs = [task.program('END'), task.program('DO', 'END'), task.program('DO', 'DO', 'END'), task.program('DO', 'DO', 'DO')];
    const batch = task.encode(
      Array.from(programs, () => ({ goal: 0 })),
      0,
    );
    const scores = { returns: new Float32Array(4), successes: new Uint8Array(4), lengths: new Int32Array(4) };
    checkedScore(task, batch, Int32Array.from(programs.flatMap((program) => [...program])), scores);
    return [...scores.lengths];
  };
  t.deepEqual(lengths({}), [1, 2, 3, 3]);
  t.deepEqual(lengths({ trainPastEnd: false }), [1, 2, 3, 3]);
  t.deepEqual(lengths({ trainPastEnd: true }), [3, 3, 3, 3]);
  const { DO } = valid.tools;
  t.deepEqual(lengths({ tools: { DO, END: { ends: true, when: (state: { done: boolean }) => state.done } } }), [3, 2, 3, 3], 'not usable');
});

test('misspelled parts of a definition, of a tool and of a milestone are refused', (t) => {
  for (const [path, remedy, change] of [
    ['task.horizn', 'Did you mean horizon?', { horizn: 3 }],
    ['task.tools.DO.wehn', 'Did you mean when?', { tools: { DO: { wehn: () => true } } }],
    ['task.milestones.near.rewards', 'Did you mean reward?', { milestones: { near: { reward: 0.1, reached: () => true, rewards: 1 } } }],
    ['task.color', 'Known here: ', { color: 'red' }],
    ['task.contextPooling', 'Did you mean pooling?', { contextPooling: 'batch' }],
  ] as const) {
    t.true(refused(t, path, () => define(change))?.remedy?.startsWith(remedy), path);
  }
});

test("the length that a definition fixes is the task's", (t) => {
  t.is(define({ contextLength: 3 }).contextLength, 3);
  t.is(define({}).contextLength, undefined);
});

test('defined tasks pass the checks of the trainer', (t) => {
  const task = createCounter();
  const batch = checkedSample(task, Int32Array.of(0, 1, 1), new Random(1));
  const scores = { returns: new Float32Array(3), successes: new Uint8Array(3) };
  t.notThrows(() => checkedScore(task, batch, new Int32Array(12).fill(4), scores));
});
