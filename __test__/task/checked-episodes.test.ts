import test from 'ava';
import { TaskError } from '#dist/errors/task-error.js';
import { assertTask } from '#dist/task/checked.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import type { ProblemBatch, Scores, Task, TaskEpisodes } from '#dist/task/task.js';

const BATCH: ProblemBatch = { size: 2, contextLength: 1, contexts: Int32Array.of(0, 0), stages: Int32Array.of(0, 0) };

interface Parts extends Omit<{ -readonly [Name in keyof TaskEpisodes]: TaskEpisodes[Name] }, 'score' | 'step'> {
  step?: (actions: Int32Array) => unknown;
  score?: (scores: Scores) => void;
}

/** Episodes written by hand: over three tokens, two steps. */
function parts(): Parts {
  return {
    heard: Int32Array.of(3, 0),
    allowed: Uint8Array.of(0, 1, 1, 1, 1, 1),
    rewards: new Float32Array(2),
    ended: new Uint8Array(2),
    truncated: new Uint8Array(2),
  };
}

function taskOf(begin: () => unknown, interaction: unknown = { observationLength: 1, masked: true }): Task {
  return {
    name: 'by hand',
    vocabulary: ['a', 'b', 'c'],
    stages: ['only'],
    horizon: 2,
    startToken: 0,
    interaction,
    sample: () => BATCH,
    score: () => undefined,
    describe: () => ({ context: '', target: '' }),
    begin,
  } as unknown as Task;
}

const ACTIONS = Int32Array.of(1, 2);

test('a task written by hand is stepped as it is, over its own arrays', (t) => {
  const made = parts();
  const seen: number[][] = [];
  const task = taskOf(() => ({
    ...made,
    step: (actions: Int32Array) => {
      seen.push([...actions]);
      made.ended.fill(1);
      made.rewards.fill(0.5);
    },
    score: ({ returns, successes }: Scores) => {
      returns.fill(0.5);
      successes.fill(1);
    },
  }));
  assertTask(task);
  const episodes = checkedBegin(task, BATCH);
  t.is(episodes.heard, made.heard);
  t.is(episodes.allowed, made.allowed);
  episodes.step(ACTIONS);
  t.deepEqual(seen, [[1, 2]]);
  t.deepEqual([...episodes.rewards], [0.5, 0.5]);
  const scores = { returns: new Float32Array(2), successes: new Uint8Array(2), lengths: new Int32Array(2) };
  episodes.score(scores);
  t.deepEqual(scores, { returns: Float32Array.of(0.5, 0.5), successes: Uint8Array.of(1, 1), lengths: Int32Array.of(2, 2) });
});

test('interaction is checked, and begin goes with it', (t) => {
  const cases: readonly (readonly [string, Task])[] = [
    ['task.interaction.observationLength', taskOf(parts, { masked: true })],
    ['task.interaction.observationLength', taskOf(parts, { observationLength: -1, masked: true })],
    ['task.interaction.masked', taskOf(parts, { observationLength: 0 })],
    ['task.interaction.observationLength', taskOf(parts, null)],
    ['task.begin', { ...taskOf(parts), begin: undefined } as unknown as Task],
    ['task.begin', { ...taskOf(parts), begin: async () => parts() } as unknown as Task],
  ];
  for (const [path, task] of cases) {
    t.is(t.throws(() => assertTask(task), { instanceOf: TaskError })?.path, path);
  }
  t.notThrows(() => assertTask({ ...taskOf(parts), interaction: undefined, begin: undefined } as unknown as Task));
});

const beginnings: readonly (readonly [string, number | undefined, object | (() => unknown)])[] = [
  ['task.begin', undefined, () => undefined],
  ['task.begin', undefined, () => Promise.resolve(parts())],
  [
    'task.begin',
    undefined,
    () => {
      throw new Error('no');
    },
  ],
  ['task.begin.heard', undefined, { heard: [3, 0] }],
  ['task.begin.heard', undefined, { heard: new Int32Array(3) }],
  ['task.begin.heard', 1, { heard: Int32Array.of(3, 4) }],
  ['task.begin.heard', 0, { heard: Int32Array.of(-1, 0) }],
  ['task.begin.rewards', undefined, { rewards: new Float64Array(2) }],
  ['task.begin.rewards', undefined, { rewards: new Float32Array(1) }],
  ['task.begin.ended', undefined, { ended: undefined }],
  ['task.begin.ended', 1, { ended: Uint8Array.of(0, 1) }],
  ['task.begin.truncated', undefined, { truncated: [] }],
  ['task.begin.allowed', undefined, { allowed: undefined }],
  ['task.begin.allowed', undefined, { allowed: new Uint8Array(3) }],
  ['task.begin.allowed', 1, { allowed: Uint8Array.of(1, 1, 1, 0, 0, 0) }],
  ['task.begin.allowed', 0, { allowed: Uint8Array.of(2, 1, 1, 1, 1, 1) }],
];
beginnings.forEach(([path, row, changes], index) => {
  test(`(${index}) what begin must not say: ${path}`, (t) => {
    const task = taskOf(typeof changes === 'function' ? (changes as () => unknown) : () => ({ ...parts(), ...changes }));
    const error = t.throws(() => checkedBegin(task, BATCH), { instanceOf: TaskError });
    t.deepEqual([error?.path, error?.problemIndex], [path, row]);
    t.truthy(error?.remedy);
  });
});

const steps: readonly (readonly [string, number | undefined, (made: Parts) => unknown])[] = [
  ['task.begin.rewards', 1, ({ rewards }) => rewards.fill(Number.NaN, 1)],
  ['task.begin.rewards', 0, ({ rewards }) => rewards.fill(Number.POSITIVE_INFINITY)],
  ['task.begin.truncated', 0, ({ truncated }) => truncated.fill(1)],
  ['task.begin.ended', 1, ({ ended }) => ended.fill(2, 1)],
  ['task.begin.allowed', 0, ({ allowed }) => allowed?.fill(0)],
  ['task.begin.heard', 1, ({ heard }) => heard.fill(9, 1)],
];
steps.forEach(([path, row, change], index) => {
  test(`(${index}) what a step must not say: ${path}`, (t) => {
    const made = parts();
    const episodes = checkedBegin(
      taskOf(() => ({ ...made, step: () => void change(made) })),
      BATCH,
    );
    const error = t.throws(() => episodes.step(ACTIONS), { instanceOf: TaskError });
    t.deepEqual([error?.path, error?.problemIndex], [path, row]);
  });
});

test('what an end must be: kept, paid no more, there at the horizon', (t) => {
  const made = parts();
  let then = (): void => {
    made.ended.set([1, 0]);
  };
  const begin = () =>
    checkedBegin(
      taskOf(() => ({ ...made, step: () => then() })),
      BATCH,
    );
  const again = begin();
  again.step(ACTIONS);
  then = () => made.ended.set([0, 1]);
  t.like(
    t.throws(() => again.step(ACTIONS)),
    { path: 'task.begin.ended', problemIndex: 0 },
  );
  then = () => {
    made.ended.set([1, 1]);
    made.rewards.set([1, 1]);
  };
  made.ended.fill(0);
  made.rewards.fill(0);
  const paid = begin();
  paid.step(ACTIONS);
  t.like(
    t.throws(() => paid.step(ACTIONS)),
    { path: 'task.begin.rewards', problemIndex: 0 },
  );
  made.ended.fill(0);
  made.rewards.fill(0);
  then = () => undefined;
  const endless = begin();
  endless.step(ACTIONS);
  t.like(
    t.throws(() => endless.step(ACTIONS)),
    { path: 'task.begin.ended', problemIndex: 0 },
  );
});

test('actions are checked where a row is under way, and what a step throws is said', (t) => {
  const made = parts();
  const episodes = checkedBegin(
    taskOf(() => ({
      ...made,
      step: () => {
        throw new Error('no');
      },
    })),
    BATCH,
  );
  t.is(t.throws(() => episodes.step(Int32Array.of(1)), { instanceOf: TaskError })?.path, 'actions');
  t.is(t.throws(() => episodes.step(Int32Array.of(1, 3)), { instanceOf: TaskError })?.path, 'actions[1]');
  t.like(
    t.throws(() => episodes.step(ACTIONS), { instanceOf: TaskError }),
    { path: 'task.begin.step' },
  );
  made.ended.set([0, 1]);
  t.like(
    t.throws(() => episodes.step(Int32Array.of(1, 99))),
    { path: 'task.begin.step' },
    'the row has ended',
  );
});
