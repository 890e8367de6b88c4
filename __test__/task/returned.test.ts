import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { checkTask } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import { TaskError } from '#dist/errors/task-error.js';
import { assertTask, checkedDescribe, checkedSample, checkedScore } from '#dist/task/checked.js';
import type { Task } from '#dist/task/task.js';
import { Random } from '#dist/util/random.js';
import { echoTask } from '../support/echo-task.js';

// A promise that rejects and that nobody holds fails the test run: each one here must have been silenced.

type Anything = (...args: never[]) => unknown;

/** The functions of a definition, by path. */
type Functions = { readonly [Path in (typeof PATHS)[number]]?: unknown };

const PATHS = [
  'sample',
  'encode',
  'start',
  'tools.DO.when',
  'tools.DO.run',
  'milestones.m.reached',
  'success',
  'reward',
  'target',
] as const;
const BOOLEAN = ['tools.DO.when', 'milestones.m.reached', 'success'] as const;

/** A task of a definition in which some functions are replaced. */
function define(functions: Functions) {
  const or = (path: (typeof PATHS)[number], plain: Anything | undefined): unknown => (path in functions ? functions[path] : plain);
  const definition = {
    name: 'small',
    stages: ['only'],
    horizon: 2,
    symbols: ['a', 'b'],
    sample: or('sample', () => ({ goal: 0 })),
    encode: or('encode', () => ['a']),
    start: or('start', () => ({ done: false })),
    tools: {
      DO: { when: or('tools.DO.when', () => true), run: or('tools.DO.run', () => undefined) },
      END: { ends: true },
    },
    milestones: { m: { reward: 0.1, reached: or('milestones.m.reached', () => true) } },
    success: or('success', () => true),
    reward: or('reward', undefined),
    target: or('target', undefined),
  };
  type Definition = Parameters<typeof defineTask<{ goal: number }, { done: boolean }, 'DO' | 'END', 'only', string, 'm'>>[0];
  return defineTask(definition as unknown as Definition);
}

/** Calls all functions of a definition, as a run does: three problems. */
function use(functions: Functions): void {
  const task = define(functions);
  const stages = new Int32Array(3);
  const batch = checkedSample(task, stages, new Random(1));
  checkedScore(task, batch, Int32Array.from([3, 4, 3, 4, 3, 4]), { returns: new Float32Array(3), successes: new Uint8Array(3) });
  checkedDescribe(task, batch, 0);
}

function refused(t: ExecutionContext, path: string, message: RegExp, action: () => unknown): TaskError {
  const error = t.throws(action, { instanceOf: TaskError, code: 'ERR_TASK' }) as TaskError;
  t.is(error.path, path, error.message);
  t.regex(error.message, message);
  t.truthy(error.remedy);
  return error;
}

test('the definition that is used here is right as it stands', (t) => {
  t.notThrows(() => use({}));
  t.notThrows(() => use({ reward: () => 1, target: () => 'x' }));
});

const late = (): Promise<never> => Promise.reject(new Error('late'));
const thenable = (): object => ({
  // biome-ignore lint/suspicious/noThenProperty: what some libraries return
  then: (_: unknown, reject: (error: Error) => void) => reject(new Error('late')),
});
const callableThenable = (): object => Object.assign(() => undefined, thenable());

for (const path of PATHS) {
  test(`${path}: a promise or another thenable is refused, and its rejection ends nothing`, (t) => {
    for (const deferred of [late, thenable, callableThenable, () => Promise.resolve(true), runInNewContext('async () => 1').bind(null)]) {
      const hidden: Anything = () => deferred();
      const error = refused(t, `task.${path}`, /returned a promise/, () => use({ [path]: hidden }));
      t.is(error.problemIndex, 0);
    }
  });

  test(`${path}: async functions and generators are refused where the task is defined`, (t) => {
    const elsewhere = runInNewContext('[async () => true, function* () {}, async function* () {}]') as Anything[];
    const kinds = [async () => true, (async () => true).bind(null), function* (): Generator {}, async function* (): AsyncGenerator {}];
    for (const [index, kind] of [...kinds, ...elsewhere].entries()) {
      const generator = [2, 3, 5, 6].includes(index);
      refused(t, `task.${path}`, generator ? /is a generator function/ : /is an async function/, () => define({ [path]: kind }));
    }
  });

  test(`${path}: what a generator returns is refused, for nothing of it has run`, (t) => {
    const generate = function* (): Generator {
      yield 'a';
    };
    refused(t, `task.${path}`, /returned a generator/, () => use({ [path]: () => generate() }));
  });
}

for (const path of BOOLEAN) {
  test(`${path}: must return true or false`, (t) => {
    for (const [value, shown] of [
      [1, '1'],
      [0, '0'],
      ['', "''"],
      ['yes', "'yes'"],
      [null, 'null'],
      [{}, 'an object (Object)'],
      [NaN, 'NaN'],
      [1n, '1n'],
      [new Boolean(true), 'an object (Boolean)'],
    ] as const) {
      const error = refused(t, `task.${path}`, /Return true or false, such as by a comparison/, () => use({ [path]: () => value }));
      t.true(error.message.includes(`returned ${shown}.`), error.message);
    }
    refused(t, `task.${path}`, /returned undefined\. Return true or false: a body in braces needs a return/, () =>
      use({ [path]: () => undefined }),
    );
    t.notThrows(() => use({ [path]: () => false }));
  });
}

test('a problem and a state that were not returned are refused, null is data', (t) => {
  for (const path of ['sample', 'start'] as const) {
    refused(t, `task.${path}`, /returned undefined.*return/, () => use({ [path]: () => undefined }));
    t.notThrows(() => use({ [path]: () => null }));
  }
});

test('a target is a text or a number', (t) => {
  for (const value of [undefined, null, {}, true, Symbol('x')]) {
    refused(t, 'task.target', /Return a text or a number/, () => use({ target: () => value }));
  }
});

test('symbols that are promises are refused, and the rejections of all of them end nothing', async (t) => {
  refused(t, 'task.encode', /no symbol/, () => use({ encode: () => [late(), late(), late()] }));
  refused(t, 'task.encode', /no symbol/, () => use({ encode: () => ['a', Object.create(null)] }));
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test('checkTask and trace refuse the same', (t) => {
  refused(t, 'task.tools.DO.when', /returned 1/, () => checkTask(define({ 'tools.DO.when': () => 1 })));
  refused(t, 'task.milestones.m.reached', /returned a promise/, () => checkTask(define({ 'milestones.m.reached': late })));
  refused(t, 'task.success', /returned 1/, () => define({ success: () => 1 }).trace({ goal: 0 }, 'only', [4]));
});

// A task written by hand.

const stages = new Int32Array(2);
const scores = () => ({ returns: new Float32Array(2), successes: new Uint8Array(2) });
const handWritten = (changes: Record<string, unknown>): Task => ({ ...echoTask(), ...changes });

function useHandWritten(changes: Record<string, unknown>): void {
  const task = handWritten(changes);
  const batch = checkedSample(task, stages, new Random(1));
  checkedScore(task, batch, new Int32Array(4), scores());
  checkedDescribe(task, batch, 1);
}

for (const method of ['sample', 'score', 'describe'] as const) {
  test(`a task written by hand: ${method} must be synchronous`, (t) => {
    for (const kind of [async () => undefined, function* (): Generator {}, async function* (): AsyncGenerator {}]) {
      refused(t, `task.${method}`, /is an? \w+ function.*synchronous/, () => assertTask(handWritten({ [method]: kind })));
    }
    const whole = echoTask()[method] as Anything;
    const later = (...args: never[]): unknown => {
      whole(...args);
      return late();
    };
    refused(t, `task.${method}`, /returned a promise/, () => useHandWritten({ [method]: later }));
    t.notThrows(() => useHandWritten({}));
  });
}

test('a task written by hand: a description is checked, and says of which problem', (t) => {
  for (const value of [undefined, null, 'text', { context: 'a' }, { context: 'a', target: 1 }]) {
    const error = refused(t, 'task.describe', /returned no description/, () => useHandWritten({ describe: () => value }));
    t.is(error.problemIndex, 1);
  }
  const error = refused(t, 'task.describe', /threw RangeError: boom/, () =>
    useHandWritten({
      describe: () => {
        throw new RangeError('boom');
      },
    }),
  );
  t.true(error.cause instanceof RangeError);
});

// Which problem it was.

const third = (value: unknown, then: () => unknown): Anything => {
  let calls = 0;
  return () => {
    calls += 1;
    return calls === 3 ? then() : value;
  };
};
const boom = (): never => {
  throw new RangeError('boom');
};
const plain: { readonly [Path in (typeof PATHS)[number]]: unknown } = {
  sample: { goal: 0 },
  encode: ['a'],
  start: { done: false },
  'tools.DO.when': true,
  'tools.DO.run': undefined,
  'milestones.m.reached': true,
  success: true,
  reward: 1,
  target: '',
};

for (const path of PATHS.filter((name) => name !== 'target')) {
  test(`${path}: an error says which problem of the batch it was`, (t) => {
    for (const bad of [boom, late, ...(path === 'encode' ? [() => ['c'], () => 'a'] : [])]) {
      const error = t.throws(() => use({ [path]: third(plain[path], bad) }), { instanceOf: TaskError });
      t.is(error?.path, `task.${path}`);
      t.is(error?.problemIndex, 2);
      t.true(error?.message.includes('at problem 2 of the batch'), error?.message);
    }
  });
}

test('target: an error says which problem of the batch it was', (t) => {
  const task = define({ target: boom });
  const batch = task.encode([{ goal: 0 }, { goal: 1 }], 'only');
  t.like(
    t.throws(() => task.describe(batch, 1)),
    { path: 'task.target', problemIndex: 1 },
  );
});

test('encode of your own problems says which of them it was; a single program says none', (t) => {
  const problems = [{ goal: 0 }, { goal: 0 }, { goal: 0 }, { goal: 0 }];
  for (const bad of [boom, late, () => ['c'], () => ['a', 9], () => undefined]) {
    t.like(
      t.throws(() => define({ encode: third(['a'], bad) }).encode(problems, 'only')),
      { path: 'task.encode', problemIndex: 2 },
    );
  }
  const task = define({ success: boom });
  t.throws(() => task.decode(task.encode(problems, 'only'), new Int32Array(8).fill(4)));
  t.like(
    t.throws(() => task.trace({ goal: 0 }, 'only', [4])),
    { path: 'task.success', problemIndex: undefined },
  );
});

test('encode takes a list', (t) => {
  for (const bad of [{ goal: 0 }, undefined, null, 'abc']) {
    refused(t, 'problems', /\[problem\]/, () => define({}).encode(bad as never, 'only'));
  }
});
