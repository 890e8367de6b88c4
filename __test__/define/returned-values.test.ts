import test from 'ava';
import { TaskError } from '#dist/errors/task-error.js';
import { functionIssue, notBoolean, refuseDeferred, requireData, SYNCHRONOUS, silence } from '#dist/task/returned.js';

const tagged = (tag: string) => Object.assign(() => 1, { [Symbol.toStringTag]: tag });
const message = (action: () => unknown): string | undefined => {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof TaskError ? error.message : String(error);
  }
};

test('what keeps a value from being called for its result', (t) => {
  const kinds: readonly (readonly [unknown, string | undefined])[] = [
    [undefined, 'is not a function.'],
    [{}, 'is not a function.'],
    ['f', 'is not a function.'],
    [() => 1, undefined],
    [class {}, undefined],
    [async () => 1, 'is an async function.'],
    [function* () {}, 'is a generator function.'],
    [async function* () {}, 'is a generator function.'],
    [tagged('Mine'), undefined],
    [tagged('AsyncFunction] and more'), undefined],
    [tagged('more and [object AsyncFunction'), undefined],
  ];
  for (const [index, [value, problem]] of kinds.entries()) {
    t.is(functionIssue(value), problem, String(index));
  }
});

// biome-ignore-start lint/suspicious/noThenProperty: thenables are what is refused
test('a promise is refused and silenced; what only looks a little like one, or like a generator, is not', (t) => {
  const f = () => undefined;
  const PROMISE = `task.x: returned a promise. ${SYNCHRONOUS}`;
  const GENERATOR = `task.x: returned a generator, of which nothing has run. ${SYNCHRONOUS}`;
  const results: readonly (readonly [unknown, string | undefined])[] = [
    [Promise.reject(new Error('late')), PROMISE],
    [{ then: f }, PROMISE],
    [Object.assign(() => 1, { then: f }), PROMISE],
    [{ next: f, throw: f }, GENERATOR],
    [(function* () {})(), GENERATOR],
    [{ next: f }, undefined],
    [{ throw: f }, undefined],
    [{ next: 1, throw: f }, undefined],
    [{ next: f, throw: 1 }, undefined],
    [{ then: 1 }, undefined],
    [[][Symbol.iterator](), undefined],
    [null, undefined],
    [undefined, undefined],
    ['then', undefined],
    [3, undefined],
  ];
  for (const [index, [result, said]] of results.entries()) {
    t.is(
      message(() => refuseDeferred(result, 'task.x')),
      said,
      String(index),
    );
  }
  t.true(silence(Promise.reject(new Error('late'))));
  t.true(silence({ then: f }));
  t.deepEqual([{}, null, undefined, 3, f].map(silence), [false, false, false, false, false]);
  let called = 0;
  t.false(
    silence({
      get then() {
        called += 1;
        return 3;
      },
    }),
  );
  t.is(called, 1, 'what is no promise is not awaited');
});
// biome-ignore-end lint/suspicious/noThenProperty: thenables are what is refused

test('what is neither true nor false, and what is no data', (t) => {
  t.is(notBoolean(undefined, 'task.x').message, 'task.x: returned undefined. Return true or false: a body in braces needs a return.');
  t.is(notBoolean(1, 'task.x').message, 'task.x: returned 1. Return true or false, such as by a comparison.');
  t.regex(message(() => notBoolean(Promise.reject(new Error('late')), 'task.x')) ?? '', /^task\.x: returned a promise\./);
  t.is(
    message(() => requireData(undefined, 'task.x')),
    'task.x: returned undefined. Return plain data, null where there is none: a body in braces needs a return.',
  );
  t.regex(message(() => requireData(Promise.resolve(1), 'task.x')) ?? '', /^task\.x: returned a promise\./);
  for (const data of [null, 0, '', false, {}, []]) {
    t.is(
      message(() => requireData(data, 'task.x')),
      undefined,
    );
  }
});
