import test from 'ava';
import { checkTask, defineTask, Random, type Split, TaskError } from 'innate';
import { createNamed, isHeldOut } from './support/held-out.js';
import { createCounter } from './support/tasks.js';

const stages = new Int32Array(200).fill(1);

test('problems are drawn for the split that is asked for, and for training where none is', (t) => {
  const task = createNamed();
  const goals = (split?: Split) => task.sample(stages, new Random(1), split).problems.map(({ goal }) => goal);
  t.true(goals('test').every(isHeldOut));
  t.false(goals('train').some(isHeldOut));
  t.deepEqual(goals(), goals('train'));
});

test('a task has a split where sample takes one, or where it says so', (t) => {
  t.true(createNamed().splits);
  t.false(createCounter().splits);
  const base = { name: 'x', stages: ['a'], horizon: 1, symbols: ['s'], encode: () => ['s' as const], start: () => null } as const;
  const tools = { DO: {} };
  const success = () => true;
  const seen: Split[] = [];
  const sample = (_: Random, __: string, split: Split = 'train') => {
    seen.push(split);
    return null;
  };
  t.false(defineTask({ ...base, sample, tools, success }).splits);
  const said = defineTask({ ...base, sample, splits: true, tools, success });
  t.true(said.splits);
  said.sample(Int32Array.of(0), new Random(1), 'test');
  t.deepEqual(seen, ['test']);
  const error = t.throws(() => defineTask({ ...base, sample, splits: 1 as never, tools, success }), { instanceOf: TaskError });
  t.is(error?.path, 'task.splits');
});

test('what is held out is checked: a clean split has no finding', (t) => {
  t.deepEqual(
    checkTask(createNamed()).findings.filter(({ code }) => code === 'split-overlap' || code === 'test-unreachable'),
    [],
  );
});

test('problems of both splits are found, with how often', (t) => {
  // Goals 3 and 11 are for testing; 11 is drawn for training, too, and is half of what is tested on.
  const leaky = createNamed((goal, split) => (split === 'test' ? goal === 3 || goal === 11 : goal !== 3));
  const findings = checkTask(leaky).findings.filter(({ code }) => code === 'split-overlap');
  t.deepEqual(
    findings.map(({ stage, severity }) => [stage, severity]),
    [['many', 'error']],
  );
  const [, shared] = /^(\d+) of 2000 problems/.exec(findings[0]?.message ?? '') ?? [];
  t.true(Math.abs(Number(shared) - 1000) < 120, findings[0]?.message);
  t.regex(findings[0]?.message ?? '', /Such as \{"goal":11,\}/);
});

test('held-out problems without a right program are found', (t) => {
  const task = defineTask({
    name: 'out of reach',
    stages: ['a'],
    horizon: 2,
    symbols: ['s'],
    sample: (random, _, split) => ({ goal: split === 'train' ? random.int(3) : 2 + random.int(2), split }),
    encode: ({ goal }) => Array.from({ length: goal }, () => 's' as const),
    start: () => ({ count: 0 }),
    tools: {
      INC: {
        run: (state) => {
          state.count += 1;
        },
      },
      NOP: {},
    },
    success: ({ count }, { goal }) => count === goal,
  });
  const findings = checkTask(task, { problems: 40 }).findings.filter(({ code }) => code === 'test-unreachable');
  t.regex(findings[0]?.message ?? '', /^(1\d|2\d) of the 40 problems searched/);
  t.true(checkTask(task).solvable);
});

test('a report on what is trained on does not depend on what is held out', (t) => {
  const options = { samples: 300 };
  const [all, none] = [createNamed((goal) => goal < 4), createNamed((goal, split) => goal < 4 || split === 'test')];
  t.deepEqual(checkTask(all, options).stages, checkTask(none, options).stages);
});
