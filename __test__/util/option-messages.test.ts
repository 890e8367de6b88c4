import test from 'ava';
import '#dist/util/option-names.js';
import type { Issue } from 'innate';
import { Issues } from '#dist/util/issues.js';
import { type NumberRule, numberIssue } from '#dist/util/number-rule.js';
import { OptionReader, readOptions } from '#dist/util/option-reader.js';
import { show, showThrown } from '#dist/util/show.js';
import { addUnknownKeys } from '#dist/util/value-reader.js';

function reading(options: unknown, read: (reader: OptionReader) => unknown, path?: string): { result: unknown; issues: readonly Issue[] } {
  const issues = new Issues();
  const reader = new OptionReader(options, issues.at(path ?? ''));
  const result = read(reader);
  reader.finish();
  return { result, issues: issues.list };
}

const OBJECT = 'Pass an object with named options.';

test('what is no object, by its place', (t) => {
  t.deepEqual(reading(3, () => 1).issues, [{ path: 'options', message: 'must be an object, got 3.', remedy: OBJECT }]);
  t.deepEqual(reading(null, () => 1, 'stages[2]').issues, [{ path: 'stages[2]', message: 'must be an object, got null.', remedy: OBJECT }]);
  t.deepEqual(
    reading([1], (reader) => reader.number('a', 7, {}), 'x'),
    {
      result: 7,
      issues: [{ path: 'x', message: 'must be an object, got an array of 1.', remedy: OBJECT }],
    },
  );
  t.deepEqual(
    reading(undefined, (reader) => [reader.has('a'), reader.raw('a')]),
    { result: [false, undefined], issues: [] },
  );
});

test('values as they stand', (t) => {
  const { result, issues } = reading({ a: 1, b: null, c: undefined }, (reader) => [
    reader.raw('a'),
    reader.has('a'),
    reader.raw('b'),
    reader.has('b'),
    reader.has('c'),
  ]);
  t.deepEqual(result, [1, true, null, true, false]);
  t.deepEqual(issues, []);
  const own = new Issues();
  t.is(new OptionReader({}, own).issues, own);
  t.deepEqual(new OptionReader({}).issues.list, []);
});

test('numbers, choices, booleans and signals, each with its fallback', (t) => {
  const choices = ['own', 'batch'] as const;
  const { signal } = new AbortController();
  const read = (options: object) =>
    reading(
      options,
      (reader) => [
        reader.number('n', 5, { min: 1, max: 9 }),
        reader.choice('c', 'own', choices),
        reader.boolean('b', true),
        reader.signal('s'),
      ],
      'at',
    );
  t.deepEqual(read({}), { result: [5, 'own', true, undefined], issues: [] });
  t.deepEqual(read({ n: undefined, c: undefined, b: undefined, s: undefined }), { result: [5, 'own', true, undefined], issues: [] });
  t.deepEqual(read({ n: 9, c: 'batch', b: false, s: signal }), { result: [9, 'batch', false, signal], issues: [] });
  t.deepEqual(read({ n: 10, c: 'mean', b: 'no', s: {} }), {
    result: [5, 'own', true, undefined],
    issues: [
      {
        path: 'at.n',
        message: 'must be a finite number of at least 1 and at most 9, got 10.',
        remedy: 'Pass a finite number of at least 1 and at most 9.',
      },
      { path: 'at.c', message: "must be one of 'own', 'batch', got 'mean'.", remedy: "Pass one of 'own', 'batch'." },
      { path: 'at.b', message: "must be true or false, got 'no'.", remedy: 'Pass true or false.' },
      { path: 'at.s', message: 'must be an AbortSignal, got an object (Object).', remedy: 'Pass the signal of an AbortController.' },
    ],
  });
  t.deepEqual(
    read({ n: null, c: null, b: null, s: null }).issues.map(({ path }) => path),
    ['at.n', 'at.c', 'at.b', 'at.s'],
  );
});

test('unknown keys, with what is known', (t) => {
  const { issues } = reading({ alpha: 1, zzzz: 2, gone: undefined, gamma: 3 }, (reader) => [reader.raw('beta'), reader.raw('alpha')]);
  t.deepEqual(issues, [
    { path: 'zzzz', message: 'is not an option.', remedy: 'Known here: alpha, beta.' },
    { path: 'gamma', message: 'is not an option.', remedy: 'There is no discount: a program is scored as a whole.' },
  ]);
  const more = new Issues();
  addUnknownKeys({ zzzz: 1, threads: 2, aplha: 3, alpha: 4 }, new Set(['alpha']), more.at('batch'), { among: new Set(['threads']) });
  t.deepEqual(more.list, [
    { path: 'batch.threads', message: 'is not an option.', remedy: 'Known here: alpha.' },
    { path: 'batch.aplha', message: 'is not an option.', remedy: 'Did you mean alpha?' },
  ]);
  const bare = new Issues();
  addUnknownKeys({ x: 1 }, new Set(), bare);
  t.deepEqual(bare.list, [{ path: 'x', message: 'is not an option.', remedy: 'There are no options here.' }]);
});

test('what cannot be read, once, with its place', (t) => {
  const throwing = {
    get a(): number {
      throw new RangeError('odd.');
    },
    get b(): number {
      throw new TypeError('odder.');
    },
  };
  const message = 'could not be read: reading it threw RangeError: odd.';
  const { issues } = reading(throwing, (reader) => [reader.raw('a'), reader.raw('a'), reader.number('a', 1, {})], 'at');
  t.deepEqual(issues, [
    { path: 'at.a', message, remedy: 'Pass a plain object.' },
    { path: 'at.b', message: 'could not be read: reading it threw TypeError: odder.', remedy: 'Pass a plain object.' },
  ]);
  const ownKeys = (): never => {
    throw new RangeError('odd.');
  };
  t.deepEqual(reading(new Proxy({}, { ownKeys }), () => 1).issues, [{ path: 'options', message, remedy: 'Pass a plain object.' }]);
});

test('options are read whole before anything is thrown', (t) => {
  t.is(
    t
      .throws(() => readOptions({ a: 0, b: 1 }, (reader) => reader.number('a', 1, { min: 1 })), { code: 'ERR_OPTIONS' })
      ?.message.split('\n')[1],
    'b: is not an option.',
  );
  t.is(
    readOptions({ a: 3 }, (reader) => reader.raw('a')),
    3,
  );
});

const HOLD = 'a finite number that 32 bits can hold (1.4e-45 to 3.4e+38 in size)';
/** Rule, values within it, values outside, and the rule in words. */
const RULES: readonly (readonly [NumberRule, readonly number[], readonly unknown[], string])[] = [
  [{}, [0, -1e300, 1e300], [NaN, Infinity, -Infinity, '1', null, true, 1n], 'a finite number'],
  [{ infinite: true }, [Infinity, 3], [-Infinity, NaN, '1'], 'a number'],
  [{ min: 2 }, [2, 3], [1.999, '2'], 'a finite number of at least 2'],
  [{ max: 2 }, [2, -3], [2.001], 'a finite number of at most 2'],
  [{ above: 2 }, [2.001], [2, 1, -Infinity], 'a finite number above 2'],
  [{ below: 2 }, [1.999], [2, 3], 'a finite number of below 2'],
  [{ below: 2, infinite: true }, [1], [2, Infinity], 'a number of below 2'],
  [{ min: 0, below: 1 }, [0, 0.999], [-0.001, 1], 'a finite number of at least 0 and below 1'],
  [{ above: 0, max: 1 }, [0.001, 1], [0, 1.001], 'a finite number above 0 and at most 1'],
  [{ min: 1, above: 0 }, [1], [0.5], 'a finite number of at least 1 and above 0'],
  [{ above: 0, infinite: true }, [1, Infinity], [0], 'a number above 0'],
  [{ integer: true }, [0, -5, 2 ** 53 - 1], [0.5, 2 ** 53, NaN, Infinity, '3'], 'an integer of at most 9007199254740991'],
  [{ integer: true, min: 1, max: 8 }, [1, 8], [0, 9, 1.5], 'an integer of at least 1 and at most 8'],
  [{ integer: true, above: 0, max: 8 }, [1], [0], 'an integer above 0 and at most 8'],
  [{ integer: true, infinite: true, max: 8 }, [8], [Infinity], 'an integer of at most 8'],
  [{ single: true }, [0, 1e-46, 3.4e38], [1e39, -1e39, NaN, '1'], HOLD],
  [{ single: true, above: 0 }, [1e-45, 1], [1e-46, 0], `${HOLD}, above 0`],
  [{ single: true, min: 0, below: 1 }, [0, 0.5], [1, 1 - 1e-9, -1], `${HOLD}, at least 0 and below 1 when rounded to them`],
  [
    { single: true, infinite: true, above: 0 },
    [Infinity, 1e39],
    [0],
    'a number that 32 bits can hold (1.4e-45 to 3.4e+38 in size), above 0',
  ],
];

for (const [rule, good, bad, words] of RULES) {
  test(`a range: ${words}`, (t) => {
    for (const value of good) {
      t.is(numberIssue(value, rule), undefined, String(value));
    }
    for (const value of bad) {
      t.is(numberIssue(value, rule), `must be ${words}, got ${show(value)}.`, String(value));
    }
  });
}

const SHOWN: readonly (readonly [unknown, string])[] = [
  ['', "''"],
  ['x'.repeat(40), `'${'x'.repeat(40)}'`],
  ['x'.repeat(41), `'${'x'.repeat(40)}…'`],
  [0.5, '0.5'],
  [true, 'true'],
  [false, 'false'],
  [null, 'null'],
  [undefined, 'undefined'],
  [5n, '5n'],
  [[], 'an array of 0'],
  [{}, 'an object (Object)'],
  [new Map(), 'an object (Map)'],
  [new (class {})(), 'an object (no prototype)'],
  [Object.create(null), 'an object (no prototype)'],
  [Object.create(Object.create(null)), 'an object (no prototype)'],
  [() => 1, 'a function'],
  [Symbol('s'), 'a symbol'],
];

for (const [value, text] of SHOWN) {
  test(`shown as ${text} (${typeof value}${Array.isArray(value) ? ', list' : ''}${SHOWN.findIndex(([other]) => other === value)})`, (t) => {
    t.is(show(value), text);
  });
}

test('shows what was thrown, if it says what it is', (t) => {
  t.is(showThrown({ name: 'Mine', message: 'is odd' }), 'Mine: is odd');
  t.is(showThrown({ name: 'Mine', message: 'One. Two.' }), 'Mine: One. Two');
  t.is(showThrown({ name: 'Mine' }), 'an object (Object)');
  t.is(showThrown({ message: 'is odd' }), 'an object (Object)');
  t.is(showThrown('is odd.'), "'is odd.'");
  t.is(showThrown(undefined), 'undefined');
});
