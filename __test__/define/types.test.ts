import test from 'ava';
import { arithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import type { Task } from '#dist/task/task.js';
import { createSupportDesk } from './support/support-desk.js';
import { createCounter } from './support/tasks.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Holds extends true>(holds: Holds): Holds => holds;

/** Never called either: tools with parameters, and what is heard. */
function compilesInClosedLoop(): void {
  const desk = createSupportDesk();
  const plain: Task = desk;
  checkTask(plain);
  checkTask(desk);
  desk.program('LOOKUP', ['REFUND', { amount: 'full', line: 0 }], 'REPLY');
  // @ts-expect-error -- a tool with parameters needs arguments
  desk.program('REFUND');
  // @ts-expect-error -- no such value
  desk.program(['REFUND', { amount: 'all', line: 0 }]);
  // @ts-expect-error -- a line too many
  desk.program(['REFUND', { amount: 'full', line: 3 }]);
  // @ts-expect-error -- an argument is missing
  desk.program(['REFUND', { amount: 'full' }]);
  // @ts-expect-error -- a tool without parameters takes none
  desk.program(['LOOKUP', {}]);
  const step = desk.trace({ claim: 'broken', status: 'late', line: 1 }, 0, []).steps[0];
  is<Equal<NonNullable<NonNullable<typeof step>['arguments']>, { readonly amount: 'full' | 'half'; readonly line: 0 | 1 | 2 }>>(true);
  const call = desk.decode(desk.encode([], 0), [])[0]?.calls?.[0];
  if (typeof call === 'object') {
    is<Equal<(typeof call)[0], 'REFUND'>>(true);
    is<Equal<(typeof call)[1]['amount'], 'full' | 'half'>>(true);
  }

  const common = {
    name: 'typed',
    stages: ['only'],
    horizon: 4,
    symbols: ['x', 'y'],
    sample: () => ({ goal: 1 }),
    encode: () => [],
    start: () => ({ count: 0 }),
    success: () => true,
  } as const;
  defineTask({
    ...common,
    tools: {
      A: {
        parameters: { many: 1000, word: ['a', 'b'] },
        when: (_state, _problem, _stage, args) => is<Equal<typeof args.word, 'a' | 'b' | undefined>>(true),
        run: (state, _problem, _stage, { many, word }) => {
          is<Equal<typeof many, number>>(true);
          // @ts-expect-error -- no such value
          state.count += word === 'c' ? 1 : many;
        },
      },
      B: {
        // @ts-expect-error -- it has no parameters
        run: (_state, _problem, _stage, { many }) => many,
      },
    },
    onRefused: (_state, _problem, _stage, tool) => {
      is<Equal<typeof tool, 'A' | 'B'>>(true);
    },
  });
  defineTask({
    ...common,
    tools: { A: {} },
    // @ts-expect-error -- misspelled symbol
    observe: (state) => (state.count === 0 ? ['z'] : []),
    observationLength: 1,
  });
  defineTask({
    ...common,
    tools: { A: {} },
    // @ts-expect-error -- no such mask
    mask: 'applied',
  });
}

/** Never called: what matters is that it compiles, and that the marked lines would not without their marks. */
function compiles(): void {
  const counter = createCounter();
  is<Equal<(typeof counter.tools)[number], 'INC' | 'DEC' | 'DONE'>>(true);
  is<Equal<(typeof counter.stages)[number], 'easy' | 'hard'>>(true);
  is<Equal<(typeof counter.milestones)[number], 'begun' | 'two'>>(true);
  const step = counter.trace({ goal: 1 }, 'easy', [])?.steps[0];
  is<Equal<NonNullable<typeof step>['tool'], 'INC' | 'DEC' | 'DONE' | undefined>>(true);
  is<Equal<NonNullable<typeof step>['state'], { count: number; toggles: number }>>(true);
  const shortest = checkTask(counter).stages[0]?.shortestProgram;
  is<Equal<NonNullable<typeof shortest>['tools'][number], 'INC' | 'DEC' | 'DONE'>>(true);
  const plain: Task = counter;
  checkTask(plain);

  arithmetic.program('MUL', 'ADD', 'ANS');
  // @ts-expect-error -- misspelled tool
  arithmetic.program('MUL', 'AD', 'ANS');
  // @ts-expect-error -- misspelled tool
  arithmetic.token('ANSWER');
  // @ts-expect-error -- misspelled stage
  arithmetic.encode([], 'multiply');
  // @ts-expect-error -- not a problem of this task
  arithmetic.encode([{ digits: [1] }], 0);

  const common = {
    name: 'typed',
    horizon: 2,
    sample: () => ({ goal: 1 }),
    start: () => ({ count: 0 }),
  } as const;
  defineTask({
    ...common,
    stages: ['one', 'two'],
    symbols: ['x', 'y'],
    // @ts-expect-error -- misspelled symbol
    encode: () => ['z'],
    tools: { A: {} },
    success: () => true,
  });
  defineTask({
    ...common,
    stages: ['one', 'two'],
    symbols: ['x', 'y'],
    encode: () => ['x'],
    tools: {
      // @ts-expect-error -- no such part of the state
      A: { when: (state) => state.total > 0 },
    },
    success: () => true,
  });
  defineTask({
    ...common,
    stages: ['one', 'two'],
    symbols: ['x', 'y'],
    encode: () => ['x'],
    tools: { A: {} },
    // @ts-expect-error -- misspelled stage
    success: (state, problem, stage) => stage === 'three' || state.count === problem.goal,
  });
  defineTask({
    ...common,
    stages: ['one', { name: 'two' }],
    symbols: ['x', 'y'],
    encode: () => ['x'],
    tools: { A: {} },
    // @ts-expect-error -- misspelled stage
    milestones: { m: { reward: 0.1, stages: ['three'], reached: () => true } },
    success: () => true,
  });
  defineTask({
    ...common,
    stages: ['one'],
    symbols: ['x'],
    encode: () => ['x'],
    // @ts-expect-error -- misspelled part of a tool
    tools: { A: { end: true } },
    success: () => true,
  });
}

test('the compiler checks names of tools, stages, symbols and parts of the state', (t) => {
  t.deepEqual([typeof compiles, typeof compilesInClosedLoop], ['function', 'function']);
});
