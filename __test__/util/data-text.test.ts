import test from 'ava';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '#dist/util/base64.js';
import { readData, writeData } from '#dist/util/data-text.js';

const VALUES: readonly unknown[] = [
  undefined,
  Number.NaN,
  -0,
  [-Infinity, 1e300, 5e-324],
  { $: 'a', v: { $: 1 } },
  JSON.parse('{"__proto__":{"a":1},"b":[]}'),
  new Map<unknown, unknown>([[{ a: 1 }, new Set([1, undefined])]]),
  new Date(5),
  12345678901234567890n,
  Float32Array.of(Number.NaN, -0, 1e-40),
  new Uint8Array(0),
  BigInt64Array.of(-1n),
  { a: undefined, b: [null, true, 'é\u0000"'] },
];

test('plain data comes back as it was', (t) => {
  for (const value of VALUES) {
    t.deepEqual(readData(writeData(value)), value);
    t.true(Object.is(readData(writeData(-0)), -0));
  }
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }), (value) => {
      t.deepEqual(readData(writeData(value)), value);
    }),
    { numRuns: 300 },
  );
});

test('what is no plain data is named', (t) => {
  class Own {
    readonly a = 1;
  }
  for (const [value, message] of [
    [{ a: [{ b: (): number => 1 }] }, /^a\[0\]\.b is a function/],
    [new Own(), /^the data is an object \(Own\)/],
    [{ of: Symbol('x') }, /^of is a symbol/],
    [[/x/], /^\[0\] is an object \(RegExp\)/],
  ] as const) {
    t.throws(() => writeData(value), { instanceOf: TypeError, message });
  }
});

test('any other text is a syntax error', (t) => {
  for (const text of [
    '',
    '{',
    '{"$":"x"}',
    '{"$":"Float32Array","v":3}',
    '{"$":"Uint8Array","v":"??"}',
    '{"$":"Map","v":[[1]]}',
    '{"$":"number","v":"1"}',
    '{"$":[]}',
    '{"$":"constructor","v":""}',
  ]) {
    t.throws(() => readData(text), { instanceOf: SyntaxError }, text);
  }
});

test('base64', (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  t.deepEqual(fromBase64(toBase64(bytes)), bytes);
  t.deepEqual(fromBase64(toBase64(bytes.subarray(3, 7))), Uint8Array.of(3, 4, 5, 6));
  t.is(fromBase64('a'), undefined);
  t.is(fromBase64('AB=='), undefined, 'bits that are left over');
});
