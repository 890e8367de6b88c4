import test from 'ava';
import { TaskError } from '#dist/errors/task-error.js';
import { assertTask, checkedSample, checkedScore } from '#dist/task/checked.js';
import type { ProblemBatch, Scores, Task } from '#dist/task/task.js';
import { Random } from '#dist/util/random.js';
import { handWritten } from './support/hand-written.js';

const stages = Int32Array.of(0, 1, 1);
const good: ProblemBatch = { size: 3, contextLength: 2, contexts: Int32Array.of(0, 1, 2, 2, 1, 0), stages };

const random = new Random(1);
const task = (changes: object) => () => assertTask(handWritten(changes));
const asked =
  (...ids: number[]) =>
  () =>
    checkedSample(handWritten(), Int32Array.from(ids), random);
const sampled = (changes: object | null | number) => () =>
  checkedSample(
    handWritten({ sample: () => (typeof changes === 'object' && changes !== null ? { ...good, ...changes } : changes) }),
    stages,
    random,
  );
interface Arguments {
  readonly actions?: number[];
  readonly returns?: number;
  readonly successes?: number;
}
const scored =
  (write: (scores: Scores) => void, { actions = [0, 0, 0, 0, 0, 0], returns = 3, successes = 3 }: Arguments = {}) =>
  () =>
    checkedScore(handWritten({ score: (_: unknown, __: unknown, scores: Scores) => write(scores) }), good, Int32Array.from(actions), {
      returns: new Float32Array(returns),
      successes: new Uint8Array(successes),
    });
const nothing = () => undefined;
const wrote = (returns: number[], successes: number[]) => (scores: Scores) => {
  scores.returns.set(returns);
  scores.successes.set(successes);
};

const MASK = 'task.actionMask: is no mask of the vocabulary. Use a Uint8Array of 3 zeros and ones, at least one of them 1.';
const OBJECT = 'Give an object made by defineTask, or one that implements Task.';
const STAGES = 'task.sample.stages: differs from the stages asked for. Return an Int32Array equal to the argument.';

const MESSAGES: readonly (readonly [string, () => unknown])[] = [
  [`task: is undefined. ${OBJECT}`, () => assertTask(undefined as unknown as Task)],
  [`task: is null. ${OBJECT}`, () => assertTask(null as unknown as Task)],
  [`task: is 3. ${OBJECT}`, () => assertTask(3 as unknown as Task)],
  ['task.contextPooling: is no part of a task. It is pooling now.', task({ contextPooling: 'batch' })],
  ['task.vocabulary: is empty. List the text of each token.', task({ vocabulary: [] })],
  ['task.vocabulary: is empty. List the text of each token.', task({ vocabulary: 'abc' })],
  ['task.stages: is empty. Name at least one stage.', task({ stages: [] })],
  ['task.stages: is empty. Name at least one stage.', task({ stages: { length: 1 } })],
  ['task.horizon: is 0. Use an integer of at least 1.', task({ horizon: 0 })],
  ['task.horizon: is 1.5. Use an integer of at least 1.', task({ horizon: 1.5 })],
  ['task.horizon: is undefined. Use an integer of at least 1.', task({ horizon: undefined })],
  ['task.startToken: is 3. Use a token id.', task({ startToken: 3 })],
  ['task.startToken: is -1. Use a token id.', task({ startToken: -1 })],
  ['task.startToken: is 0.5. Use a token id.', task({ startToken: 0.5 })],
  [MASK, task({ actionMask: Uint8Array.of(1, 1) })],
  [MASK, task({ actionMask: Uint8Array.of(0, 0, 0) })],
  [MASK, task({ actionMask: Uint8Array.of(0, 1, 2) })],
  [MASK, task({ actionMask: [0, 1, 1] })],
  ['stages[2]: is 2. Use a stage id from 0 to 1.', asked(0, 1, 2)],
  ['stages[0]: is -1. Use a stage id from 0 to 1.', asked(-1, 1, 1)],
  ['task.sample: returned no batch. Return a ProblemBatch, synchronously.', sampled(null)],
  ['task.sample: returned no batch. Return a ProblemBatch, synchronously.', sampled(3)],
  ['task.sample: returned size 2 for 3 stages. Draw one problem a stage.', sampled({ size: 2 })],
  ['task.sample: returned size undefined for 3 stages. Draw one problem a stage.', sampled({ size: undefined })],
  ['task.sample.contextLength: is 0. Use an integer of at least 1.', sampled({ contextLength: 0 })],
  ['task.sample.contextLength: is 1.5. Use an integer of at least 1.', sampled({ contextLength: 1.5, contexts: new Int32Array(5) })],
  ['task.sample.contexts: is no Int32Array. Return token ids as an Int32Array.', sampled({ contexts: [0, 0, 0, 0, 0, 0] })],
  ['task.sample.contexts: has 5 tokens. Return 3 × 2: size × contextLength.', sampled({ contexts: new Int32Array(5) })],
  [
    'task.sample.contexts: at problem 1 of the batch: has the token 3 at place 1. Use token ids from 0 to 2.',
    sampled({ contexts: Int32Array.of(0, 0, 0, 3, 0, 0) }),
  ],
  [
    'task.sample.contexts: at problem 0 of the batch: has the token 9 at place 0. Use token ids from 0 to 2.',
    sampled({ contexts: Int32Array.of(9, 0, 0, 0, 0, 0) }),
  ],
  [
    'task.sample.contexts: at problem 2 of the batch: has the token -1 at place 0. Use token ids from 0 to 2.',
    sampled({ contexts: Int32Array.of(0, 0, 0, 0, -1, 0) }),
  ],
  [STAGES, sampled({ stages: Int32Array.of(0, 1, 0) })],
  [STAGES, sampled({ stages: Int32Array.of(0, 1) })],
  [STAGES, sampled({ stages: Int32Array.of(0, 1, 1, 1) })],
  [STAGES, sampled({ stages: [0, 1, 1] })],
  ['actions: has 5 numbers. Give 6: 3 × 2: size × horizon.', scored(nothing, { actions: [0, 0, 0, 0, 0] })],
  ['actions[0]: is 4. Use token ids from 0 to 2.', scored(nothing, { actions: [4, 0, 0, 0, 0, 0] })],
  ['actions[2]: is 3. Use token ids from 0 to 2.', scored(nothing, { actions: [0, 0, 3, 0, 0, 0] })],
  ['actions[5]: is -1. Use token ids from 0 to 2.', scored(nothing, { actions: [0, 0, 2, 0, 0, -1] })],
  ['scores.returns: has 2 numbers. Give 3: one a problem.', scored(nothing, { returns: 2 })],
  ['scores.successes: has 4 numbers. Give 3: one a problem.', scored(nothing, { successes: 4 })],
  ['task.reward: at problem 0 of the batch: is NaN. Give every program a finite reward that fits 32 bits.', scored(nothing)],
  [
    'task.reward: at problem 2 of the batch: is Infinity. Give every program a finite reward that fits 32 bits.',
    scored(wrote([0, 0, 1e39], [0, 0, 0])),
  ],
  [
    'task.score: at problem 0 of the batch: was not said to be right or wrong. Write 1 or 0 to scores.successes for every problem.',
    scored(({ returns, successes }) => {
      returns.fill(0);
      successes.set([0, 1], 1);
    }),
  ],
  [
    'task.score: at problem 1 of the batch: was not said to be right or wrong. Write 1 or 0 to scores.successes for every problem.',
    scored(wrote([0, 0, 0], [0, 2, 1])),
  ],
  [
    'task.score: at problem 2 of the batch: was not said to be right or wrong. Write 1 or 0 to scores.successes for every problem.',
    scored(wrote([0, 0, 0], [0, 1])),
  ],
];

for (const [index, [message, action]] of MESSAGES.entries()) {
  test(`(${index}) ${message}`, (t) => {
    t.is(t.throws(action, { instanceOf: TaskError, code: 'ERR_TASK' })?.message, message);
  });
}

test('what is good passes, at the rims', (t) => {
  t.notThrows(task({ horizon: 1, startToken: 0, stages: ['x'], vocabulary: ['a'] }));
  t.notThrows(task({ startToken: 2, actionMask: Uint8Array.of(0, 0, 1) }));
  t.notThrows(task({ actionMask: Uint8Array.of(1, 1, 1) }));
  t.is(sampled({})().contexts, good.contexts);
  t.notThrows(asked(0, 1, 1));
  const one = { size: 3, contextLength: 1, contexts: Int32Array.of(0, 1, 2), stages };
  t.deepEqual(checkedSample(handWritten({ sample: () => one }), stages, random), one);
  t.notThrows(scored(wrote([-1e38, 0, 1e38], [0, 1, 0]), { actions: [0, 1, 2, 0, 1, 2] }));
});

test('a task has its three functions', (t) => {
  for (const name of ['sample', 'score', 'describe']) {
    for (const value of [undefined, {}]) {
      const error = t.throws(task({ [name]: value }), { instanceOf: TaskError });
      t.is(error?.path, `task.${name}`);
      t.true(error?.message.startsWith(`task.${name}: is not a function. Implement the Task interface.`), error?.message);
    }
  }
});

test("the task's functions get what was given", (t) => {
  const calls: unknown[][] = [];
  const scores = { returns: new Float32Array(3), successes: new Uint8Array(3) };
  const actions = new Int32Array(6);
  const watched = handWritten({
    sample: (...args: unknown[]) => {
      calls.push(args);
      return good;
    },
    score: (...args: unknown[]) => {
      calls.push(args);
      wrote([1, 2, 3], [1, 0, 1])(scores);
    },
  });
  t.is(checkedSample(watched, stages, random), good);
  checkedScore(watched, good, actions, scores);
  t.deepEqual([calls.length, calls[0]?.length, calls[1]?.length], [2, 3, 3]);
  t.true(calls[0]?.[0] === stages && calls[0]?.[1] === random && calls[0]?.[2] === 'train');
  t.true(calls[1]?.[0] === good && calls[1]?.[1] === actions && calls[1]?.[2] === scores);
  t.deepEqual(
    [[...scores.returns], [...scores.successes]],
    [
      [1, 2, 3],
      [1, 0, 1],
    ],
  );
});

test('what is thrown is wrapped with its place', (t) => {
  const boom = () => {
    throw new RangeError('boom');
  };
  const REMEDY = 'threw RangeError: boom. See the cause, and correct the function.';
  t.is(t.throws(() => checkedSample(handWritten({ sample: boom }), stages, random))?.message, `task.sample: ${REMEDY}`);
  t.is(t.throws(scored(boom))?.message, `task.score: ${REMEDY}`);
});
