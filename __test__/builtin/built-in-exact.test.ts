import test from 'ava';
import { type ArithmeticTool, arithmetic, createArithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { type TutorialTool, tutorial } from '#dist/builtin/tutorial/tutorial.js';
import { InnateError } from '#dist/errors/innate-error.js';
import { TaskError } from '#dist/errors/task-error.js';
import { Random } from '#dist/util/random.js';

const operands = [3, 4, 5, 6, 2];

/** Milestones paid by the last tool of a program. */
function paid(digits: readonly number[], stage: number, ...tools: ArithmeticTool[]): readonly string[] {
  const program = tools.map((tool) => arithmetic.token(tool));
  return arithmetic.trace({ operands: digits }, stage, program).steps.at(-1)?.milestones ?? ['none ran'];
}

test('arithmetic: names, and what a right program reaches', (t) => {
  t.is(arithmetic.name, 'arithmetic');
  t.deepEqual(arithmetic.stages, ['multiply-add', 'multiply-add-subtract', 'multiply-add-subtract-product']);
  t.deepEqual(arithmetic.tools, ['MUL', 'ADD', 'SUB', 'ANS', 'STO', 'RCL']);
  t.deepEqual(arithmetic.milestones, ['product', 'sum', 'difference', 'stored', 'second-product', 'recalled', 'result']);
  t.deepEqual(
    [0, 1, 2].map((stage) => arithmetic.describe(arithmetic.encode([{ operands }], stage), 0)),
    [
      { context: '3 4 5 [CTX]', target: '17' },
      { context: '3 4 5 6 [CTX]', target: '11' },
      { context: '3 4 5 6 2 [CTX]', target: '5' },
    ],
  );
  t.deepEqual([...(createArithmetic({ mask: true }).actionMask ?? [])], [...(arithmetic.actionMask ?? [])]);
});

test('arithmetic and tutorial: five digits are drawn, 0 to 9, each independent of the stage', (t) => {
  for (const task of [arithmetic, tutorial.task()]) {
    const { problems } = task.sample(new Int32Array(400).fill(1), new Random(1));
    for (let place = 0; place < 5; place += 1) {
      t.deepEqual([...new Set(problems.map((problem) => problem.operands[place]))].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    t.true(problems.every((problem) => problem.operands.length === 5));
  }
});

test('arithmetic: what each step of the plans is worth', (t) => {
  const worth = (stage: number, ...plan: ArithmeticTool[]): number[] =>
    plan.map((_, at) => {
      const program = plan.slice(0, at + 1).map((tool) => arithmetic.token(tool));
      return Math.round(1e9 * arithmetic.trace({ operands }, stage, program).episodeReturn) / 1e9;
    });
  t.deepEqual(worth(0, 'MUL', 'ADD', 'ANS'), [0.05, 0.15, 1.15]);
  t.deepEqual(worth(1, 'MUL', 'ADD', 'SUB', 'ANS'), [0.05, 0.15, 0.4, 1.4]);
  t.deepEqual(worth(2, 'MUL', 'ADD', 'STO', 'MUL', 'RCL', 'SUB', 'ANS'), [0.05, 0.15, 0.3, 0.45, 0.65, 0.9, 1.9]);
});

test('arithmetic: a milestone needs its digits consumed, not its value alone', (t) => {
  t.deepEqual(paid([2, 3, 0, 4, 5], 0, 'MUL'), ['product'], 'the sum is the product');
  t.deepEqual(paid([2, 3, 4, 0, 5], 1, 'MUL', 'ADD'), ['sum'], 'the difference is the sum');
  t.deepEqual(paid([2, 3, 0, 4, 5], 2, 'MUL', 'STO'), [], 'the sum is stored, a digit early');
  t.deepEqual(paid([2, 3, 0, 0, 5], 2, 'MUL', 'STO', 'MUL'), [], 'the second product, a digit early');
  t.deepEqual(paid([2, 3, 0, 0, 5], 2, 'MUL', 'STO', 'MUL', 'RCL'), [], 'recalled, a digit early');
  t.deepEqual(paid([2, 3, 4, 0, 5], 2, 'MUL', 'ADD'), ['sum'], 'the result is the sum');
});

test('arithmetic: a milestone needs its values, not its digits alone', (t) => {
  t.deepEqual(paid(operands, 0, 'MUL', 'SUB'), []);
  t.deepEqual(paid(operands, 1, 'MUL', 'ADD', 'ADD'), []);
  t.deepEqual(paid(operands, 2, 'MUL', 'SUB', 'STO'), []);
  t.deepEqual(paid([2, 3, 0, 4, 5], 2, 'MUL', 'STO', 'MUL', 'ADD'), [], 'the sum is stored, another value at work');
  t.deepEqual(paid([2, 3, 0, 4, 5], 2, 'MUL', 'STO', 'MUL', 'ADD', 'RCL'), [], 'the sum is recalled, another value stored');
  t.deepEqual(paid(operands, 2, 'MUL', 'SUB', 'STO', 'MUL'), [], 'the second product, beside another value');
  t.deepEqual(paid(operands, 2, 'MUL', 'SUB', 'STO', 'MUL', 'RCL'), [], 'the second product is stored, another value recalled');
  t.deepEqual(paid(operands, 2, 'MUL', 'ADD', 'SUB', 'SUB'), []);
});

test('arithmetic: milestones of one stage are not paid in another', (t) => {
  t.deepEqual(paid(operands, 2, 'MUL', 'ADD', 'SUB'), [], 'the difference is of the second stage');
  t.deepEqual(paid(operands, 1, 'MUL', 'ADD', 'STO'), [], 'stored is of the third');
  t.deepEqual(paid(operands, 0, 'MUL', 'ADD', 'STO'), []);
});

test('arithmetic: right means all digits consumed, with the value in the accumulator', (t) => {
  const right = (digits: readonly number[], stage: number, ...tools: ArithmeticTool[]): boolean =>
    arithmetic.trace({ operands: digits }, stage, arithmetic.program(...tools)).success;
  t.false(right([2, 3, 0, 0, 0], 0, 'MUL', 'ANS'));
  t.false(right([2, 3, 4, 0, 0], 1, 'MUL', 'ADD', 'ANS'));
  t.false(right([2, 3, 4, 0, 5], 2, 'MUL', 'ADD', 'ANS'));
  t.true(right([2, 3, 4, 0, 5], 2, 'MUL', 'ADD', 'STO', 'MUL', 'RCL', 'SUB', 'ANS'));
  t.false(right([2, 3, 4, 1, 5], 2, 'MUL', 'ADD', 'STO', 'MUL', 'RCL', 'ADD', 'ANS'));
  t.false(right([2, 3, 4, 1, 5], 0, 'MUL', 'SUB', 'ANS'));
});

/** The tutorial's machine after a program, in a stage. */
function after(stage: number, ...tools: TutorialTool[]): [number | null, boolean] {
  const state = tutorial.task().trace({ operands }, stage, tutorial.task().program(...tools)).steps[tools.length - 1]?.state;
  return [state?.last ?? null, state?.mem ?? false];
}

test('tutorial: the machine after each program, in each stage', (t) => {
  const table: readonly (readonly [TutorialTool[], readonly [number | null, number | null, number | null], boolean])[] = [
    [['MUL'], [12, 12, 12], false],
    [['ADD'], [null, null, null], false],
    [['SUB'], [null, null, null], false],
    [['RCL'], [null, null, null], false],
    [['STO'], [null, null, null], true],
    [['MUL', 'MUL'], [12, 72, 72], false],
    [['MUL', 'ADD'], [17, 17, 17], false],
    [['MUL', 'SUB'], [12, 6, 6], false],
    [['MUL', 'STO'], [12, 12, 12], true],
    [['MUL', 'STO', 'SUB'], [12, 6, 10], true],
    [['MUL', 'STO', 'RCL'], [12, 12, 12], true],
    [['MUL', 'ADD', 'STO', 'RCL'], [17, 17, 12], true],
    [['STO', 'RCL'], [0, 0, 12], true],
    [['MUL', 'RCL'], [12, 12, 12], false],
  ];
  for (const [tools, last, mem] of table) {
    for (const stage of [0, 1, 2]) {
      t.deepEqual(after(stage, ...tools), [last[stage] ?? null, mem], `${tools.join(' ')} in ${stage}`);
    }
  }
});

test('tutorial: its names and numbers', (t) => {
  const task = tutorial.task();
  t.is(task.name, 'tutorial');
  t.deepEqual(task.stages, ['T0', 'T1', 'T2']);
  t.is(task, tutorial.task({ context: 'batch' }));
  t.is(task, tutorial.task({ context: undefined }));
  const updateOptions = { baseline: 'program', learningRate: 3e-4, valueCoef: 0.5, entropyCoef: 0.01, maxGradNorm: 1 } as const;
  t.deepEqual(task.updateOptions, updateOptions);
  t.deepEqual(tutorial.settings, {
    batchSize: 192,
    evaluateEvery: 5,
    evaluationProblems: 128,
    explainedProblems: 5,
    finalProblems: 1000,
    hiddenSize: 96,
    updateOptions,
  });
  t.deepEqual(
    tutorial.schedule,
    [0, 0, 0, 1, 1, 2].map((stage) => ({ stage, iterations: 10 })),
  );
  t.true([tutorial.settings, tutorial.schedule, ...tutorial.schedule, updateOptions && task.updateOptions].every(Object.isFrozen));
});

test('tutorial: a score looks at seven tokens, up to ANS', (t) => {
  const token = (tool: TutorialTool): number => tutorial.task().token(tool);
  const score = (...tools: TutorialTool[]) => tutorial.score(0, operands, tools.map(token));
  t.deepEqual(score('MUL', 'ANS', 'ADD'), { reward: 1.05, steps: 2 });
  t.deepEqual(score('ADD', 'ADD', 'ADD', 'ADD', 'ADD', 'MUL', 'ANS'), { reward: 1.05, steps: 7 });
  t.deepEqual(score('ADD', 'ADD', 'ADD', 'ADD', 'ADD', 'ADD', 'MUL', 'ANS'), { reward: 0, steps: 7 });
  t.deepEqual(score(), { reward: 0, steps: 0 });
  t.deepEqual(score('ANS'), { reward: 0, steps: 1 });
  t.is(
    t.throws(() => tutorial.score(0, [1, 2, 3, 4], []), { instanceOf: TaskError })?.message,
    'operands: has 4 numbers. Give five, whatever the stage.',
  );
  t.regex(
    t.throws(() => tutorial.task({ context: 'both' as 'own' }), { instanceOf: InnateError })?.message ?? '',
    /^context: .*'both'.*'batch'(,| or) 'own'\.$/,
  );
});
