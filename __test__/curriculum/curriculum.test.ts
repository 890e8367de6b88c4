import test from 'ava';
import { planRun, planStepRun, type RunPlan } from '#dist/curriculum/curriculum.js';
import { MASTERY, planStages } from '#dist/curriculum/stage-spec.js';
import { readCurriculumState } from '#dist/curriculum/state.js';
import { Issues } from '#dist/util/issues.js';

const context = { stageNames: ['easy', 'hard', '0'], taskName: 'sums', maxIterations: 100 };
const stepContext = { stageNames: ['easy', 'hard'], taskName: 'the environment', maxSteps: 100, iterationSteps: 10 };

function plan(specs: unknown): RunPlan {
  const issues = new Issues();
  const planned = planRun(specs, context, issues);
  if (issues.list.length > 0) {
    throw new Error(issues.list.map(({ path, message }) => `${path} ${message}`).join());
  }
  return planned;
}

test('stages in order are what their list is', (t) => {
  for (const [kind, stages] of [
    [
      'fixed',
      [
        { stage: 1, iterations: 3 },
        { stage: 'easy', iterations: 4 },
      ],
    ],
    ['mastery', [0, 'hard', { stage: 1, until: { meanReturn: 2 }, maxIterations: 9 }]],
  ] as const) {
    t.deepEqual(plan({ kind, stages }), { stages: planStages(stages, context, new Issues()), mixture: undefined });
    t.deepEqual(plan(stages), plan({ kind, stages }));
  }
  const issues = new Issues();
  const steps = planStepRun({ kind: 'fixed', stages: [{ stage: 'hard', steps: 50 }] }, stepContext, issues);
  t.deepEqual(issues.list, []);
  t.like(steps, { stages: [{ stage: 1, rule: 'iterations', maxIterations: 5 }], mixture: undefined });
});

test('weights are made to sum to 1, by name before id, in the order of the stages', (t) => {
  const { stages, mixture } = plan({ kind: 'mixed', mix: { hard: 3, 0: 1 }, iterations: 7 });
  t.deepEqual(
    stages.map(({ index, stage, rule, target, maxIterations }) => [index, stage, rule, target, maxIterations]),
    [
      [0, 1, 'iterations', MASTERY, 7],
      [1, 2, 'iterations', MASTERY, 7],
    ],
  );
  t.like(mixture, { kind: 'mixed', stages: [1, 2], names: ['hard', '0'], weights: [0.75, 0.25] });
  t.like(plan({ kind: 'mixed', mix: { 1: 1 }, iterations: 1 }).mixture, { stages: [1], weights: [1] });
});

test('an automatic curriculum has a window and a part for all', (t) => {
  const { stages, mixture } = plan({ kind: 'automatic', stages: ['hard', 0], iterations: 9, until: { successRate: 0.5 } });
  t.deepEqual(mixture, { kind: 'automatic', stages: [0, 1], names: ['easy', 'hard'], weights: [0.5, 0.5], window: 20, epsilon: 0.2 });
  t.true(stages.every(({ rule, target }) => rule === 'target' && target.successRate === 0.5));
  t.like(plan({ kind: 'automatic', stages: [0], iterations: 9, window: 3, epsilon: 1 }).mixture, { window: 3, epsilon: 1 });
});

const BAD: readonly (readonly [unknown, string])[] = [
  [{}, 'curriculum.kind'],
  [{ kind: 'random', stages: [0] }, 'curriculum.kind'],
  [{ kind: 'fixed' }, 'curriculum.stages'],
  [{ kind: 'fixed', stages: [0] }, 'curriculum.stages[0]'],
  [{ kind: 'fixed', stages: [{ stage: 9, iterations: 3 }] }, 'curriculum.stages[0].stage'],
  [{ kind: 'mastery', stages: [0, { stage: 1, iterations: 3 }] }, 'curriculum.stages[1]'],
  [{ kind: 'mastery', stages: [0], iterations: 3 }, 'curriculum.iterations'],
  [{ kind: 'mixed', iterations: 3 }, 'curriculum.mix'],
  [{ kind: 'mixed', mix: {}, iterations: 3 }, 'curriculum.mix'],
  [{ kind: 'mixed', mix: [1], iterations: 3 }, 'curriculum.mix'],
  [{ kind: 'mixed', mix: { harder: 1 }, iterations: 3 }, 'curriculum.mix.harder'],
  [{ kind: 'mixed', mix: { 3: 1 }, iterations: 3 }, 'curriculum.mix.3'],
  [{ kind: 'mixed', mix: { easy: 0 }, iterations: 3 }, 'curriculum.mix.easy'],
  [{ kind: 'mixed', mix: { hard: 1, 1: 1 }, iterations: 3 }, 'curriculum.mix.hard'],
  [{ kind: 'mixed', mix: { easy: 1 } }, 'curriculum.iterations'],
  [{ kind: 'mixed', mix: { easy: 1 }, iterations: 3, epsilon: 0.1 }, 'curriculum.epsilon'],
  [{ kind: 'automatic', stages: [], iterations: 3 }, 'curriculum.stages'],
  [{ kind: 'automatic', stages: [0, 'easy'], iterations: 3 }, 'curriculum.stages[1]'],
  [{ kind: 'automatic', stages: [7], iterations: 3 }, 'curriculum.stages[0]'],
  [{ kind: 'automatic', stages: [0], iterations: 0 }, 'curriculum.iterations'],
  [{ kind: 'automatic', stages: [0], iterations: 3, epsilon: 0 }, 'curriculum.epsilon'],
  [{ kind: 'automatic', stages: [0], iterations: 3, window: 0.5 }, 'curriculum.window'],
  [{ kind: 'automatic', stages: [0], iterations: 3, until: { successRate: 2 } }, 'curriculum.until.successRate'],
];

for (const [specs, path] of BAD) {
  test(`refuses ${JSON.stringify(specs)}`, (t) => {
    const issues = new Issues();
    planRun(specs, context, issues);
    t.deepEqual([issues.list.length, issues.list[0]?.path], [1, path]);
    t.truthy(issues.list[0]?.remedy);
  });
}

test('in environments several stages at once are refused', (t) => {
  for (const [specs, path] of [
    [{ kind: 'automatic', stages: [0], iterations: 3 }, 'curriculum.kind'],
    [{ kind: 'mixed', mix: { 0: 1 }, iterations: 3 }, 'curriculum.kind'],
    [{ kind: 'fixed', stages: [{ stage: 0, until: { meanReturn: 1 } }] }, 'curriculum.stages[0]'],
    [{ kind: 'mastery', stages: [{ stage: 0, steps: 10 }] }, 'curriculum.stages[0]'],
  ] as const) {
    const issues = new Issues();
    planStepRun(specs, stepContext, issues);
    t.deepEqual(
      issues.list.map((issue) => issue.path),
      [path],
    );
  }
});

test('a state that is not of these stages is refused by its places', (t) => {
  const order = plan([0, 1]);
  const mixed = plan({ kind: 'automatic', stages: [0, 1], iterations: 5 });
  const place = { version: 1, entry: 1, spent: [3, 0], reached: [0], measures: false };
  const progress = { problems: 1, successes: 0, before: null, progress: 0.5 };
  const mixture = { iterations: 3, batches: 3, credits: [0.5, -0.5], stages: [progress, progress] };
  const check = (state: unknown, of: RunPlan): string[] => {
    const issues = new Issues();
    const read = readCurriculumState(state, of, issues.at('resume'));
    if (issues.list.length === 0) {
      t.deepEqual<unknown, unknown>(JSON.parse(JSON.stringify(read)), state);
    }
    return issues.list.map(({ path }) => path);
  };
  t.deepEqual(check(place, order), []);
  t.deepEqual(check({ ...place, mixture }, mixed), []);
  for (const [state, of, path] of [
    [3, order, 'resume'],
    [{ ...place, version: 2 }, order, 'resume.version'],
    [{ ...place, entry: 3 }, order, 'resume.entry'],
    [{ ...place, spent: [1] }, order, 'resume.spent'],
    [{ ...place, spent: [1, -1] }, order, 'resume.spent[1]'],
    [{ ...place, reached: [2] }, order, 'resume.reached[0]'],
    [{ ...place, more: 1 }, order, 'resume.more'],
    [{ ...place, mixture }, order, 'resume.mixture'],
    [place, mixed, 'resume.mixture'],
    [{ ...place, mixture: { ...mixture, credits: [0] } }, mixed, 'resume.mixture.credits'],
    [{ ...place, mixture: { ...mixture, stages: [progress, { ...progress, before: 2 }] } }, mixed, 'resume.mixture.stages[1].before'],
  ] as const) {
    t.is(check(state, of)[0], path);
  }
});
