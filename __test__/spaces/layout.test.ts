import test from 'ava';
import fc from 'fast-check';
import { box, discrete, layoutOf, multiDiscrete, type ObservationSpace, OptionsError, type Space } from 'innate';
import { Misfit } from '#dist/spaces/misfit.js';
import { ObservationWriter } from '#dist/spaces/observation-writer.js';

/** A space, and values of it with what they are in flat arrays. */
interface Example {
  readonly space: Space<unknown>;
  readonly value: unknown;
  readonly numbers: readonly number[];
  readonly ids: readonly number[];
}

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const size = fc.integer({ min: 1, max: 7 });
const example: fc.Arbitrary<Example> = fc.oneof(
  size.chain((n) => fc.nat(n - 1).map((value) => ({ space: discrete(n), value, numbers: [], ids: [value] }))),
  fc.array(size, { minLength: 1, maxLength: 4 }).chain((sizes) =>
    fc
      .tuple(...sizes.map((n) => fc.nat(n - 1)), fc.boolean())
      .map((drawn) => drawn.slice(0, -1) as number[])
      .map((ids) => ({ space: multiDiscrete(sizes), value: Int32Array.from(ids), numbers: [], ids })),
  ),
  fc.tuple(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }), fc.boolean()).chain(([shape, typed]) => {
    const count = shape.reduce((product, next) => product * next, 1);
    return fc
      .array(float, { minLength: count, maxLength: count })
      .map((numbers) => ({ space: box({ shape }), value: typed ? Float32Array.from(numbers) : numbers, numbers, ids: [] }));
  }),
);
const record = fc
  .array(
    fc.tuple(
      fc.string().map((name) => `_${name}`),
      example,
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((entries) => {
    const parts = new Map(entries);
    return {
      space: Object.fromEntries([...parts].map(([name, { space }]) => [name, space])),
      value: Object.fromEntries([...parts].map(([name, { value }]) => [name, value])),
      numbers: [...parts.values()].flatMap(({ numbers }) => numbers),
      ids: [...parts.values()].flatMap(({ ids }) => ids),
    };
  });

test('an observation lies where the layout says, and touches no other row', (t) => {
  fc.assert(
    fc.property(fc.oneof(example, record), fc.nat(2), ({ space, value, numbers, ids }, row) => {
      const layout = layoutOf(space as ObservationSpace<unknown>);
      t.is(layout.dense, numbers.length);
      t.is(layout.discrete.length, ids.length);
      t.true(ids.every((id, at) => id < (layout.discrete[at] ?? 0)));
      const dense = new Float32Array(3 * layout.dense).fill(7);
      const discrete = new Int32Array(3 * layout.discrete.length).fill(7);
      const expected = { dense: dense.slice(), discrete: discrete.slice() };
      expected.dense.set(numbers, row * numbers.length);
      expected.discrete.set(ids, row * ids.length);
      new ObservationWriter(space as ObservationSpace<unknown>).write(value, row, dense, discrete);
      t.deepEqual({ dense, discrete }, expected);
    }),
  );
});

test('the order of declaration', (t) => {
  const layout = layoutOf({
    card: discrete(4),
    position: box({ shape: [2], low: -1, high: [1, 2] }),
    hands: multiDiscrete([3, 2]),
    speed: box({ shape: [1] }),
  });
  t.deepEqual(layout, {
    dense: 3,
    discrete: [4, 3, 2],
    low: Float32Array.of(-1, -1, -Infinity),
    high: Float32Array.of(1, 2, Infinity),
  });
});

test('what is no value of its space', (t) => {
  const spaces = {
    id: discrete(3),
    pair: multiDiscrete([3, 2]),
    unit: box({ shape: [2], low: 0, high: 0.1 }),
    free: box({ shape: [1] }),
    both: { at: discrete(2), on: box({ shape: [1], low: -1 }) },
  };
  const cases: readonly (readonly [keyof typeof spaces, unknown, path: string, reason: string])[] = [
    ['id', 3, '', 'is 3.'],
    ['id', -1, '', 'is -1.'],
    ['id', 0.5, '', 'is 0.5.'],
    ['id', '1', '', "is '1'."],
    ['id', Number.NaN, '', 'is NaN.'],
    ['id', [1], '', 'is an array of 1.'],
    ['id', undefined, '', 'is undefined.'],
    ['pair', [0], '', 'has 1 numbers.'],
    ['pair', [0, 2], '[1]', 'is 2.'],
    ['pair', 1, '', 'is 1.'],
    ['pair', '12', '', "is '12'."],
    ['unit', [0, Number.NaN], '[1]', 'is NaN.'],
    ['unit', [0, 0.2], '[1]', 'is 0.2.'],
    ['unit', [-1, 0], '[0]', 'is -1.'],
    ['unit', [0, 0, 0], '', 'has 3 numbers.'],
    ['unit', [0, '0'], '[1]', "is '0'."],
    ['unit', BigInt64Array.of(0n, 0n), '[0]', 'is 0n.'],
    ['unit', Promise.resolve([0, 0]), '', 'is an object (Promise).'],
    ['free', [Infinity], '[0]', 'is Infinity.'],
    ['free', [1e39], '[0]', 'is 1e+39.'],
    ['free', [[1]], '[0]', 'is an array of 1.'],
    ['both', 1, '', 'is 1.'],
    ['both', { at: 1 }, '.on', 'is undefined.'],
    ['both', { at: 1, on: [-2] }, '.on[0]', 'is -2.'],
    ['both', { at: 2, on: [0] }, '.at', 'is 2.'],
  ];
  for (const [name, value, path, reason] of cases) {
    const writer = new ObservationWriter(spaces[name] as ObservationSpace<unknown>);
    const error = t.throws(() => writer.write(value, 0, new Float32Array(2), new Int32Array(2)), { instanceOf: Misfit });
    t.deepEqual([error?.path, error?.message], [path, reason], name);
    t.true((error?.remedy ?? '').length > 0);
  }
});

test('bounds are judged in 32 bits, as they are kept', (t) => {
  const writer = new ObservationWriter(box({ shape: [2], low: -0.1, high: 0.1 }));
  const dense = new Float32Array(2);
  writer.write([-0.1, 0.1], 0, dense, new Int32Array(0));
  t.deepEqual(dense, Float32Array.of(-0.1, 0.1));
});

test('what is no space', (t) => {
  const cases: readonly (readonly [unknown, string])[] = [
    [3, 'observationSpace: is 3, not a space.'],
    [undefined, 'observationSpace: is undefined, not a space.'],
    [{}, 'observationSpace: is an empty record.'],
    [{ at: 3 }, 'observationSpace.at: is 3, not a space.'],
    [{ at: { deeper: discrete(2) } }, 'observationSpace.at: is an object (Object), not a space.'],
    [{ 0: discrete(2) }, 'observationSpace.0: is a number, which JavaScript moves before the other keys.'],
    [{ kind: 'text' }, 'observationSpace: is an object (Object), not a space.'],
    [{ kind: 'discrete', n: 0 }, 'observationSpace.n: must be an integer of at least 1 and at most 1048576, got 0.'],
    [
      { kind: 'box', shape: [2], low: [0, 0], high: Float32Array.of(1, 1) },
      'observationSpace.low: must be a Float32Array, got an array of 2.',
    ],
  ];
  for (const [space, message] of cases) {
    const error = t.throws(() => layoutOf(space as ObservationSpace<unknown>), { instanceOf: OptionsError });
    t.true(error?.message.startsWith(message), error?.message);
  }
});
