import test from 'ava';
import fc from 'fast-check';
import { InputError } from '#dist/errors/input-error.js';
import { Random, type RandomState, STREAMS } from '#dist/util/random.js';

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.uint32());

/** From the authors' C program (xoshiro128starstar.c). */
const vectors: readonly { readonly state: RandomState; readonly outputs: readonly number[] }[] = [
  {
    state: [1, 2, 3, 4],
    outputs: [11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804],
  },
  {
    state: [0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 0xdead_beef],
    outputs: [576, 0, 3132615403, 2244191479, 2810454425, 3998506871, 2272547814, 4146359208, 2059865046, 586816518],
  },
];

test("xoshiro128**: the authors' numbers, and their state after a million", (t) => {
  const random = new Random(0);
  for (const { state, outputs } of vectors) {
    random.setState(state);
    t.deepEqual(draw(random, outputs.length), outputs);
  }
  random.setState([1, 2, 3, 4]);
  for (let i = 0; i < 1_000_000; i += 1) {
    random.uint32();
  }
  t.deepEqual(random.getState(), [2928258933, 4119544218, 1001204686, 2576016786]);
});

test('the state of a small seed stays what it was', (t) => {
  const states: readonly (readonly [number, number, RandomState])[] = [
    [0, 0, [1684164658, 3653269916, 2939563536, 2141751571]],
    [1, 1, [2282239644, 524905792, 1250031333, 1927648027]],
    [65535, 7, [2831720919, 3714453607, 392825463, 2988453871]],
  ];
  for (const [seed, stream, state] of states) {
    t.deepEqual(new Random(seed, stream).getState(), state);
  }
});

test('no two pairs of seed and stream share a state', (t) => {
  const parts = [0, 1, 2, 7, 8, 9, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xc2b2_ae35, 0x85eb_ca6b];
  const seeds = new Set([...parts, ...parts.flatMap((low) => [1, 2, 31, 2 ** 16, 2 ** 21 - 1].map((high) => high * 2 ** 32 + low))]);
  const states = new Set<string>();
  for (const seed of seeds) {
    for (const stream of parts) {
      states.add(String(new Random(seed, stream).getState()));
    }
  }
  t.is(states.size, seeds.size * parts.length);
});

test('seeds and streams that the first 32 bits would fold', (t) => {
  const state = (seed: number, stream?: number): string => String(new Random(seed, stream).getState());
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), (seed, stream, other) => {
      // Another seed, for which the sum of SplitMix is the same.
      const twist = (Math.imul(stream, 0xc2b2_ae35) ^ Math.imul(other, 0xc2b2_ae35)) >>> 0;
      const high = Math.floor(seed / 2 ** 32);
      const twin = high * 2 ** 32 + ((seed ^ twist) >>> 0);
      return stream === other || (state(seed, stream) !== state(twin, other) && state(seed, stream) !== state(seed, other));
    }),
    { numRuns: 2000 },
  );
  // Pairs with the same x, as found by search: apart by bits 16 to 47 of the seed, by those above, and by the stream above 7.
  t.not(state(2 ** 32), state(0x85eb_ca6b));
  t.not(state(1, 1), state(0xc2b2_ae34));
  t.not(state(4 * 2 ** 48, 152), state(3 * 2 ** 48 + 23955, 159));
  t.not(state(0, 0x7ed1_b41d), state(1, 0));
  t.not(state(Number.MAX_SAFE_INTEGER), state(Number.MAX_SAFE_INTEGER - 1));
});

test('each use has a stream of its own, and 0 is left to the caller', (t) => {
  const streams = Object.values(STREAMS);
  t.is(new Set(streams).size, streams.length);
  t.false((streams as number[]).includes(0));
  t.deepEqual(
    STREAMS,
    {
      ...{ training: 1, evaluation: 2, onDemand: 3, explanation: 4, minibatches: 5, replay: 6, environmentCheck: 7, taskCheck: 8 },
      ...{
        bootstrap: 2 ** 32 - 1,
        measuredPrograms: 2 ** 32 - 2,
        diagnosis: 2 ** 32 - 3,
        contextOrder: 2 ** 32 - 4,
        imitation: 2 ** 32 - 5,
        search: 2 ** 32 - 6,
      },
    },
    'numbers repeat in later versions',
  );
  const after = streams.filter((stream) => stream > STREAMS.taskCheck);
  t.true(Math.min(...after) > 2 ** 31, 'the streams after it belong to later stages');
});

const refused = [-1, 0.5, NaN, Infinity, 2 ** 53, '3', 3n, null] as readonly unknown[] as number[];

test('refuses a seed, a stream and a bound that are none, with path and remedy', (t) => {
  const random = new Random(1);
  const before = random.getState();
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['seed', () => new Random(undefined as unknown as number)],
    ['stream', () => new Random(0, 2 ** 32)],
    ['bound', () => random.int(undefined as unknown as number)],
    ['bound', () => random.int(0)],
    ['bound', () => random.int(1.5)],
    ['bound', () => random.int(2 ** 32 + 1)],
    ...refused.flatMap((bad): [string, () => unknown][] => [
      ['seed', () => new Random(bad)],
      ['stream', () => new Random(0, bad)],
      ['bound', () => random.int(bad)],
    ]),
  ];
  for (const [path, action] of cases) {
    const error = t.throws(action, { instanceOf: InputError, code: 'ERR_INPUT' });
    t.is(error?.path, path, error?.message);
    t.regex(error?.remedy ?? '', /^Pass an integer from [01] to \d+\.$/);
  }
  t.deepEqual(random.getState(), before, 'nothing was drawn');
});

test('refuses a state that is none, and keeps its own', (t) => {
  const random = new Random(1);
  const before = random.getState();
  const cases: readonly (readonly [string, unknown])[] = [
    ['state', undefined],
    ['state', [1, 2, 3]],
    ['state', [1, 2, 3, 4, 5]],
    ['state', { 0: 1, 1: 2, 2: 3, 3: 4, length: 4 }],
    ['state', [0, 0, 0, 0]],
    ['state', [-0, 0, 0, 0]],
    ['state[1]', [1, -1, 3, 4]],
    ['state[3]', [1, 2, 3, NaN]],
    ['state[2]', [1, 2, 2 ** 32, 4]],
    ['state[0]', ['1', 2, 3, 4]],
    // biome-ignore lint/suspicious/noSparseArray: what a broken file may give
    ['state[1]', [1, , 3, 4]],
  ];
  for (const [path, state] of cases) {
    const error = t.throws(() => random.setState(state as RandomState), { instanceOf: InputError });
    t.is(error?.path, path, error?.message);
    t.truthy(error?.remedy);
  }
  t.deepEqual(random.getState(), before);
});

test('a state survives JSON, and goes on with the same numbers', (t) => {
  const random = new Random(5, 3);
  draw(random, 10);
  const saved = JSON.parse(JSON.stringify(random.getState())) as RandomState;
  const expected = draw(random, 10);
  const other = new Random(0);
  other.setState(saved);
  t.deepEqual(draw(other, 10), expected);
});

test('integers are uniform below every bound, and draw nothing for 1', (t) => {
  const random = new Random(11);
  for (const bound of [2, 3, 5, 6, 7, 10, 17]) {
    const counts = new Array<number>(bound).fill(0);
    const draws = 20_000 * bound;
    for (let i = 0; i < draws; i += 1) {
      const drawn = random.int(bound);
      counts[drawn] = (counts[drawn] ?? NaN) + 1;
    }
    // Five standard deviations of a count whose mean is 20 000.
    t.true(
      counts.every((count) => Math.abs(count - 20_000) < 5 * Math.sqrt(20_000)),
      String(counts),
    );
  }
  const before = random.getState();
  t.is(random.int(1), 0);
  t.deepEqual(random.getState(), before);
  const [a, b] = [new Random(3), new Random(3)];
  t.deepEqual([a.int(2 ** 32), a.int(2 ** 32)], [b.uint32(), b.uint32()]);
  for (let i = 0; i < 1000; i += 1) {
    t.true(random.float() < 1 && random.int(2 ** 31 + 1) <= 2 ** 31);
  }
});
