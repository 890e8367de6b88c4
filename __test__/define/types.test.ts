import test from 'ava';
import { arithmetic } from '#dist/builtin/arithmetic/arithmetic.js';
import { checkTask } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import type { Task } from '#dist/task/task.js';
import { createCounter } from './support/tasks.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <Holds extends true>(holds: Holds): Holds => holds;

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
  t.is(typeof compiles, 'function');
});
