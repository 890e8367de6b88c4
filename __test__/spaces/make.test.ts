import test from 'ava';
import { type BoxOptions, box, discrete, multiDiscrete, OptionsError } from 'innate';

const ONE = 'Pass how many values there are, 1 to 2²⁰.';
const AXES = 'Pass the sizes of the axes, such as [4] for four numbers.';
const boxed = (options: unknown) => () => box(options as BoxOptions);

const MESSAGES: readonly (readonly [string, () => unknown])[] = [
  [`n: must be an integer of at least 1 and at most 1048576, got 0. ${ONE}`, () => discrete(0)],
  [`n: must be an integer of at least 1 and at most 1048576, got 1.5. ${ONE}`, () => discrete(1.5)],
  [`n: must be an integer of at least 1 and at most 1048576, got '3'. ${ONE}`, () => discrete('3' as unknown as number)],
  ['sizes: must be an array of at least one size, got an array of 0. Pass how many values each component has.', () => multiDiscrete([])],
  [
    'sizes: must be an array of at least one size, got 3. Pass how many values each component has.',
    () => multiDiscrete(3 as unknown as number[]),
  ],
  [`sizes[1]: must be an integer of at least 1 and at most 1048576, got -2. ${ONE}`, () => multiDiscrete([3, -2])],
  [`shape: must be an array of at least one size, got undefined. ${AXES}`, boxed({})],
  [`shape: must be an array of at least one size, got an array of 0. ${AXES}`, boxed({ shape: [] })],
  [`shape[1]: must be an integer of at least 1 and at most 1048576, got 0. ${AXES}`, boxed({ shape: [2, 0] })],
  ['shape: has 1048577 numbers. Use at most 2²⁰.', boxed({ shape: [61681, 17] })],
  ['low: has 3 numbers, and the shape 4. Give a number for all, or one a number.', boxed({ shape: [2, 2], low: [0, 0, 0] })],
  [
    'low[1]: must be a number that 32 bits can hold, or -Infinity, got NaN. Pass a finite number, or -Infinity where there is no bound.',
    boxed({ shape: [2], low: [0, Number.NaN] }),
  ],
  [
    'low: must be a number that 32 bits can hold, or -Infinity, got Infinity. Pass a finite number, or -Infinity where there is no bound.',
    boxed({ shape: [2], low: Infinity }),
  ],
  [
    "high: must be a number that 32 bits can hold, or Infinity, got '1'. Pass a finite number, or Infinity where there is no bound.",
    boxed({ shape: [2], high: '1' }),
  ],
  [
    'high: must be a number that 32 bits can hold, or Infinity, got 1e+39. Pass a finite number, or Infinity where there is no bound.',
    boxed({ shape: [2], high: 1e39 }),
  ],
  [
    'low: is above high at number 1: 2 and 1. Give bounds of which low is the smaller one.',
    boxed({ shape: [2], low: [0, 2], high: Float32Array.of(1, 1) }),
  ],
  ['lows: is not an option. Did you mean low?', boxed({ shape: [2], lows: 0 })],
];

for (const [index, [message, action]] of MESSAGES.entries()) {
  test(`(${index}) ${message}`, (t) => {
    t.is(t.throws(action, { instanceOf: OptionsError, code: 'ERR_OPTIONS' })?.message, message);
  });
}

test('spaces are plain, frozen data', (t) => {
  t.deepEqual(discrete(3), { kind: 'discrete', n: 3 });
  t.deepEqual(multiDiscrete([3, 1]), { kind: 'multi-discrete', sizes: [3, 1] });
  const space = box({ shape: [2, 1], low: -1, high: [0.1, Infinity] });
  t.deepEqual(space, { kind: 'box', shape: [2, 1], low: Float32Array.of(-1, -1), high: Float32Array.of(0.1, Infinity) });
  t.deepEqual(box({ shape: [2] }).low, Float32Array.of(-Infinity, -Infinity));
  t.true([space, space.shape, multiDiscrete([2]).sizes].every(Object.isFrozen));
});
