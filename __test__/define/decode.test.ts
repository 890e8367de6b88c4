import test from 'ava';
import { arithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { TaskError } from '#dist/errors/task-error.js';
import { Random } from '#dist/util/random.js';
import { createCounter, scoreAll } from './support/tasks.js';

const counter = createCounter();
const problems = [{ goal: 2 }, { goal: 1 }, { goal: 1 }];
const batch = counter.encode(problems, 'hard');
const actions = Int32Array.from([
  ...counter.program('DEC', 'INC', 'INC', 'DONE'),
  ...counter.program('INC', 'DONE', 'INC'),
  ...counter.program('INC'),
]);

test('each problem has its own program, up to its end', (t) => {
  t.deepEqual(
    counter.decode(batch, actions).map(({ problem, tools, success, steps }) => [problem, tools, success, steps.length]),
    [
      [{ goal: 2 }, ['DEC', 'INC', 'INC', 'DONE'], true, 4],
      [{ goal: 1 }, ['INC', 'DONE'], true, 2],
      // The pad token is no tool.
      [{ goal: 1 }, ['INC'], false, 4],
    ],
  );
});

test('agrees with trace and with the scores, on mixed stages of random programs', (t) => {
  const random = new Random(1);
  const mixed = arithmetic.sample(
    Int32Array.from({ length: 90 }, (_, index) => index % 3),
    random,
  );
  const programs = Int32Array.from({ length: 90 * arithmetic.horizon }, () => random.int(arithmetic.vocabulary.length));
  const { successes } = scoreAll(arithmetic, mixed, programs);
  const decoded = arithmetic.decode(mixed, programs);
  t.is(decoded.length, 90);
  decoded.forEach((entry, index) => {
    const program = programs.subarray(index * arithmetic.horizon, (index + 1) * arithmetic.horizon);
    const { steps, success } = arithmetic.trace(entry.problem, mixed.stages[index] ?? -1, program);
    t.deepEqual(entry, { problem: mixed.problems[index] as never, tools: steps.flatMap(({ tool }) => tool ?? []), success, steps });
    t.is(successes[index], success ? 1 : 0);
  });
});

test('takes what crossed a thread or JSON, and lists', (t) => {
  const expected = counter.decode(batch, actions);
  t.deepEqual(counter.decode(structuredClone(batch), Array.from(actions)), expected);
  t.deepEqual(counter.decode(counter.encode([], 'easy'), []), []);
});

test('the types follow the definition', (t) => {
  const [first] = counter.decode(batch, actions);
  const tool: 'INC' | 'DEC' | 'DONE' | undefined = first?.tools[0];
  const count: number | undefined = first?.steps[0]?.state.count;
  const goal: number | undefined = first?.problem.goal;
  // @ts-expect-error -- no such tool
  t.false(tool === 'INCR');
  t.deepEqual([tool, count, goal], ['DEC', 0, 2]);
});

const cases: readonly (readonly [string, string, unknown, unknown])[] = [
  ['too few actions', 'actions', batch, actions.subarray(0, 8)],
  ['one program for all', 'actions', batch, counter.program('INC')],
  ['too many actions', 'actions', batch, new Int32Array(16)],
  ['a rollout', 'actions', batch, { actions, logProbs: new Float32Array(12) }],
  ['a promise', 'actions', batch, Promise.resolve({ actions })],
  ['no actions', 'actions', batch, undefined],
  ['a token beyond the vocabulary', 'actions[5]', batch, actions.map((token, at) => (at === 5 ? 8 : token))],
  ['a negative token', 'actions[0]', batch, actions.map((token, at) => (at === 0 ? -1 : token))],
  ['a fraction', 'actions[1]', batch, Array.from(actions, (token, at) => (at === 1 ? 0.5 : token))],
  ['NaN', 'actions[11]', batch, Array.from(actions, (token, at) => (at === 11 ? NaN : token))],
  ['text', 'actions', batch, 'INC INC DONE'],
  ['no batch', 'batch', undefined, actions],
  ['problems alone', 'batch', problems, actions],
  ['arguments exchanged', 'batch', actions, batch],
  ['a batch of another task', 'batch', arithmetic.encode([{ operands: [1, 2, 3, 4, 5] }], 2), actions],
  ['a batch without its stages', 'batch', { ...batch, stages: undefined }, actions],
  ['a batch with too few stages', 'batch', { ...batch, stages: new Int32Array(2) }, actions],
  ['a batch with an unknown stage', 'batch', { ...batch, stages: Int32Array.of(0, 1, 2) }, actions],
];

for (const [title, path, badBatch, badActions] of cases) {
  test(`refuses ${title}`, (t) => {
    const error = t.throws(() => counter.decode(badBatch as never, badActions as never), { instanceOf: TaskError, code: 'ERR_TASK' });
    t.is(error?.path, path, error?.message);
    t.truthy(error?.remedy);
  });
}

test('says how many actions there should be, and where they are', (t) => {
  t.regex(t.throws(() => counter.decode(batch, counter.program('INC'))).message, /has 4 numbers.*12: 3 × 4/);
  t.regex(t.throws(() => counter.decode(batch, { actions } as never)).message, /actions of a rollout/);
});

test('trace is for one program, and says what is for a batch', (t) => {
  for (const bad of [actions, { actions }, undefined, null]) {
    const error = t.throws(() => counter.trace({ goal: 1 }, 'easy', bad as never), { instanceOf: TaskError });
    t.is(error?.path, 'actions');
    t.regex(error?.remedy ?? '', /decode\(batch, actions\)/);
  }
});
