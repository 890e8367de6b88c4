import test from 'ava';
import fc from 'fast-check';
import { box, discrete, multiDiscrete, OptionsError, type Space } from 'innate';
import { ActionEncoder } from '#dist/spaces/action-encoder.js';
import { checkedActions } from '#dist/spaces/layout.js';
import { Misfit } from '#dist/spaces/misfit.js';

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });

test('ids of actions are all there are, the last component fastest', (t) => {
  t.is(new ActionEncoder(discrete(5)).size, 5);
  const codec = new ActionEncoder(multiDiscrete([2, 3]));
  const all = Array.from({ length: codec.size }, (_, id) => codec.decode(id));
  t.deepEqual(all, [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
  fc.assert(
    fc.property(sizes, (list) => {
      const { size, ...codec } = { size: new ActionEncoder(multiDiscrete(list)).size, codec: new ActionEncoder(multiDiscrete(list)) };
      t.is(
        size,
        list.reduce((product, next) => product * next, 1),
      );
      for (let id = 0; id < size; id += 1) {
        const action = codec.codec.decode(id);
        t.is(codec.codec.encode(action), id);
        t.is(codec.codec.encode(Int32Array.from(action)), id);
        t.true(Array.from(action).every((part, at) => part >= 0 && part < (list[at] ?? 0)));
      }
    }),
  );
});

test('an action is allowed where all its components are', (t) => {
  fc.assert(
    fc.property(
      sizes.chain((list) =>
        fc.tuple(fc.constant(list), fc.tuple(...list.map((n) => fc.array(fc.boolean(), { minLength: n, maxLength: n })))),
      ),
      fc.nat(1),
      fc.boolean(),
      ([list, drawn], row, numeric) => {
        const codec = new ActionEncoder(multiDiscrete(list));
        const mask = drawn.flat().map((bit) => (numeric ? Number(bit) : bit));
        const out = new Uint8Array(2 * codec.size).fill(9);
        if (drawn.some((part) => !part.includes(true))) {
          t.regex(
            t.throws(() => codec.writeMask(mask, row, out), { instanceOf: Misfit })?.message ?? '',
            /^forbids every value of component \d/,
          );
          return;
        }
        codec.writeMask(mask, row, out);
        for (let id = 0; id < codec.size; id += 1) {
          const allowed = Array.from(codec.decode(id)).every((part, at) => drawn[at]?.[part]);
          t.is(out[row * codec.size + id], allowed ? 1 : 0);
          t.is(out[(1 - row) * codec.size + id], 9);
        }
      },
    ),
  );
});

test('what is no mask', (t) => {
  const codec = new ActionEncoder(discrete(3));
  const out = new Uint8Array(3);
  const cases: readonly (readonly [unknown, path: string, reason: string])[] = [
    [[1, 1], '', 'has 2 entries.'],
    [[0, 0, 0], '', 'forbids every action.'],
    [[false, false, false], '', 'forbids every action.'],
    [[1, 2, 0], '[1]', 'is 2.'],
    [[1, Number.NaN, 0], '[1]', 'is NaN.'],
    [[1, undefined, 0], '[1]', 'is undefined.'],
    ['110', '', "is '110'."],
    [null, '', 'is null.'],
    [new Set([0]), '', 'is an object (Set).'],
  ];
  for (const [mask, path, reason] of cases) {
    const error = t.throws(() => codec.writeMask(mask, 0, out), { instanceOf: Misfit });
    t.deepEqual([error?.path, error?.message], [path, reason]);
  }
  codec.writeMask([true, 0, 1], 0, out);
  t.deepEqual(out, Uint8Array.of(1, 0, 1));
});

test('what is no action', (t) => {
  const pair = new ActionEncoder(multiDiscrete([2, 3]));
  for (const action of [[0], [0, 3], [2, 0], [0, 0.5], 1, null] as readonly unknown[]) {
    t.throws(() => pair.encode(action as number[]), { instanceOf: Misfit }, String(action));
  }
  const one = new ActionEncoder(discrete(3));
  for (const action of [3, -1, 1.5, '1', [1]] as readonly unknown[]) {
    t.throws(() => one.encode(action as number), { instanceOf: Misfit }, String(action));
  }
  t.throws(() => {
    (pair.decode(0) as number[])[0] = 1;
  });
});

test('what is no space of actions', (t) => {
  const cases: readonly (readonly [unknown, string])[] = [
    [box({ shape: [2] }), 'actionSpace: is a box: actions are discrete here.'],
    [multiDiscrete([64, 65]), 'actionSpace.sizes: have 4160 combinations, and 4096 is the most.'],
    [undefined, 'actionSpace: is undefined, not a space.'],
    [{ a: discrete(2) }, 'actionSpace: is an object (Object), not a space.'],
  ];
  for (const [space, message] of cases) {
    const error = t.throws(() => checkedActions(space as Space<unknown>), { instanceOf: OptionsError });
    t.true(error?.message.startsWith(message), error?.message);
  }
  t.is(new ActionEncoder(checkedActions(multiDiscrete([64, 64]))).size, 4096);
});
