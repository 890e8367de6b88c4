import test from 'ava';
import fc from 'fast-check';
import { type ArithmeticState, type ArithmeticTool, arithmetic, createArithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { checkTask, formatTaskCheck } from '#dist/define/check/check-task.js';
import { Random } from '#dist/util/random.js';

const PLANS = [
  ['MUL', 'ADD', 'ANS'],
  ['MUL', 'ADD', 'SUB', 'ANS'],
  ['MUL', 'ADD', 'STO', 'MUL', 'RCL', 'SUB', 'ANS'],
] as const;
const operands = [3, 4, 5, 6, 2];

function trace(stage: number, ...tools: ArithmeticTool[]) {
  return arithmetic.trace({ operands }, stage, arithmetic.program(...tools).subarray(0, tools.length));
}

function stateAfter(stage: number, ...tools: ArithmeticTool[]): (number | null)[] {
  const state: ArithmeticState | undefined = trace(stage, ...tools).steps.at(-1)?.state;
  return state === undefined ? [] : [state.accumulator, state.memory, state.cursor];
}

test('has the token ids of the tutorial, and masks all but the tools', (t) => {
  t.is(arithmetic.vocabulary.join(' '), '0 1 2 3 4 5 6 7 8 9 [CTX] [MUL] [ADD] [SUB] [ANS] [STO] [RCL] [EOS]');
  t.deepEqual([...(arithmetic.actionMask ?? [])], [...new Array<number>(11).fill(0), 1, 1, 1, 1, 1, 1, 0]);
  t.is(createArithmetic({ mask: false }).actionMask, undefined);
  t.is(arithmetic.horizon, 7);
});

test('shows 3, 4 and 5 digits in contexts of one length', (t) => {
  for (const [stage, shown] of [
    [0, 3],
    [1, 4],
    [2, 5],
  ] as const) {
    const { contexts } = arithmetic.encode([{ operands }], stage);
    t.deepEqual([...contexts], [...operands.slice(0, shown), 10, ...new Array<number>(5 - shown).fill(17)]);
  }
});

test('the plan of each stage is right, whatever the digits', (t) => {
  for (const [stage, plan] of PLANS.entries()) {
    const batch = arithmetic.sample(new Int32Array(500).fill(stage), new Random(stage));
    for (const problem of batch.problems) {
      const { success, episodeReturn } = arithmetic.trace(problem, stage, arithmetic.program(...plan));
      t.true(success);
      t.true(episodeReturn >= 1);
    }
  }
});

test('the machine: [accumulator, memory, digits consumed] after each program', (t) => {
  const table: [number, ArithmeticTool[], (number | null)[]][] = [
    [2, ['MUL'], [12, null, 2]],
    [2, ['MUL', 'MUL'], [60, null, 3]],
    [2, ['MUL', 'ADD'], [17, null, 3]],
    [2, ['MUL', 'SUB'], [7, null, 3]],
    [2, ['MUL', 'STO'], [null, 12, 2]],
    [2, ['MUL', 'STO', 'MUL'], [30, 12, 4]],
    [2, ['MUL', 'STO', 'MUL', 'STO'], [null, 30, 4]],
    [2, ['MUL', 'STO', 'MUL', 'RCL'], [12, 30, 4]],
    [2, ['MUL', 'STO', 'RCL'], [12, null, 2]],
    [2, ['MUL', 'ADD', 'STO', 'MUL', 'ADD'], [29, null, 5]],
    [2, ['MUL', 'ADD', 'STO', 'MUL', 'MUL'], [204, null, 5]],
    [2, ['MUL', 'ADD', 'STO', 'MUL', 'RCL', 'SUB'], [5, null, 5]],
  ];
  for (const [stage, tools, expected] of table) {
    t.deepEqual(stateAfter(stage, ...tools), expected, tools.join(' '));
  }
});

test('a tool that cannot be used does nothing but takes a step', (t) => {
  const table: [number, ArithmeticTool[]][] = [
    [0, ['ADD']],
    [0, ['SUB']],
    [0, ['STO']],
    [0, ['RCL']],
    [0, ['ANS']],
    [0, ['MUL', 'RCL']],
    [0, ['MUL', 'STO', 'STO']],
    [0, ['MUL', 'STO', 'ADD']],
    [0, ['MUL', 'STO', 'ANS']],
    [0, ['MUL', 'STO', 'MUL']], // one digit is left, and two are needed
    [0, ['MUL', 'ADD', 'ADD']], // digits used up, memory empty
    [0, ['MUL', 'ADD', 'MUL']],
    [0, ['MUL', 'ADD', 'SUB']],
    [0, ['MUL', 'ADD', 'STO', 'SUB']], // memory full, accumulator empty
    [0, ['MUL', 'ADD', 'STO', 'MUL']],
  ];
  for (const [stage, tools] of table) {
    const { steps, ended } = trace(stage, ...tools);
    t.is(steps.length, tools.length);
    t.false(steps.at(-1)?.applied, tools.join(' '));
    t.false(ended);
    t.deepEqual(steps.at(-1)?.state, steps.at(-2)?.state ?? { accumulator: null, memory: null, cursor: 0 });
  }
});

test('right means the stated target, all digits consumed, ended by ANS', (t) => {
  t.false(trace(0, 'MUL', 'ADD').success, 'no ANS');
  const zeros = { operands: [0, 0, 0, 0, 0] };
  t.false(arithmetic.trace(zeros, 0, arithmetic.program('MUL', 'ANS')).success, 'the value is right, a digit is left');
  t.true(arithmetic.trace(zeros, 0, arithmetic.program('MUL', 'SUB', 'ANS')).success);
});

test('milestones are paid the first time only', (t) => {
  const once = trace(2, 'MUL', 'STO', 'RCL', 'STO', 'RCL');
  t.deepEqual(
    once.steps.map(({ milestones }) => milestones),
    [['product'], [], [], [], []],
  );
  t.is(once.episodeReturn, 0.05);
  const plan = trace(2, ...PLANS[2]);
  t.deepEqual(
    plan.steps.map(({ milestones }) => milestones),
    [['product'], ['sum'], ['stored'], ['second-product'], ['recalled'], ['result'], []],
  );
  t.true(Math.abs(plan.episodeReturn - 1.9) < 1e-12);
});

test('property: no wrong program outscores a right one, masked or not', (t) => {
  const task = createArithmetic({ mask: false });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 5 }),
      fc.integer({ min: 0, max: 2 }),
      fc.array(fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 11, max: 16 }) }, fc.integer({ min: 0, max: 17 })), {
        minLength: 7,
        maxLength: 7,
      }),
      (digits, stage, actions) => {
        const { success, episodeReturn } = task.trace({ operands: digits }, stage, actions);
        return success ? episodeReturn >= 1 : episodeReturn >= 0 && episodeReturn <= 0.9 + 1e-9;
      },
    ),
    { numRuns: 3000, seed: 1 },
  );
  t.pass();
});

test('checkTask: solvable in all stages, by the plans', (t) => {
  const report = checkTask(arithmetic);
  t.true(report.solvable);
  t.true(report.complete);
  report.stages.forEach((stage, id) => {
    t.deepEqual(stage.shortestProgram, { tools: [...(PLANS[id] ?? [])], constant: true });
    t.is(stage.misalignedFraction, 0);
    t.is(stage.bestPaidProgram?.successRate, 1);
  });
  t.is(report.findings.filter(({ code }) => code === 'constant-program').length, 3);
  t.false(report.findings.some(({ severity }) => severity === 'error'));
  t.regex(formatTaskCheck(report), /^arithmetic: solvable .*\n[\s\S]*MUL ADD STO MUL RCL SUB ANS/);
});
