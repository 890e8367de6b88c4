import test from 'ava';
import { searchStage } from '#dist/define/check/search.js';
import { defineTask } from '#dist/define/define-task.js';
import type { TaskMachine } from '#dist/define/task-machine.js';

interface Options {
  readonly mask?: boolean;
  readonly reward?: (outcome: { success: boolean; steps: number; state: { n: number }; problem: { goal: number } }) => number;
  readonly ends?: boolean;
}

/** Counts up or down to a goal, one tool a step. */
function counting({ mask = true, reward, ends = true }: Options = {}) {
  return defineTask({
    name: 'counting',
    stages: ['only', 'from one'],
    horizon: 3,
    symbols: ['go'],
    mask,
    sample: () => ({ goal: 1 }),
    encode: () => [],
    start: (_, stage) => ({ n: stage === 'only' ? 0 : 1 }),
    tools: {
      UP: {
        run: (state) => {
          state.n += 1;
        },
      },
      DOWN: {
        when: (state) => state.n > 0,
        run: (state) => {
          state.n -= 1;
        },
      },
      END: { ends },
    },
    success: (state, problem) => state.n === problem.goal,
    reward,
  });
}

const search = (goals: number[], options: Options = {}, { stage = 0, horizon = 3, budget = 1000 } = {}) =>
  searchStage(
    counting(options).machine,
    goals.map((goal) => ({ goal })),
    stage,
    horizon,
    budget,
  );

test('each problem has its shortest right program, or none within the horizon', (t) => {
  const found = search([1, 0, 2, 3]);
  t.deepEqual(found.shortest, [['UP', 'END'], ['END'], ['UP', 'UP', 'END'], undefined]);
  t.deepEqual(found.bestRight, [1, 1, 1, -Infinity]);
  t.deepEqual(found.bestWrong, [0, 0, 0, 0]);
  t.true(found.complete);
  t.deepEqual(search([3], {}, { horizon: 4 }).shortest, [['UP', 'UP', 'UP', 'END']]);
  t.deepEqual(search([0], {}, { stage: 1 }).shortest, [['DOWN', 'END']]);
});

test('the best constant programs are the shortest of the best', (t) => {
  const found = search([1, 1, 0, 2]);
  t.deepEqual(found.mostSuccessful, { tools: ['UP', 'END'], successRate: 0.5, meanReturn: 0.5 });
  t.deepEqual(found.bestPaid, { tools: ['UP', 'END'], successRate: 0.5, meanReturn: 0.5 });
  const even = search([0, 1]);
  t.deepEqual(even.mostSuccessful, { tools: ['END'], successRate: 0.5, meanReturn: 0.5 });
  t.deepEqual(even.bestPaid?.tools, ['END']);
});

test('what pays and what is right are told apart', (t) => {
  const reward: Options['reward'] = ({ state, success }) => (success ? 0.5 : state.n);
  const found = search([0, 1], { reward });
  t.deepEqual(found.bestRight, [0.5, 0.5]);
  t.deepEqual(found.bestWrong, [3, 3]);
  t.deepEqual(found.mostSuccessful, { tools: ['END'], successRate: 0.5, meanReturn: 0.25 });
  t.deepEqual(found.bestPaid, { tools: ['UP', 'UP', 'UP'], successRate: 0, meanReturn: 3 });
  const none = search([], { reward });
  t.deepEqual([none.shortest, none.bestRight, none.bestWrong], [[], [], []]);
});

test('returns that grow with the steps are found at their length, and equal up to rounding goes to the shorter', (t) => {
  const steps = search([0], { reward: ({ success, steps: count }) => (success ? count : 0) });
  t.deepEqual(steps.shortest, [['END']]);
  t.deepEqual(steps.bestRight, [3]);
  t.deepEqual(steps.bestPaid, { tools: ['UP', 'DOWN', 'END'], successRate: 1, meanReturn: 3 });
  t.deepEqual(steps.mostSuccessful, { tools: ['END'], successRate: 1, meanReturn: 1 });
  const hardly = search([0], { reward: ({ success, steps: count }) => (success ? 1 + count * 1e-12 : 0) });
  t.deepEqual(hardly.bestPaid?.tools, ['END']);
  const really = search([0], { reward: ({ success, steps: count }) => (success ? 1 + count * 1e-6 : 0) });
  t.deepEqual(really.bestPaid?.tools, ['UP', 'DOWN', 'END']);
});

test('a program that runs into the horizon is judged there, and one that may idle at any length', (t) => {
  const open: Options = { ends: false };
  t.deepEqual(search([1, 3], open).shortest, [
    ['UP', 'UP', 'DOWN'],
    ['UP', 'UP', 'UP'],
  ]);
  const idle = search([0, 1], { ...open, mask: false });
  t.deepEqual(idle.shortest, [[], ['UP']]);
  t.deepEqual(idle.mostSuccessful, { tools: [], successRate: 0.5, meanReturn: 0.5 });
  const horizon: Options['reward'] = ({ steps }) => steps;
  t.deepEqual(search([1], { ...open, mask: false, reward: horizon }).bestRight, [3], 'idle steps count');
});

test('a tool that cannot be used is a step all the same', (t) => {
  const found = search([0], { reward: ({ success, steps }) => (success ? steps : 0) }, { horizon: 2 });
  t.deepEqual(found.bestPaid?.tools, ['DOWN', 'END']);
  t.deepEqual(found.bestRight, [2]);
});

test('the search visits no more states than it may, and says when that was too few', (t) => {
  // The start, then 2, 3 and 4 counts that go on.
  for (const [budget, complete] of [
    [1, false],
    [5, false],
    [9, false],
    [10, true],
  ] as const) {
    t.is(search([1], {}, { budget }).complete, complete, String(budget));
  }
  const cut = search([2, 2], {}, { budget: 3 });
  t.deepEqual([cut.complete, cut.shortest], [false, [undefined, undefined]]);
  const found = search([1, 0], {}, { budget: 5 });
  t.deepEqual([found.complete, found.shortest], [false, [['UP', 'END'], ['END']]]);
});

test('each tool runs once on each state, whatever the number of paths to it', (t) => {
  const { machine } = counting();
  let steps = 0;
  const counted: TaskMachine<{ goal: number }, { n: number }, 'UP' | 'DOWN' | 'END'> = {
    tools: machine.tools,
    canIdle: machine.canIdle,
    start: (problem, stage) => machine.start(problem, stage),
    step: (run, token) => {
      steps += 1;
      return machine.step(run, token);
    },
    take: (run, token) => machine.take(run, token),
    conclude: (run, call) => machine.conclude(run, call),
    allowed: (run) => machine.allowed(run),
    heard: (run) => machine.heard(run),
    fork: (run) => machine.fork(run),
    key: (run) => machine.key(run),
    outcome: (run) => machine.outcome(run),
  };
  searchStage(counted, [{ goal: 1 }, { goal: 5 }], 0, 3, 1000);
  // States 0 to 2 are gone on from: two tools once each, END once for each length at which it is reached.
  t.is(steps, 24);
});

test('nothing is searched where nothing can be emitted', (t) => {
  const { mostSuccessful, shortest, complete } = search([0], {}, { horizon: 0 });
  t.deepEqual([mostSuccessful, shortest, complete], [undefined, [undefined], true]);
});

/** Counts by the goal, modulo 4. A program can end at the goal or beyond: some problems end sooner than others under one program. */
const picky = defineTask({
  name: 'picky',
  stages: ['only'],
  horizon: 4,
  symbols: ['go'],
  sample: () => ({ goal: 1 }),
  encode: () => [],
  start: () => ({ n: 0 }),
  tools: {
    END: { when: (state, { goal }) => state.n >= goal, ends: true },
    UP: {
      run: (state, { goal }) => {
        state.n = (state.n + Math.max(1, goal - 1)) % 4;
      },
    },
  },
  success: (state, { goal }) => state.n === goal,
  reward: ({ success, state, steps }) => (success ? 2 : 1) + state.n / 10 + steps / 100,
});

test('a problem whose program has ended stays as it is while others go on', (t) => {
  const found = searchStage(picky.machine, [{ goal: 0 }, { goal: 2 }, { goal: 3 }], 0, 4, 1000);
  t.deepEqual(found.shortest, [['END'], ['UP', 'UP', 'END'], undefined]);
  t.deepEqual(found.mostSuccessful, {
    tools: ['END', 'UP', 'UP', 'END'],
    successRate: 2 / 3,
    meanReturn: found.mostSuccessful?.meanReturn ?? 0,
  });
  const returns = [['END'], ['END', 'UP', 'UP', 'END'], ['END', 'UP', 'UP', 'END']].map((tools, at) =>
    picky.trace(
      { goal: [0, 2, 3][at] ?? 0 },
      0,
      tools.map((tool) => picky.token(tool as 'END' | 'UP')),
    ),
  );
  t.is(found.mostSuccessful?.meanReturn, returns.reduce((sum, { episodeReturn }) => sum + episodeReturn, 0) / 3);
  t.deepEqual(
    found.bestRight.map((value) => Math.round(1e6 * value) / 1e6),
    [2.01, 2.24, -Infinity],
  );
  t.true(found.complete);
});

test('all problems together may have more states than each by itself', (t) => {
  const problems = [{ goal: 1 }, { goal: 2 }, { goal: 3 }];
  const least = (of: readonly { goal: number }[]): number => {
    let budget = 1;
    while (!searchStage(picky.machine, of, 0, 4, budget).complete) {
      budget += 1;
    }
    return budget;
  };
  // Enough for each, not for all together: that search is not complete.
  t.deepEqual([problems.map((problem) => least([problem])), least(problems)], [[14, 14, 9], 30]);
  t.false(searchStage(picky.machine, problems, 0, 4, 14).complete);
});
