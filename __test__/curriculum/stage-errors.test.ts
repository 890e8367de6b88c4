import test from 'ava';
import { meets, requirements } from '#dist/curriculum/promotion.js';
import { fillBatch } from '#dist/curriculum/rehearsal.js';
import { MASTERY, type PlannedStage, planStages, resolveStage } from '#dist/curriculum/stage-spec.js';
import { Issues } from '#dist/util/issues.js';

const STAGES = 'Stages of sums: 0 (easy), 1 (hard), 2 (hardest).';
const context = { stageNames: ['easy', 'hard', 'hardest'], taskName: 'sums', maxIterations: 100 };

function plan(specs: unknown): PlannedStage[] {
  const issues = new Issues();
  const planned = planStages(specs, context, issues);
  if (issues.list.length > 0) {
    throw new Error(issues.list.map(({ path, message }) => `${path} ${message}`).join());
  }
  return planned;
}

const LIST = 'Pass a list such as [0, 1, 2].';
const ITERATIONS = 'must be an integer of at least 1';

const MESSAGES: readonly (readonly [unknown, string, string, string])[] = [
  [3, 'stages', 'must be a list of stages, got 3.', LIST],
  ['easy', 'stages', "must be a list of stages, got 'easy'.", LIST],
  [[], 'stages', 'must name at least one stage, got none.', LIST],
  [['harder'], 'stages[0]', "unknown stage 'harder'.", STAGES],
  [[0, 3], 'stages[1]', 'unknown stage 3.', STAGES],
  [[-1], 'stages[0]', 'unknown stage -1.', STAGES],
  [[0.5], 'stages[0]', 'unknown stage 0.5.', STAGES],
  [[NaN], 'stages[0]', 'unknown stage NaN.', STAGES],
  [[null], 'stages[0]', 'must be a stage id or name, got null.', STAGES],
  [[true], 'stages[0]', 'must be a stage id or name, got true.', STAGES],
  [[[0]], 'stages[0]', 'must be a stage id or name, got an array of 1.', STAGES],
  [[{ iterations: 3 }], 'stages[0].stage', 'must be a stage id or name, got undefined.', STAGES],
  [[{ stage: 'x' }], 'stages[0].stage', "unknown stage 'x'.", STAGES],
  [
    [{ stage: 0, iterations: 3, until: { successRate: 1 } }],
    'stages[0].until',
    'cannot be given together with iterations.',
    'Give iterations alone, or until with maxIterations.',
  ],
  [
    [{ stage: 0, iterations: 3, maxIterations: 5 }],
    'stages[0].maxIterations',
    'cannot be given together with iterations.',
    'Give iterations alone, or until with maxIterations.',
  ],
  [
    [{ stage: 0, until: { successRate: 0 } }],
    'stages[0].until.successRate',
    'must be a finite number above 0 and at most 1, got 0.',
    'Pass a share such as 0.99.',
  ],
  [
    [{ stage: 0, until: { successRate: 1.01, meanReturn: 1 } }],
    'stages[0].until.successRate',
    'must be a finite number above 0 and at most 1, got 1.01.',
    'Pass a share such as 0.99.',
  ],
  [[{ stage: 0, until: { meanReturn: '1' } }], 'stages[0].until.meanReturn', "must be a finite number, got '1'.", 'Pass a finite number.'],
  [[{ stage: 0, until: {} }], 'stages[0].until', 'must give successRate or meanReturn.', 'Pass such as { successRate: 0.99 }.'],
  [[{ stage: 0, until: 0.9 }], 'stages[0].until', 'must be an object, got 0.9.', 'Pass an object with named options.'],
];

for (const [specs, path, message, remedy] of MESSAGES) {
  test(`${path} ${message}`, (t) => {
    const issues = new Issues();
    t.is(planStages(specs, context, issues).length, Array.isArray(specs) ? specs.length : 0);
    t.deepEqual(issues.list, [{ path, message, remedy }]);
  });
}

test('iterations are at least 1, and safe integers', (t) => {
  for (const key of ['iterations', 'maxIterations']) {
    for (const value of [0, 1.5, 2 ** 53, '3']) {
      const issues = new Issues();
      planStages([{ stage: 0, [key]: value }], context, issues);
      t.is(issues.list.length, 1);
      t.is(issues.list[0]?.path, `stages[0].${key}`);
      t.true(issues.list[0]?.message.startsWith(ITERATIONS), issues.list[0]?.message);
    }
    t.is(plan([{ stage: 0, [key]: 1 }])[0]?.maxIterations, 1);
    t.is(plan([{ stage: 0, [key]: Number.MAX_SAFE_INTEGER }])[0]?.maxIterations, Number.MAX_SAFE_INTEGER);
  }
});

test('a plan in full', (t) => {
  t.deepEqual(MASTERY, { successRate: 0.99 });
  t.deepEqual(
    plan([
      2,
      'easy',
      { stage: 'hard' },
      { stage: 1, maxIterations: 7 },
      { stage: 1, iterations: 3 },
      { stage: 0, until: { successRate: 1 } },
      { stage: 0, until: { meanReturn: -1 }, maxIterations: 9 },
      { stage: 0, until: undefined, iterations: undefined },
    ]),
    [
      { index: 0, stage: 2, name: 'hardest', rule: 'mastery', target: MASTERY, maxIterations: 100 },
      { index: 1, stage: 0, name: 'easy', rule: 'mastery', target: MASTERY, maxIterations: 100 },
      { index: 2, stage: 1, name: 'hard', rule: 'mastery', target: MASTERY, maxIterations: 100 },
      { index: 3, stage: 1, name: 'hard', rule: 'mastery', target: MASTERY, maxIterations: 7 },
      { index: 4, stage: 1, name: 'hard', rule: 'iterations', target: MASTERY, maxIterations: 3 },
      { index: 5, stage: 0, name: 'easy', rule: 'target', target: { successRate: 1, meanReturn: undefined }, maxIterations: 100 },
      { index: 6, stage: 0, name: 'easy', rule: 'target', target: { successRate: undefined, meanReturn: -1 }, maxIterations: 9 },
      { index: 7, stage: 0, name: 'easy', rule: 'mastery', target: MASTERY, maxIterations: 100 },
    ],
  );
});

test('a stage is resolved by id or by name, and is 0 when unknown', (t) => {
  const issues = new Issues();
  const of = (value: unknown) => resolveStage(value, context, issues.at('stage'));
  t.deepEqual([of(0), of(2), of('easy'), of('hardest')], [0, 2, 0, 2]);
  t.deepEqual(issues.list, []);
  t.deepEqual([of(3), of('x'), of(null)], [0, 0, 0]);
  t.deepEqual(
    issues.list.map(({ path }) => path),
    ['stage', 'stage', 'stage'],
  );
});

test('a target of both numbers is met when both are reached', (t) => {
  const target = { successRate: 0.5, meanReturn: 2 };
  t.true(meets(target, { successRate: 0.5, meanReturn: 2 }));
  t.false(meets(target, { successRate: 0.49, meanReturn: 3 }));
  t.false(meets(target, { successRate: 0.6, meanReturn: 1.9 }));
  t.false(meets({ successRate: 0.5 }, { successRate: 0.4, meanReturn: 9 }));
  t.false(meets({ meanReturn: -1 }, { successRate: 1, meanReturn: -1.1 }));
  t.true(meets({ successRate: 0.5 }, { successRate: 0.5, meanReturn: -1e30 }));
});

test('of stages mastered twice, the latest target counts', (t) => {
  const [first, second, third, last] = plan([
    { stage: 0, until: { successRate: 0.5 } },
    1,
    { stage: 0, until: { successRate: 0.7 } },
    2,
  ]) as [PlannedStage, PlannedStage, PlannedStage, PlannedStage];
  t.deepEqual(requirements(last, [first, second, third]), [last, third, second]);
  t.deepEqual(requirements(first, [second]), [first]);
  const [fixed] = plan([{ stage: 1, iterations: 2 }]) as [PlannedStage];
  t.deepEqual(requirements(fixed, [first]), [fixed]);
});

/** The first batch of a stage. */
const fillFirst: (...args: [Int32Array, readonly PlannedStage[], number, number, number]) => number = fillBatch;

test('a batch keeps at least one problem of the current stage, and rounds the share for the others', (t) => {
  const planned = plan([0, 1, 2]);
  const fill = (size: number, index: number, rehearsal: number): [number, number[]] => {
    const stages = new Int32Array(size).fill(9);
    return [fillFirst(stages, planned, index, rehearsal, 0), [...stages]];
  };
  t.deepEqual(fill(1, 1, 0.9), [1, [1]]);
  t.deepEqual(fill(2, 1, 0.9), [1, [1, 0]]);
  t.deepEqual(fill(5, 1, 0.5), [2, [1, 1, 0, 0, 0]], 'two and a half rounds up');
  t.deepEqual(fill(5, 1, 0.29), [4, [1, 1, 1, 1, 0]]);
  t.deepEqual(fill(4, 2, 0.5), [2, [2, 2, 0, 1]]);
  t.deepEqual(fill(3, 2, 0), [3, [2, 2, 2]]);
  t.deepEqual(fill(4, 0, 0.5), [4, [0, 0, 0, 0]]);
});
