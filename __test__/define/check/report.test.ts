import test from 'ava';
import { formatTaskCheck, type StageReport, type TaskReport } from '#dist/define/check/report.js';
import { percent } from '#dist/util/percent.js';

const easy: StageReport = {
  stage: 'easy',
  reachable: true,
  solvableFraction: 1,
  bestSuccess: 1,
  complete: true,
  shortestProgram: { tools: ['ADD', 'END'], constant: true },
  bestReturn: 1,
  memory: undefined,
  misalignedFraction: 0,
  constantProgram: { tools: ['ADD', 'END'], successRate: 1, meanReturn: 1 },
  bestPaidProgram: { tools: ['ADD', 'END'], successRate: 1, meanReturn: 1.005 },
  random: { successRate: 0.0004, meanReturn: -0.126 },
};
const hardest: StageReport = {
  stage: 'the hardest of all',
  reachable: false,
  solvableFraction: 0.125,
  bestSuccess: 0.125,
  complete: false,
  shortestProgram: undefined,
  bestReturn: 12.345,
  memory: undefined,
  misalignedFraction: 0.5,
  constantProgram: undefined,
  bestPaidProgram: undefined,
  random: { successRate: 0, meanReturn: 10 },
};
const report: TaskReport = {
  task: 'sums',
  horizon: 4,
  problems: 64,
  solvable: true,
  complete: true,
  stages: [easy],
  findings: [],
};

test('the report of a task as text', (t) => {
  t.is(
    formatTaskCheck(report),
    [
      'sums: solvable (horizon 4, 64 problems a stage searched)',
      '',
      'stage  solvable  best return  misaligned  constant   random  random return',
      'easy      100 %         1.00         0 %     100 %  < 0.1 %          -0.13',
      '',
      'easy',
      '  shortest, right for all: ADD END',
      '  best paid: ADD END (return 1.00, right 100 %)',
    ].join('\n'),
  );
});

test('the report of a task with stages that cannot be solved, were not searched whole, and findings', (t) => {
  const other: StageReport = {
    ...easy,
    shortestProgram: { tools: ['ADD'], constant: false },
    bestPaidProgram: { tools: [], successRate: 0.25, meanReturn: 0.5 },
  };
  const text = formatTaskCheck({
    ...report,
    solvable: false,
    stages: [other, hardest],
    findings: [
      { code: 'unreachable', severity: 'error', stage: 'easy', message: 'this.', remedy: 'Do this.' },
      { code: 'context-length-varies', severity: 'note', stage: undefined, message: 'that.', remedy: 'Do that.' },
    ],
  });
  t.is(
    text,
    [
      'sums: NOT solvable (horizon 4, 64 problems a stage searched)',
      '',
      'stage                          solvable  best return  misaligned  constant   random  random return',
      'easy                              100 %         1.00         0 %     100 %  < 0.1 %          -0.13',
      'the hardest of all  12.5 % (incomplete)        12.35        50 %         -      0 %          10.00',
      '',
      'easy',
      '  shortest, of the longest problem: ADD',
      '  best paid: (nothing) (return 0.50, right 25 %)',
      'the hardest of all',
      '  no right program',
      '',
      'ERROR unreachable  easy: this.',
      '      Do this.',
      'note  context-length-varies  that.',
    ].join('\n'),
  );
  t.is(
    formatTaskCheck({ ...report, solvable: false, complete: false }).split('\n')[0],
    'sums: not shown to be solvable (horizon 4, 64 problems a stage searched)',
  );
});

test('a share is never rounded to none or all when it is not', (t) => {
  t.deepEqual([0, 0.0004, 0.0005, 0.001, 0.1, 0.125, 0.9994, 0.9996, 1].map(percent), [
    '0 %',
    '< 0.1 %',
    '0.1 %',
    '0.1 %',
    '10 %',
    '12.5 %',
    '99.9 %',
    '> 99.9 %',
    '100 %',
  ]);
});
