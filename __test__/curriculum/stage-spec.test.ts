import test from 'ava';
import type { Issue } from 'innate';
import { meets, requirements } from '#dist/curriculum/promotion.js';
import { type PlannedStage, planStages } from '#dist/curriculum/stage-spec.js';
import { Issues } from '#dist/util/issues.js';

function plan(specs: unknown): { plan: PlannedStage[]; issues: readonly Issue[] } {
  const issues = new Issues();
  const planned = planStages(specs, { stageNames: ['easy', 'hard', 'hardest'], taskName: 'sums', maxIterations: 100 }, issues);
  return { plan: planned, issues: issues.list };
}

test('a stage is a number, a name, or an object', (t) => {
  const { plan: planned, issues } = plan([
    0,
    'hard',
    { stage: 'easy', iterations: 3 },
    { stage: 2, until: { meanReturn: 1 }, maxIterations: 9 },
  ]);
  t.deepEqual(issues, []);
  t.deepEqual(
    planned.map(({ index, stage, name, rule, maxIterations }) => [index, stage, name, rule, maxIterations]),
    [
      [0, 0, 'easy', 'mastery', 100],
      [1, 1, 'hard', 'mastery', 100],
      [2, 0, 'easy', 'iterations', 3],
      [3, 2, 'hardest', 'target', 9],
    ],
  );
  t.deepEqual(planned[0]?.target, { successRate: 0.99 });
  t.is(plan([{ stage: 1, maxIterations: 7 }]).plan[0]?.rule, 'mastery');
});

const BAD: [string, unknown, string][] = [
  ['a list that is empty', [], 'stages'],
  ['no list', 3, 'stages'],
  ['an unknown id', [0, 3], 'stages[1]'],
  ['a negative id', [-1], 'stages[0]'],
  ['a fractional id', [0.5], 'stages[0]'],
  ['an unknown name', ['easy', 'harder'], 'stages[1]'],
  ['nothing', [null], 'stages[0]'],
  ['a hole', new Array(1), 'stages[0]'],
  ['an object without a stage', [{ iterations: 3 }], 'stages[0].stage'],
  ['an unknown stage in an object', [{ stage: 9 }], 'stages[0].stage'],
  ['no iterations', [{ stage: 0, iterations: 0 }], 'stages[0].iterations'],
  ['endless iterations', [{ stage: 0, iterations: Infinity }], 'stages[0].iterations'],
  ['both rules', [{ stage: 0, iterations: 3, until: { successRate: 0.5 } }], 'stages[0].until'],
  ['a budget beside iterations', [{ stage: 0, iterations: 3, maxIterations: 4 }], 'stages[0].maxIterations'],
  ['a rate above 1', [0, 0, { stage: 0, until: { successRate: 99 } }], 'stages[2].until.successRate'],
  ['a rate that is NaN', [{ stage: 0, until: { successRate: NaN } }], 'stages[0].until.successRate'],
  ['an infinite return', [{ stage: 0, until: { meanReturn: Infinity } }], 'stages[0].until.meanReturn'],
  ['an empty target', [{ stage: 0, until: {} }], 'stages[0].until'],
  ['an unknown target', [{ stage: 0, until: { succesRate: 0.9, meanReturn: 1 } }], 'stages[0].until.succesRate'],
  ['an unknown key', [{ stage: 0, iteration: 3 }], 'stages[0].iteration'],
];

for (const [name, specs, path] of BAD) {
  test(`refuses ${name}`, (t) => {
    const { issues } = plan(specs);
    t.is(issues[0]?.path, path);
    t.truthy(issues[0]?.remedy);
  });
}

test('says all that is wrong at once', (t) => {
  const { issues } = plan([7, { stage: 'x', until: { successRate: 2 } }]);
  t.deepEqual(
    issues.map(({ path }) => path),
    ['stages[0]', 'stages[1].stage', 'stages[1].until.successRate'],
  );
});

test('a target is met when each of its numbers is reached', (t) => {
  t.true(meets({ successRate: 0.9 }, { successRate: 0.9, meanReturn: -5 }));
  t.false(meets({ successRate: 0.9, meanReturn: 1 }, { successRate: 1, meanReturn: 0.9 }));
  t.true(meets({ meanReturn: 1 }, { successRate: 0, meanReturn: 1 }));
});

test('mastery asks the earlier mastered stages again, an explicit rule does not', (t) => {
  const [first, second, again] = plan([0, 1, 0]).plan as [PlannedStage, PlannedStage, PlannedStage];
  t.deepEqual(requirements(second, [first]), [second, first]);
  t.deepEqual(requirements(again, [first, second]), [again, second]);
  const [explicit] = plan([{ stage: 2, until: { successRate: 0.5 } }]).plan as [PlannedStage];
  t.deepEqual(requirements(explicit, [first]), [explicit]);
});

test('a target is met where no group surely falls short of its success', (t) => {
  const measured = { successRate: 0.995, meanReturn: 0 };
  t.true(meets({ successRate: 0.99 }, measured));
  t.true(meets({ successRate: 0.99 }, { ...measured, worstGroupAtMost: 0.991 }), 'it may well be there');
  t.false(meets({ successRate: 0.99 }, { ...measured, worstGroupAtMost: 0.989 }));
  t.true(meets({ meanReturn: 0 }, { successRate: Number.NaN, meanReturn: 0, worstGroupAtMost: 0 }), 'success was not asked for');
});
