import test from 'ava';
import { arithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { checkTask, type TaskFinding } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import { InnateError } from '#dist/errors/innate-error.js';
import { TaskError } from '#dist/errors/task-error.js';
import type { Task } from '#dist/task/task.js';

interface Options {
  /** Goals by stage; problems of a stage take them in turn. */
  readonly goals: readonly (readonly number[])[];
  readonly horizon?: number;
  readonly mask?: boolean;
  readonly reward?: (outcome: { success: boolean; state: { n: number }; steps: number }) => number;
  readonly contextLength?: number;
}

/** Counts up to a goal. Problems are known: they take the goals of their stage in turn. */
function counting({ goals, horizon = 3, mask = true, reward, contextLength }: Options) {
  const drawn = goals.map(() => 0);
  return defineTask({
    name: 'counting',
    stages: goals.map((of, id) => ({ name: `s${id}`, id, of })),
    horizon,
    symbols: ['go', ...Array.from({ length: 10 }, (_, goal) => `${goal}`)],
    mask,
    contextLength,
    padding: 'read',
    contextOrder: 'ignored',
    sample: (_, { id, of }) => {
      const at = drawn[id] ?? 0;
      drawn[id] = at + 1;
      return { goal: of[at % of.length] ?? 0 };
    },
    encode: ({ goal }, { id }) => [1 + goal, ...new Array<number>(id).fill(0)],
    start: () => ({ n: 0 }),
    tools: {
      UP: {
        run: (state) => {
          state.n += 1;
        },
      },
      END: { ends: true },
    },
    success: (state, problem) => state.n === problem.goal,
    reward,
  });
}

/** Findings without their remedies, which each has. */
function said(findings: readonly TaskFinding[]): Omit<TaskFinding, 'remedy'>[] {
  return findings.map(({ remedy, ...finding }) => {
    if (remedy === '') {
      throw new Error(`${finding.code} has no remedy`);
    }
    return finding;
  });
}

const FEW = { problems: 4, samples: 8 };

test('the report of a stage that one program solves', (t) => {
  const { random, ...stage } = checkTask(counting({ goals: [[1]] }), FEW).stages[0] ?? {};
  t.deepEqual(stage, {
    stage: 's0',
    reachable: true,
    solvableFraction: 1,
    bestSuccess: 1,
    complete: true,
    shortestProgram: { tools: ['UP', 'END'], constant: true },
    memory: 'not-needed',
    bestReturn: 1,
    misalignedFraction: 0,
    constantProgram: { tools: ['UP', 'END'], successRate: 1, meanReturn: 1 },
    bestPaidProgram: { tools: ['UP', 'END'], successRate: 1, meanReturn: 1 },
  });
  t.is(random?.successRate, random?.meanReturn);
});

test('the report of a stage whose right program depends on the problem', (t) => {
  const report = checkTask(counting({ goals: [[0, 0, 2, 1]] }), FEW);
  const { random: _, ...stage } = report.stages[0] ?? {};
  t.deepEqual(stage, {
    stage: 's0',
    reachable: true,
    solvableFraction: 1,
    bestSuccess: 1,
    complete: true,
    shortestProgram: { tools: ['UP', 'UP', 'END'], constant: false },
    memory: 'needed',
    bestReturn: 1,
    misalignedFraction: 0,
    constantProgram: { tools: ['END'], successRate: 0.5, meanReturn: 0.5 },
    bestPaidProgram: { tools: ['END'], successRate: 0.5, meanReturn: 0.5 },
  });
  t.like(report, { task: 'counting', horizon: 3, problems: 4, solvable: true, complete: true });
  t.false(report.findings.some(({ code }) => code === 'constant-program'));
});

test('a program right for all that were searched, but not for fresh problems, is no constant program', (t) => {
  // Four are searched, with the goal 1; of the eight fresh ones half have another.
  const report = checkTask(counting({ goals: [[1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1]] }), FEW);
  t.deepEqual(report.stages[0]?.constantProgram, { tools: ['UP', 'END'], successRate: 0.5, meanReturn: 0.5 });
  t.deepEqual(report.stages[0]?.shortestProgram, { tools: ['UP', 'END'], constant: false });
});

test('a program right for all fresh problems, but not for all that were searched, is none either', (t) => {
  const report = checkTask(counting({ goals: [[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]] }), FEW);
  t.deepEqual(report.stages[0]?.constantProgram, { tools: ['UP', 'END'], successRate: 1, meanReturn: 1 });
  t.is(report.stages[0]?.shortestProgram?.constant, false);
});

test('the report of stages that cannot be solved, in part or at all', (t) => {
  const report = checkTask(counting({ goals: [[0], [1, 9, 9, 2], [9]] }), FEW);
  t.false(report.solvable);
  t.true(report.complete);
  t.deepEqual(
    report.stages.map(({ reachable, solvableFraction, bestReturn, shortestProgram }) => [
      reachable,
      solvableFraction,
      bestReturn,
      shortestProgram?.tools,
    ]),
    [
      [true, 1, 1, ['END']],
      [false, 0.5, 0.5, ['UP', 'UP', 'END']],
      [false, 0, 0, undefined],
    ],
  );
  t.deepEqual(
    said(report.findings).filter(({ code }) => code === 'unreachable'),
    [
      {
        code: 'unreachable',
        severity: 'error',
        stage: 's1',
        message: '2 of the 4 problems searched have no right program within the horizon; no constant program is right for more than 25 %.',
      },
      {
        code: 'unreachable',
        severity: 'error',
        stage: 's2',
        message: '4 of the 4 problems searched have no right program within the horizon; no constant program is right for more than 0 %.',
      },
    ],
  );
});

test('all findings, in words', (t) => {
  const report = checkTask(counting({ goals: [[0], [0]], horizon: 1, reward: ({ state }) => state.n }), FEW);
  const random = report.stages.map((stage) => stage.random.successRate);
  t.true(random.every((rate) => rate >= 0.1 && rate < 1));
  const sentence = (index: number): string =>
    `random programs are right for ${(100 * (random[index] ?? 0)).toFixed(1).replace('.0', '')} % of the problems.`;
  t.deepEqual(
    said(report.findings),
    ['s0', 's1']
      .flatMap((stage, index): [string, string, string | undefined, string][] => [
        [
          'misaligned-reward',
          'error',
          stage,
          'on 100 % of the problems a wrong program pays more than every right one. The best-paid constant program, UP, is right for 0 %.',
        ],
        ['constant-program', 'note', stage, 'END is right for every problem: nothing has to be read.'],
        ['random-succeeds', 'note', stage, sentence(index)],
      ])
      .concat([
        [
          'context-length-varies',
          'note',
          undefined,
          'contexts have 2, 3 tokens by stage: padding depends on the batch, unless contextLength is set.',
        ],
      ])
      .map(([code, severity, stage, message]) => ({ code, severity, stage, message })),
  );
  const fixed = checkTask(counting({ goals: [[0], [0]], contextLength: 4 }), FEW);
  t.false(fixed.findings.some(({ code }) => code === 'context-length-varies'));
});

test('random programs are noted from a tenth on', (t) => {
  const noted = (goal: number, horizon: number, reward?: Options['reward']): boolean =>
    checkTask(counting({ goals: [[goal]], horizon, ...(reward === undefined ? {} : { reward }) }), {
      problems: 1,
      samples: 4000,
    }).findings.some(({ code }) => code === 'random-succeeds');
  t.true(noted(0, 2), 'right for a half');
  t.true(noted(2, 3), 'right for an eighth');
  t.false(noted(3, 4), 'right for a sixteenth');
});

test('random programs are drawn from all tokens that may be emitted, and no others', (t) => {
  const rate = (mask: boolean): number =>
    checkTask(counting({ goals: [[0]], horizon: 1, mask }), { problems: 1, samples: 4000 }).stages[0]?.random.successRate ?? 0;
  // END alone is right: one of two tools, or one of five tokens.
  t.true(Math.abs(rate(true) - 1 / 2) < 0.05);
  t.true(Math.abs(rate(false) - 1 / 15) < 0.02);
});

test('the part of problems on which a wrong program pays more, and the best that can be earned', (t) => {
  const reward: Options['reward'] = ({ state, success }) => (success ? 1 : state.n - 1);
  // With three steps a wrong program earns up to 2 where it does not end: more than a right one.
  const { misalignedFraction, bestReturn } = checkTask(counting({ goals: [[0, 9]], reward }), FEW).stages[0] ?? {};
  t.is(misalignedFraction, 0.5, 'problems without a right program do not count');
  t.is(bestReturn, 2);
  const equal = checkTask(counting({ goals: [[0]], reward: () => 1 }), FEW).stages[0];
  t.deepEqual([equal?.misalignedFraction, equal?.bestReturn], [0, 1], 'equal pay misleads nobody');
});

test('a search that is cut short', (t) => {
  const report = checkTask(counting({ goals: [[3], [0]], horizon: 5 }), { ...FEW, maxStates: 3 });
  t.false(report.complete);
  t.false(report.solvable);
  t.deepEqual(
    report.stages.map(({ complete, reachable }) => [complete, reachable]),
    [
      [false, false],
      [false, true],
    ],
  );
  t.deepEqual(
    said(report.findings).filter(({ code }) => code === 'unreachable' || code === 'search-incomplete'),
    [
      {
        code: 'unreachable',
        severity: 'note',
        stage: 's0',
        message: 'no right program was found for 4 of the 4 problems searched, but the search was cut short.',
      },
      { code: 'search-incomplete', severity: 'note', stage: 's0', message: 'the search reached maxStates; raise it to be sure.' },
      { code: 'search-incomplete', severity: 'note', stage: 's1', message: 'the search reached maxStates; raise it to be sure.' },
    ],
  );
});

/** Two lamps, `A` and `B`; in the stage `dark` none can be lit. A problem says which must be on. */
function lamps(problems: readonly { readonly a: boolean; readonly b: boolean }[], reward?: (outcome: { success: boolean }) => number) {
  let at = 0;
  return defineTask({
    name: 'lamps',
    stages: ['dark', 'light'],
    horizon: 3,
    symbols: ['go'],
    sample: () => {
      at += 1;
      return problems[(at - 1) % problems.length] ?? { a: false, b: false };
    },
    encode: () => [],
    start: () => ({ a: false, b: false }),
    tools: {
      A: {
        when: (_, __, stage) => stage === 'light',
        run: (state) => {
          state.a = true;
        },
      },
      B: {
        when: (_, __, stage) => stage === 'light',
        run: (state) => {
          state.b = true;
        },
      },
      END: { ends: true },
    },
    success: (state, problem) => (state.a || !problem.a) && (state.b || !problem.b),
    reward,
  });
}

test('a constant program may be longer than the shortest of each problem, and is told in whole', (t) => {
  const [, light] = checkTask(
    lamps([
      { a: true, b: false },
      { a: false, b: true },
    ]),
    FEW,
  ).stages;
  t.deepEqual(light?.shortestProgram, { tools: ['A', 'B', 'END'], constant: true });
  const report = checkTask(
    lamps([{ a: true, b: false }], ({ success }) => (success ? 0 : 1)),
    FEW,
  );
  const said = report.findings.filter(({ stage }) => stage === 'light').map(({ message }) => message);
  t.true(said.includes('A END is right for every problem: nothing has to be read.'), said.join());
  t.true(
    said.some((message) => message.endsWith('The best-paid constant program, END, is right for 0 %.')),
    said.join(),
  );
  const both = checkTask(
    lamps([{ a: true, b: true }], ({ success }) => (success ? 0 : -1)),
    FEW,
  );
  t.true(both.findings.some(({ message }) => message.startsWith('A B END is right')));
});

test('of problems that need equally long programs, the first is the example', (t) => {
  const problems = [
    { a: true, b: false },
    { a: false, b: true },
  ];
  const task = lamps(problems);
  const { success } = task.trace({ a: true, b: false }, 'light', task.program('B', 'END'));
  t.false(success);
  // The horizon leaves room for one lamp.
  const short = Object.assign(task, { horizon: 2 });
  t.deepEqual(checkTask(short, FEW).stages[1]?.shortestProgram, { tools: ['A', 'END'], constant: false });
});

test('a search that is cut short before any end knows no return; a stage that has few states is searched all the same', (t) => {
  const report = checkTask(lamps([{ a: true, b: true }]), { ...FEW, maxStates: 4 });
  t.deepEqual(
    report.stages.map(({ complete }) => complete),
    [true, false],
  );
  t.false(report.complete);
  const [, light] = checkTask(lamps([{ a: true, b: true }]), { ...FEW, maxStates: 1 }).stages;
  t.deepEqual([light?.bestReturn, light?.constantProgram, light?.bestPaidProgram], [0, undefined, undefined]);
});

test('the seed is 0 where none is given', (t) => {
  const random = (options: object) =>
    checkTask(arithmetic, { problems: 1, samples: 3000, maxStates: 1, ...options }).stages.map((stage) => stage.random);
  t.deepEqual(random({}), random({ seed: 0 }));
  t.notDeepEqual(random({}), random({ seed: 1 }));
});

test('one stage that is incomplete or unreachable makes the whole so', (t) => {
  const report = checkTask(counting({ goals: [[0], [9]] }), FEW);
  t.deepEqual([report.solvable, report.complete], [false, true]);
});

test('without options, 64 problems of each stage are searched and 2000 fresh ones measured', (t) => {
  let drawn = 0;
  const task = counting({ goals: [[0]] });
  const { sample } = task;
  const counted: typeof task = Object.assign(task, {
    sample: (...args: Parameters<typeof sample>) => {
      drawn += args[0].length;
      return sample.apply(task, args);
    },
  });
  t.is(checkTask(counted).problems, 64);
  t.is(drawn, 64 + 2000);
});

test('what checkTask says of a wrong option, and of a task that it cannot search', (t) => {
  const task = counting({ goals: [[0]] });
  const message = (of: Task, options = {}): string | undefined =>
    t.throws(() => checkTask(of, options), { instanceOf: TaskError, code: 'ERR_TASK' })?.message;
  for (const [key, value, least] of [
    ['seed', -1, 0],
    ['problems', 0, 1],
    ['samples', 1.5, 1],
    ['maxStates', 0, 1],
  ] as const) {
    const error = t.throws(() => checkTask(task, { [key]: value }), { instanceOf: InnateError });
    t.true(error?.path?.endsWith(key));
    t.regex(error?.message ?? '', new RegExp(`${value}\\..*an integer of at least ${least}\\b`));
  }
  t.notThrows(() => checkTask(task, { seed: 0, problems: 1, samples: 1, maxStates: 1 }));
  const bare: Task = {
    name: 'bare',
    vocabulary: ['a'],
    stages: ['x'],
    horizon: 1,
    startToken: 0,
    sample: () => task.sample(Int32Array.of(0), undefined as never),
    score: () => undefined,
    describe: () => ({ context: '', target: '' }),
  };
  const NO_MACHINE =
    'task.machine: is absent: its programs cannot be searched. Make the task with defineTask, which gives it one; a task written by hand can be trained on, but not checked.';
  const program = () => new Int32Array(1);
  for (const part of [{}, { machine: task.machine }, { program }, { machine: null, program }, { machine: 3, program }]) {
    t.is(message({ ...bare, ...part }), NO_MACHINE);
  }
  t.is(message({ ...bare, horizon: 0 }), 'task.horizon: is 0. Use an integer of at least 1.');
});
