import test from 'ava';
import { cartPole } from '#dist/builtin/cart-pole/cart-pole.js';
import { cartPoleVector } from '#dist/builtin/cart-pole/cart-pole-vector.js';
import type { CartPoleOptions } from '#dist/builtin/cart-pole/options.js';
import { episodeRandom } from '#dist/environment/episode-random.js';
import type { VectorEnvironment } from '#dist/environment/vector-environment.js';
import { vectorize } from '#dist/environment/vectorize.js';
import { InputError } from '#dist/errors/input-error.js';
import { Random } from '#dist/util/random.js';

const SIZE = 7;

const KINDS: readonly CartPoleOptions[] = [
  {},
  { limit: 17 },
  { observation: 'position', limit: 20 },
  { observation: 'noisy', noiseSigma: 0.2 },
  { observation: 'flickering', limit: 25 },
];

/** Streams by row and episode, and in which order they were asked for. */
function streams(): { next: (row: number) => { random: Random; stage: number }; asked: number[] } {
  const episodes = new Int32Array(SIZE);
  const asked: number[] = [];
  const next = (row: number) => {
    const episode = episodes[row] ?? 0;
    episodes[row] = episode + 1;
    asked.push(row);
    return { random: episodeRandom(1, 9, row, episode), stage: 0 };
  };
  return { next, asked };
}

/** Copies of all that means something: final observations and successes of the rows that ended alone. */
function snapshot(environment: VectorEnvironment): unknown {
  const { size, layout, rewards, terminated, truncated, dense, discrete, finalDense, successes } = environment;
  const ended = Array.from({ length: size }, (_, row) => row).filter((row) => terminated[row] === 1 || truncated[row] === 1);
  const finals = ended.map((row) => [successes[row], finalDense.slice(row * layout.dense, (row + 1) * layout.dense)]);
  return structuredClone({ rewards, terminated, truncated, dense, discrete, finals });
}

for (const options of KINDS) {
  test(`cartPoleVector gives the bytes of environments of their own: ${JSON.stringify(options)}`, async (t) => {
    const vector = cartPoleVector(SIZE, options);
    const rows = await vectorize(() => cartPole(options), { size: SIZE });
    const checked = await vectorize((_, size) => cartPoleVector(size, options), { size: SIZE });
    const shapeOf = ({ size, layout, actionCount, stages }: VectorEnvironment) => ({ size, layout, actionCount, stages });
    t.deepEqual(shapeOf(vector), shapeOf(rows));
    t.false(vector.masked);
    const [one, two, three] = [streams(), streams(), streams()];
    vector.reset(one.next);
    await rows.reset(two.next);
    await checked.reset(three.next);
    t.deepEqual(vector.dense, rows.dense);
    const random = new Random(2);
    const actions = new Int32Array(SIZE);
    let ends = 0;
    for (let step = 0; step < 500; step += 1) {
      for (let row = 0; row < SIZE; row += 1) {
        actions[row] = random.int(2);
      }
      vector.step(actions);
      await rows.step(actions);
      await checked.step(actions);
      const expected = snapshot(rows);
      t.deepEqual(snapshot(vector), expected);
      t.deepEqual(snapshot(checked), expected);
      t.true(rows.actionMask === undefined || rows.actionMask.every((allowed) => allowed === 1));
      ends += vector.terminated.filter((end) => end === 1).length + vector.truncated.filter((end) => end === 1).length;
    }
    t.true(ends > 20 * SIZE);
    t.deepEqual(one.asked, two.asked);
    t.is(one.asked.length, SIZE + ends);
  });
}

test('cartPoleVector begins anew when it is reset', (t) => {
  const vector = cartPoleVector(SIZE);
  vector.reset(streams().next);
  const first = snapshot(vector);
  for (let step = 0; step < 40; step += 1) {
    vector.step(new Int32Array(SIZE));
  }
  t.notDeepEqual(snapshot(vector), first);
  vector.reset(streams().next);
  t.deepEqual(snapshot(vector), first);
});

test('cartPoleVector refuses a step before reset, and actions that are none, of which it takes none', (t) => {
  const vector = cartPoleVector(2);
  t.throws(() => vector.step(Int32Array.of(0, 1)), { instanceOf: InputError, message: /^step: .*reset/ });
  vector.reset(streams().next);
  const before = snapshot(vector);
  for (const actions of [Int32Array.of(0), Int32Array.of(0, 1, 0), Int32Array.of(0, 2), Int32Array.of(-1, 0)]) {
    t.throws(() => vector.step(actions), { instanceOf: InputError, message: /^actions: / });
  }
  t.deepEqual(snapshot(vector), before);
});
