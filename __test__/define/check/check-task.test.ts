import test from 'ava';
import { tutorial } from '#dist/builtin/tutorial/tutorial.js';
import { checkTask, formatTaskCheck } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { refundDesk } from '../../../examples/refund-desk/task.js';
import { createCounter } from '../support/tasks.js';

test('a task whose right program depends on the problem has no constant program', (t) => {
  const report = checkTask(createCounter());
  t.true(report.solvable);
  t.true(report.complete);
  t.deepEqual(report.stages[1]?.shortestProgram, { tools: ['INC', 'INC', 'INC', 'DONE'], constant: false });
  t.true((report.stages[1]?.constantProgram?.successRate ?? 1) < 0.5);
  t.false(report.findings.some(({ code }) => code === 'constant-program'));
  t.true(report.findings.some(({ code }) => code === 'context-length-varies' || code === 'random-succeeds'));
  // Goals 1 to 3 with milestones: 1.25, 1.75 and 1.75.
  t.true((report.stages[1]?.bestReturn ?? 0) > 1.25 && (report.stages[1]?.bestReturn ?? 2) < 1.75);
});

test('the refund desk of the examples is solvable and has to be read', (t) => {
  const report = checkTask(refundDesk);
  t.true(report.solvable);
  t.deepEqual(report.findings, []);
  for (const { constantProgram, misalignedFraction, random } of report.stages) {
    t.true((constantProgram?.successRate ?? 1) < 0.6);
    t.is(misalignedFraction, 0);
    t.true(random.successRate < 0.1);
  }
});

test('the same seed gives the same report', (t) => {
  t.deepEqual(checkTask(refundDesk, { seed: 5 }), checkTask(refundDesk, { seed: 5 }));
});

test('a search that is cut short says so, and accuses nobody', (t) => {
  const report = checkTask(tutorial.task(), { maxStates: 3, problems: 4 });
  t.false(report.complete);
  t.true(report.findings.some(({ code }) => code === 'search-incomplete'));
  t.false(report.findings.some(({ code, severity }) => code === 'unreachable' && severity === 'error'));
  t.regex(formatTaskCheck(report), /incomplete/);
});

test('steps that pass idly count: without a mask, a program may stop early where no tool ends it', (t) => {
  const task = defineTask({
    name: 'two',
    stages: ['only'],
    horizon: 4,
    symbols: ['go'],
    mask: false,
    sample: () => null,
    encode: () => ['go'],
    start: () => ({ count: 0 }),
    tools: {
      INC: {
        run: (state) => {
          state.count += 1;
        },
      },
    },
    success: (state) => state.count === 2,
  });
  t.deepEqual(checkTask(task).stages[0]?.shortestProgram, { tools: ['INC', 'INC'], constant: true });
  t.is(task.trace(null, 'only', task.program('INC', 'INC')).success, true);
});

test('returns that depend on the number of steps are searched exactly', (t) => {
  const task = defineTask({
    name: 'haste',
    stages: ['only'],
    horizon: 4,
    symbols: ['go'],
    sample: () => null,
    encode: () => ['go'],
    start: () => ({ done: false }),
    tools: {
      DO: {
        run: (state) => {
          state.done = true;
        },
      },
      END: { ends: true },
    },
    success: (state) => state.done,
    reward: ({ success, steps }) => (success ? steps : 0),
  });
  const stage = checkTask(task).stages[0];
  t.deepEqual(stage?.bestPaidProgram?.tools, ['DO', 'DO', 'DO', 'END']);
  t.is(stage?.bestReturn, 4);
  t.deepEqual(stage?.shortestProgram?.tools, ['DO', 'END']);
});

test('the report as text names the verdict, the programs and the findings', (t) => {
  const text = formatTaskCheck(checkTask(tutorial.task()));
  t.regex(text, /^tutorial: NOT solvable/);
  t.regex(text, /best paid: MUL ANS/);
  t.regex(text, /ERROR unreachable {2}T2/);
  t.regex(text, /ERROR misaligned-reward {2}T0/);
});

test('options that are unknown or out of range are refused', (t) => {
  for (const [options, path] of [
    [{ problems: 0 }, 'problems'],
    [{ samples: 1.5 }, 'samples'],
    [{ samples: 1e12 }, 'samples'],
    [{ maxStates: -1 }, 'maxStates'],
    [{ seed: Number.NaN }, 'seed'],
    [{ seed: '3' }, 'seed'],
    [{ problem: 3 }, 'problem'],
    [null, 'options'],
    [7, 'options'],
  ] as const) {
    const error = t.throws(() => checkTask(createCounter(), options as never), { instanceOf: OptionsError, code: 'ERR_OPTIONS' });
    t.is(error?.path, path);
  }
});
