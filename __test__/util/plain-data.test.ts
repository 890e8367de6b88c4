import test from 'ava';
import { cloneData, dataKey } from '#dist/util/plain-data.js';

const nothing: Record<string, unknown> = Object.assign(Object.create(null), { a: 1 });

const KEYS: readonly (readonly [string, unknown, string])[] = [
  ['a number', 1.5, '1.5'],
  ['negative zero', -0, '0'],
  ['NaN', NaN, 'NaN'],
  ['a text', 'a"b', '"a\\"b"'],
  ['true', true, 't'],
  ['false', false, 'f'],
  ['undefined', undefined, 'u'],
  ['null', null, 'z'],
  ['a big integer', 3n, '3n'],
  ['an array', [1, ['a'], null], '[1,["a"],z]'],
  ['an object, keys sorted', { b: 1, a: { c: 't' } }, '{"a":{"c":"t",},"b":1,}'],
  ['an object without a prototype', nothing, '{"a":1,}'],
  [
    'a map',
    new Map<unknown, unknown>([
      [1, 'x'],
      ['y', [2]],
    ]),
    'M(1=>"x","y"=>[2])',
  ],
  ['a set', new Set([1, 'x']), 'S(1,"x")'],
  ['a date', new Date(5), 'D5'],
  ['a typed array', Uint8Array.of(1, 2), 'Uint8Array[1,2]'],
];

for (const [title, value, key] of KEYS) {
  test(`the key of ${title}`, (t) => {
    t.is(dataKey(value), key);
  });
}

test('what is no plain data has no key, at any depth', (t) => {
  class Desk {}
  const refused: readonly (readonly [unknown, RegExp])[] = [
    [() => 1, /^a function is not plain data$/],
    [Symbol('s'), /^a symbol is not plain data$/],
    [new Desk(), /^an .*\bDesk\b.* is not plain data$/],
    [{ a: [new Desk()] }, /^an .*\bDesk\b.* is not plain data$/],
    [new DataView(new ArrayBuffer(1)), /^an .*\bDataView\b.* is not plain data$/],
  ];
  for (const [value, message] of refused) {
    t.throws(() => dataKey(value), { instanceOf: TypeError, message });
  }
});

test('a copy is equal and independent at every depth', (t) => {
  const value = {
    number: 1,
    text: 'x',
    none: null,
    list: [1, { deep: [2] }],
    map: new Map([[1, { a: 1 }]]),
    set: new Set([1]),
    date: new Date(3),
    bytes: Uint8Array.of(1, 2),
    nothing,
  };
  const copy = cloneData(value);
  t.deepEqual({ ...copy, nothing: { ...copy.nothing } }, { ...value, nothing: { ...nothing } });
  (copy.list[1] as { deep: number[] }).deep.push(3);
  Object.assign(copy.map.get(1) ?? {}, { a: 2 });
  copy.set.add(2);
  copy.bytes[0] = 9;
  copy.nothing['a'] = 2;
  t.deepEqual(value.list, [1, { deep: [2] }]);
  t.is(value.map.get(1)?.a, 1);
  t.is(value.set.size, 1);
  t.is(value.bytes[0], 1);
  t.is(nothing['a'], 1);
  t.not(copy.date, value.date);
  const f = () => 1;
  t.deepEqual(cloneData({ list: [f], object: { f } }), { list: [f], object: { f } }, 'what cannot be cloned is handed on');
  t.is(cloneData(f), f);
  t.is(cloneData(null), null);
  t.is(cloneData('x'), 'x');
});
