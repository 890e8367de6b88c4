import test from 'ava';
import { drawExpression, type Expression, type Operator, patternsOf, valueOfExpression } from '#dist/builtin/expressions/expression.js';
import { createExpressions, type ExpressionsTool, expressions } from '#dist/builtin/expressions/expressions.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { TaskError } from '#dist/errors/task-error.js';
import { Random } from '#dist/util/random.js';

const NAMES = { '*': 'MUL', '+': 'ADD', '-': 'SUB' } as const;

/** The plan, from the text of the expression and not from its value. */
function solve({ operators }: Expression): ExpressionsTool[] {
  const plan: ExpressionsTool[] = [];
  const terms = operators.join('').split(/[+-]/);
  const joints = operators.filter((operator) => operator !== '*');
  for (const [index, term] of terms.entries()) {
    const joint = joints[index - 1];
    const factors: ExpressionsTool[] = term.length === 0 ? ['LOD'] : Array.from(term, () => 'MUL');
    if (joint === undefined) {
      plan.push(...factors);
    } else if (term.length === 0) {
      plan.push(NAMES[joint]);
    } else {
      plan.push('STO', ...factors, 'RCL', NAMES[joint]);
    }
  }
  return [...plan, 'ANS'];
}

function everyPattern(operands: number): (readonly Operator[])[] {
  const { train, test: held } = patternsOf(operands);
  return [...train, ...held];
}

function sorted(patterns: readonly (readonly Operator[])[]): string[] {
  return [...new Set(patterns.map((pattern) => pattern.join('')))].sort();
}

function expression(text: string): Expression {
  const parts = text.split(' ');
  return {
    operands: parts.filter((_, index) => index % 2 === 0).map(Number),
    operators: parts.filter((_, index) => index % 2 === 1) as Operator[],
  };
}

function trace(text: string, ...tools: ExpressionsTool[]) {
  return expressions.trace(expression(text), 0, expressions.program(...tools).subarray(0, tools.length));
}

test('the plan is right for every pattern of 2 to 7 operands, within the horizon, and every operator on it is paid', (t) => {
  const random = new Random(1);
  let longest = 0;
  for (let operands = 2; operands <= 7; operands += 1) {
    for (const operators of everyPattern(operands)) {
      for (let draw = 0; draw < 3; draw += 1) {
        const problem = { operands: Array.from({ length: operands }, () => 1 + random.int(9)), operators };
        const plan = solve(problem);
        const { success, episodeReturn, steps, ended } = expressions.trace(problem, 3, expressions.program(...plan));
        t.true(success && ended && steps.every(({ applied }) => applied), `${operators.join()} ${plan.join(' ')}`);
        t.true(Math.abs(episodeReturn - 1 - (operands - 1) / 10) < 1e-9, `${operators.join()} ${episodeReturn}`);
        longest = Math.max(longest, plan.length);
      }
    }
    t.true(operands > 5 || longest <= 10);
  }
  t.is(longest, 14);
});

test('values are those of JavaScript', (t) => {
  const random = new Random(2);
  for (let operands = 2; operands <= 7; operands += 1) {
    for (let draw = 0; draw < 200; draw += 1) {
      const problem = drawExpression(random, operands, 'test');
      const { context, target } = expressions.describe(expressions.encode([problem], 0), 0);
      const text = context.replace(' [CTX]', '');
      t.regex(text, /^[1-9]( [*+-] [1-9])+$/);
      t.is(valueOfExpression(problem), new Function(`return ${text}`)());
      t.is(target, String(valueOfExpression(problem)));
    }
  }
});

test('one pattern in eight is held out, and all with 6 and 7 operands', (t) => {
  const held = [2, 3, 4, 5, 6, 7].map((operands) => patternsOf(operands).test.length);
  t.deepEqual(held, [0, 1, 3, 10, 243, 729]);
  t.deepEqual(
    [2, 3, 4, 5, 6, 7].map((operands) => new Set(everyPattern(operands).map((pattern) => pattern.join())).size),
    [3, 9, 27, 81, 243, 729],
  );
  t.deepEqual(
    [3, 4].map((operands) => patternsOf(operands).test.map((pattern) => pattern.join(''))),
    [['++'], ['**+', '++*', '+--']],
  );
});

test('what is drawn to train on is never held out', (t) => {
  for (const [stage, operands] of [2, 3, 4, 5].entries()) {
    const drawn = (split: 'train' | 'test') => {
      const random = new Random(3);
      return sorted(Array.from({ length: 3000 }, () => drawExpression(random, operands, split).operators));
    };
    const { train, test: held } = patternsOf(operands);
    t.deepEqual(drawn('train'), sorted(train));
    t.deepEqual(drawn('test'), sorted(held.length > 0 ? held : train));
    const texts = (split: 'train' | 'test') => {
      const random = new Random(5);
      return new Set(Array.from({ length: 3000 }, () => JSON.stringify(drawExpression(random, operands, split))));
    };
    const [trained, tested] = [texts('train'), texts('test')];
    t.false([...trained].some((text) => tested.has(text)));
    t.true(operands > 2 || (trained.size === 213 && tested.size === 30));
    const { problems } = expressions.sample(new Int32Array(2000).fill(stage), new Random(4));
    t.true(problems.every(({ operators }) => !held.some((pattern) => pattern.join() === operators.join())));
    t.deepEqual([...new Set(problems.flatMap((problem) => problem.operands))].sort(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  t.throws(() => drawExpression(new Random(1), 6), { instanceOf: TaskError, message: /held out/ });
  t.is(drawExpression(new Random(1), 7, 'test').operands.length, 7);
  t.throws(() => drawExpression(new Random(1), 8, 'test'), { instanceOf: TaskError, message: /2 to 7/ });
});

test('the machine: [accumulator, memory, operands consumed] after each program', (t) => {
  const table: [ExpressionsTool[], (number | null)[]][] = [
    [['LOD'], [2, null, 1]],
    [
      ['LOD', 'ADD'],
      [5, null, 2],
    ],
    [['MUL'], [6, null, 2]],
    [
      ['LOD', 'STO', 'MUL'],
      [12, 2, 3],
    ],
    [
      ['LOD', 'STO', 'MUL', 'MUL'],
      [60, 2, 4],
    ],
    [
      ['LOD', 'STO', 'MUL', 'RCL'],
      [2, 12, 3],
    ],
    [
      ['LOD', 'STO', 'MUL', 'RCL', 'SUB'],
      [-10, null, 3],
    ],
    [
      ['LOD', 'STO', 'MUL', 'RCL', 'RCL', 'SUB'],
      [10, null, 3],
    ],
    [
      ['LOD', 'STO', 'MUL', 'RCL', 'STO', 'LOD', 'ADD'],
      [11, 2, 5],
    ],
    [
      ['LOD', 'STO', 'RCL', 'ADD'],
      [5, null, 2],
    ],
    [
      ['MUL', 'STO', 'MUL', 'ADD', 'SUB'],
      [20, null, 5],
    ], // 4 * 5 + 6 − 2 * 3: operands first, then the memory
  ];
  for (const [tools, expected] of table) {
    const { steps } = trace('2 + 3 * 4 - 5 + 6', ...tools);
    const state = steps.at(-1)?.state;
    t.true(steps.every(({ applied }) => applied));
    t.deepEqual([state?.accumulator, state?.memory, state?.cursor], expected);
  }
});

test('a tool that cannot be used does nothing but takes a step', (t) => {
  const table: ExpressionsTool[][] = [
    ['ADD'],
    ['SUB'],
    ['STO'],
    ['RCL'],
    ['ANS'],
    ['LOD', 'LOD'],
    ['LOD', 'RCL'],
    ['LOD', 'STO', 'ADD'],
    ['LOD', 'STO', 'ANS'],
    ['MUL', 'STO', 'MUL'],
    ['MUL', 'ADD', 'ADD'],
    ['MUL', 'ADD', 'MUL'],
    ['MUL', 'ADD', 'STO', 'LOD'],
  ];
  for (const tools of table) {
    const { steps } = trace('2 * 3 + 4', ...tools);
    t.deepEqual(
      steps.map(({ applied }) => applied),
      tools.map((_, index) => index < tools.length - 1),
      tools.join(' '),
    );
    t.deepEqual(steps.at(-1)?.state, steps.at(-2)?.state ?? { accumulator: null, memory: null, recalled: false, cursor: 0, applied: 0 });
  }
});

test('right means the value, all operands consumed, ended by ANS', (t) => {
  t.true(trace('3 + 4 * 2', 'LOD', 'STO', 'MUL', 'RCL', 'ADD', 'ANS').success);
  t.true(trace('3 + 4 * 2', 'LOD', 'STO', 'MUL', 'ADD', 'ANS').success, 'operands used up: the memory is added');
  t.false(trace('3 + 4 * 2', 'LOD', 'ADD', 'MUL', 'ANS').success, 'from left to right');
  t.false(trace('3 + 4 * 2', 'LOD', 'STO', 'MUL', 'RCL', 'ADD').success, 'no end');
  t.false(trace('2 * 3 * 1', 'MUL', 'ANS').success, 'an operand is left');
});

test('milestones are paid for operators of the plan, and no others', (t) => {
  const paid = (text: string, ...tools: ExpressionsTool[]) => trace(text, ...tools).steps.map(({ milestones }) => milestones.join());
  t.deepEqual(paid('1 + 2 * 3 - 4', 'LOD', 'STO', 'MUL', 'RCL', 'ADD', 'SUB', 'ANS'), ['', '', 'first', '', 'second', 'third', '']);
  t.deepEqual(paid('1 + 2 * 3 - 4', 'LOD', 'ADD', 'MUL', 'SUB'), ['', '', '', '']);
  t.deepEqual(paid('1 - 2 + 3', 'LOD', 'ADD', 'ADD'), ['', '', '']);
  t.deepEqual(paid('2 * 2 * 2', 'MUL', 'STO', 'RCL', 'MUL'), ['first', '', '', 'second']);
  t.deepEqual(paid('2 + 2 * 2', 'MUL'), [''], 'the value is right, its place is not');
});

test('checkTask: solvable in all stages; that order is lost to a mean is said until prompts are read in order', (t) => {
  const { findings, stages } = checkTask(expressions, { problems: 24, samples: 500, maxStates: 4000 });
  t.deepEqual(
    findings.filter(({ severity, code }) => severity === 'error' && code !== 'indistinguishable'),
    [],
  );
  t.true(stages.every(({ solvableFraction }) => solvableFraction === 1));
});

test('with testOperands longer expressions are measured with, and what is trained on stays', (t) => {
  const long = createExpressions({ testOperands: 7 });
  const stages = new Int32Array(50).fill(1);
  t.true(long.sample(stages, new Random(1), 'test').problems.every(({ operands }) => operands.length === 7));
  t.deepEqual(long.sample(stages, new Random(1)).problems, expressions.sample(stages, new Random(1)).problems);
});

test('with endOnly right programs alone are paid', (t) => {
  const task = createExpressions({ endOnly: true });
  t.deepEqual(task.milestones, []);
  const plan = solve(expression('3 + 4 * 2'));
  t.is(task.trace(expression('3 + 4 * 2'), 'three-operands', task.program(...plan)).episodeReturn, 1);
  t.is(task.trace(expression('3 + 4 * 2'), 'three-operands', task.program('LOD', 'STO', 'MUL')).episodeReturn, 0);
});

test('options that are wrong or unknown are refused', (t) => {
  const paths = (options: unknown) =>
    t.throws(() => createExpressions(options as never), { instanceOf: OptionsError })?.issues.map(({ path }) => path);
  t.deepEqual(paths({ endOnly: 1, testOperands: 8, mask: 'all' }), ['endOnly', 'testOperands', 'mask']);
  t.deepEqual(paths({ end: true }), ['end']);
});
