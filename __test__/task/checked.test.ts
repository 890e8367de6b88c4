import test from 'ava';
import { checkTask } from '#dist/define/check/check-task.js';
import { TaskError } from '#dist/errors/task-error.js';
import { assertTask, checkedSample, checkedScore } from '#dist/task/checked.js';
import type { ProblemBatch, Scores, Task } from '#dist/task/task.js';
import { Random } from '#dist/util/random.js';
import { handWritten } from './support/hand-written.js';

const stages = Int32Array.of(0, 1, 0);
const sampleOf = (changes: Partial<ProblemBatch>) => () =>
  checkedSample(
    handWritten({ sample: () => ({ size: 3, contextLength: 2, contexts: new Int32Array(6), stages: stages.slice(), ...changes }) }),
    stages,
    new Random(1),
  );
const scoreOf =
  (score: Task['score'], actions = new Int32Array(6), returns = new Float32Array(3)) =>
  () => {
    const task = handWritten({ score });
    checkedScore(task, checkedSample(task, stages, new Random(1)), actions, { returns, successes: new Uint8Array(3) });
  };

const cases: readonly (readonly [string, string, () => unknown])[] = [
  ['no vocabulary', 'task.vocabulary', () => assertTask(handWritten({ vocabulary: [] }))],
  ['no stages', 'task.stages', () => assertTask(handWritten({ stages: [] }))],
  ['horizon 0', 'task.horizon', () => assertTask(handWritten({ horizon: 0 }))],
  ['a start token out of range', 'task.startToken', () => assertTask(handWritten({ startToken: 3 }))],
  ['a short mask', 'task.actionMask', () => assertTask(handWritten({ actionMask: new Uint8Array(2) }))],
  ['a mask of nothing', 'task.actionMask', () => assertTask(handWritten({ actionMask: new Uint8Array(3) }))],
  ['an unknown stage', 'stages[1]', () => checkedSample(handWritten(), Int32Array.of(0, 2), new Random(1))],
  ['a wrong size', 'task.sample', sampleOf({ size: 2 })],
  ['a context length of 0', 'task.sample.contextLength', sampleOf({ contextLength: 0 })],
  ['contexts of wrong length', 'task.sample.contexts', sampleOf({ contexts: new Int32Array(5) })],
  ['a token beyond the vocabulary', 'task.sample.contexts', sampleOf({ contexts: Int32Array.of(0, 0, 0, 3, 0, 0) })],
  ['a negative token', 'task.sample.contexts', sampleOf({ contexts: Int32Array.of(0, 0, -1, 0, 0, 0) })],
  ['other stages than asked for', 'task.sample.stages', sampleOf({ stages: Int32Array.of(0, 0, 0) })],
  ['actions of wrong length', 'actions', scoreOf(() => undefined, new Int32Array(5))],
  ['an action out of range', 'actions[2]', scoreOf(() => undefined, Int32Array.of(0, 0, 3, 0, 0, 0))],
  ['returns of wrong length', 'scores.returns', scoreOf(() => undefined, undefined, new Float32Array(2))],
  ['nothing written', 'task.reward', scoreOf(() => undefined)],
  ['an infinite return', 'task.reward', scoreOf((_, __, scores) => void scores.returns.set([0, 0, Number.POSITIVE_INFINITY]))],
  ['no successes', 'task.score', scoreOf((_, __, scores) => void scores.returns.fill(0))],
];

for (const [title, path, action] of cases) {
  test(`refuses ${title}`, (t) => {
    const error = t.throws(action, { instanceOf: TaskError, code: 'ERR_TASK' });
    t.is(error?.path, path);
    t.truthy(error?.remedy);
  });
}

test('says which problem is wrong', (t) => {
  const token = t.throws(sampleOf({ contexts: Int32Array.of(0, 0, 0, 3, 0, 0) }), { instanceOf: TaskError });
  t.is(token?.problemIndex, 1);
  const reward = t.throws(
    scoreOf((_, __, scores) => void scores.returns.set([0, 0, Number.NaN])),
    { instanceOf: TaskError },
  );
  t.is(reward?.problemIndex, 2);
});

test('lengths are those that the task writes, and the horizon where it writes none', (t) => {
  const scores = { returns: new Float32Array(3), successes: new Uint8Array(3), lengths: Int32Array.of(1, 1, 1) };
  const score = (write: (lengths: Int32Array | undefined) => void, into: Scores = scores): void => {
    const task = handWritten({
      score: (_: ProblemBatch, __: Int32Array, { returns, successes, lengths }: Scores) => {
        returns.fill(0);
        successes.fill(0);
        write(lengths);
      },
    });
    checkedScore(task, checkedSample(task, stages, new Random(1)), new Int32Array(6), into);
  };
  score(() => undefined);
  t.deepEqual([...scores.lengths], [2, 2, 2]);
  score((lengths) => lengths?.fill(1, 1));
  t.deepEqual([...scores.lengths], [2, 1, 1]);
  score((lengths) => t.is(lengths, undefined), { returns: scores.returns, successes: scores.successes });
  for (const length of [0, 3, -1]) {
    const write = (lengths: Int32Array | undefined): void => void lengths?.set([length], 1);
    const error = t.throws(() => score(write), { instanceOf: TaskError, code: 'ERR_TASK' });
    t.like(error, { path: 'task.score', problemIndex: 1 });
    t.regex(error?.remedy ?? '', /1 to 2/);
  }
  const error = t.throws(() => score(() => undefined, { ...scores, lengths: new Int32Array(2) }), { instanceOf: TaskError });
  t.is(error?.path, 'scores.lengths');
});

test('what a task throws is wrapped with its cause; a TaskError keeps its path', (t) => {
  const cause = new Error('disk on fire.');
  const thrower = (error: unknown) => (): never => {
    throw error;
  };
  const sample = t.throws(() => checkedSample(handWritten({ sample: thrower(cause) }), stages, new Random(1)), { instanceOf: TaskError });
  t.like(sample, { path: 'task.sample', cause });
  t.is(sample?.message, 'task.sample: threw Error: disk on fire. See the cause, and correct the function.');
  const score = t.throws(scoreOf(thrower('text')), { instanceOf: TaskError });
  t.like(score, { path: 'task.score', cause: 'text' });
  const own = new TaskError('is odd.', { path: 'task.mine' });
  t.is(t.throws(scoreOf(thrower(own)), { instanceOf: TaskError }), own);
});

test('checkTask refuses a task without a machine, and says what is needed', (t) => {
  const error = t.throws(() => checkTask(handWritten()), { instanceOf: TaskError, code: 'ERR_TASK' });
  t.is(error?.path, 'task.machine');
  t.regex(error?.remedy ?? '', /defineTask/);
});
