import { runInNewContext } from 'node:vm';
import test from 'ava';
import {
  hasBrand,
  isAbortSignal,
  isArray,
  isFloat32Array,
  isInt32Array,
  isRecord,
  isThenable,
  isTypedArray,
  isUint8Array,
  kindOf,
} from '#dist/util/kind.js';

const elsewhere = (code: string): unknown => runInNewContext(code);

const VALUES: readonly unknown[] = [
  new Int32Array(1),
  new Float32Array(1),
  new Uint8Array(1),
  new Float64Array(1),
  new BigInt64Array(1),
  new Uint8ClampedArray(1),
  elsewhere('new Int32Array(1)'),
  elsewhere('new Float32Array(1)'),
  elsewhere('new Uint8Array(1)'),
  Buffer.from('x'),
  new DataView(new ArrayBuffer(1)),
  { [Symbol.toStringTag]: 'Int32Array' },
  [1],
  null,
  undefined,
  'x',
  3,
];

test('typed arrays are told apart, whichever realm made them', (t) => {
  const of = (is: (value: unknown) => boolean): number[] => VALUES.flatMap((value, index) => (is(value) ? [index] : []));
  t.deepEqual(of(isInt32Array), [0, 6]);
  t.deepEqual(of(isFloat32Array), [1, 7]);
  t.deepEqual(of(isUint8Array), [2, 8, 9]);
  t.deepEqual(of(isTypedArray), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('the name of a built-in class', (t) => {
  t.deepEqual([new Map(), elsewhere('new Map()'), new Date(0), [], null, undefined, 3, () => 1, new Uint8Array(1), {}].map(kindOf), [
    'Map',
    'Map',
    'Date',
    'Array',
    'Null',
    'Undefined',
    'Number',
    'Function',
    'Uint8Array',
    'Object',
  ]);
});

// biome-ignore-start lint/suspicious/noThenProperty: thenables are what is told apart
test('what can be awaited', (t) => {
  const then = () => undefined;
  for (const value of [Promise.resolve(), elsewhere('Promise.resolve()'), { then }, Object.create({ then })]) {
    t.true(isThenable(value));
  }
  for (const value of [null, undefined, 3, 'x', {}, { then: 3 }, () => 1]) {
    t.false(isThenable(value));
  }
});
// biome-ignore-end lint/suspicious/noThenProperty: thenables are what is told apart

test('what can be listened to for an abort', (t) => {
  const { signal } = new AbortController();
  const [add, remove] = [signal.addEventListener, signal.removeEventListener];
  const parts = { aborted: false, addEventListener: add, removeEventListener: remove };
  t.true(isAbortSignal(signal));
  t.true(isAbortSignal(AbortSignal.abort()));
  t.true(isAbortSignal(parts));
  const throwing = new Proxy(
    {},
    {
      get: (): never => {
        throw new RangeError('odd');
      },
    },
  );
  for (const value of [
    null,
    undefined,
    3,
    {},
    throwing,
    { ...parts, aborted: 0 },
    { ...parts, addEventListener: 0 },
    { ...parts, removeEventListener: undefined },
  ]) {
    t.false(isAbortSignal(value));
  }
});

test('records are objects, and not arrays', (t) => {
  const bare = Object.create(null);
  const object = {};
  const map = new Map();
  t.deepEqual([object, bare, map, [], null, undefined, 'x', 3, () => 1].filter(isRecord), [object, bare, map]);
});

test('arrays and brands, of what cannot be read too', (t) => {
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  t.deepEqual([[], [1], elsewhere('[]'), {}, null, 'x', { length: 1 }, revoked.proxy].map(isArray), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  const brand = Symbol.for('innate.test');
  t.deepEqual(
    [{ [brand]: undefined }, Object.create({ [brand]: 1 }), {}, null, undefined, 'x', () => 1, revoked.proxy].map((value) =>
      hasBrand(value, brand),
    ),
    [true, true, false, false, false, false, false, false],
  );
});
