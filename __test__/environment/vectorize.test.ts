import test from 'ava';
import { discrete, type Environment, Random, type ResetContext, type Step, vectorize } from 'innate';
import { Corridor, episodes, type Seen, SlowCorridor, snapshot } from './support/corridor.js';

const SIZE = 5;
const STEPS = 150;
const byRow = (row: number, episode: number): number => (row + episode) % 2;

/** Plays random allowed actions, and returns all that was said, and which episodes were begun when. */
async function played(factory: (index: number) => Environment) {
  const vector = await vectorize(factory, { size: SIZE });
  const { next } = episodes(SIZE, byRow);
  const begun: number[] = [];
  const random = new Random(9);
  const actions = new Int32Array(SIZE);
  await vector.reset((row) => {
    begun.push(row);
    return next(row);
  });
  const seen = [snapshot(vector)];
  for (let step = 0; step < STEPS; step += 1) {
    for (let row = 0; row < SIZE; row += 1) {
      const action = random.int(4);
      actions[row] = vector.actionMask?.[4 * row + action] === 1 ? action : 0;
    }
    await vector.step(actions);
    seen.push(snapshot(vector));
  }
  await vector.close?.();
  return { seen, begun };
}

test('each row is what its environment does by itself, with the next episode begun in the same step', async (t) => {
  const { seen } = await played(() => new Corridor());
  let ends = 0;
  for (let row = 0; row < SIZE; row += 1) {
    const alone = new Corridor();
    const { next } = episodes(SIZE, byRow);
    const random = new Random(9);
    const look = (observation: Seen, at: number): void => {
      t.deepEqual(seen[at]?.dense.slice(2 * row, 2 * row + 2), Array.from(observation.place));
      t.is(seen[at]?.ids[row], observation.door);
      t.deepEqual(seen[at]?.mask?.slice(4 * row, 4 * row + 4), alone.actionMask());
    };
    look(alone.reset(next(row)), 0);
    for (let at = 1; at <= STEPS; at += 1) {
      const before = alone.actionMask();
      const drawn = Array.from({ length: SIZE }, () => random.int(4))[row] ?? 0;
      const { observation, reward, terminated, truncated } = alone.step(before[drawn] === 1 ? drawn : 0);
      t.is(seen[at]?.rewards[row], Math.fround(reward));
      t.is(seen[at]?.terminated[row], Number(terminated));
      t.is(seen[at]?.truncated[row], Number(truncated));
      if (!(terminated || truncated)) {
        look(observation, at);
        continue;
      }
      ends += 1;
      const nth = [...Array(row).keys()].filter(
        (other) => (seen[at]?.terminated[other] ?? 0) + (seen[at]?.truncated[other] ?? 0) > 0,
      ).length;
      t.deepEqual(seen[at]?.finalDense.slice(2 * nth, 2 * nth + 2), Array.from(observation.place));
      t.is(seen[at]?.finalIds[nth], observation.door);
      t.is(seen[at]?.successes[nth], Number(terminated));
      look(alone.reset(next(row)), at);
    }
  }
  t.true(ends > 20);
});

test('delays of any length and order change nothing, nor the order in which episodes are begun', async (t) => {
  const expected = await played(() => new Corridor());
  const random = new Random(2);
  for (const delay of [() => 0, () => random.int(3), () => (random.int(4) === 0 ? 4 : 0)]) {
    t.deepEqual(await played(() => new SlowCorridor(delay)), expected);
  }
  t.deepEqual(await played((index) => (index % 2 === 0 ? new Corridor() : new SlowCorridor(() => random.int(3)))), expected);
});

test('asynchronous environments are all started before one is awaited', async (t) => {
  let under = 0;
  let most = 0;
  const environment = (): Environment => ({
    observationSpace: discrete(1),
    actionSpace: discrete(1),
    reset: () => 0,
    step: async () => {
      under += 1;
      most = Math.max(most, under);
      await Promise.resolve();
      under -= 1;
      return { observation: 0, reward: 0, terminated: false, truncated: false };
    },
  });
  const vector = await vectorize(environment, { size: 8 });
  t.is(vector.reset(episodes(8).next), undefined);
  await vector.step(new Int32Array(8));
  t.is(most, 8);
});

test('synchronous environments are stepped without a promise', async (t) => {
  const vector = await vectorize(() => new Corridor(), { size: 3 });
  t.is(vector.reset(episodes(3).next), undefined);
  for (let step = 0; step < 60; step += 1) {
    t.is(vector.step(new Int32Array(3)), undefined);
  }
});

test('a reset while episodes are under way begins all anew', async (t) => {
  const vector = await vectorize(() => new Corridor(), { size: 3 });
  const { next, counts } = episodes(3);
  await vector.reset(next);
  await vector.step(new Int32Array(3));
  await vector.reset(next);
  t.deepEqual(counts, [2, 2, 2]);
  t.deepEqual(Array.from(vector.rewards), [0, 0, 0]);
  t.true([0, 1, 2].every((row) => vector.dense[2 * row + 1] === 0));
});

test('masks: of the step, of the method, of neither', async (t) => {
  const given: (readonly (boolean | number)[] | undefined)[] = [[true, false, true], undefined, [0, 1, 0]];
  let at = 0;
  const plain = (): Environment<number, number> => ({
    observationSpace: discrete(1),
    actionSpace: discrete(3),
    reset: () => 0,
    step: (): Step<number> => {
      const actionMask = given[at];
      at += 1;
      return { observation: 0, reward: 0, terminated: at === 4, truncated: false, actionMask };
    },
  });
  for (const [method, otherwise] of [
    [undefined, [1, 1, 1]],
    [() => [0, 1, 1], [0, 1, 1]],
  ] as const) {
    at = 0;
    const vector = await vectorize(() => ({ ...plain(), ...(method === undefined ? {} : { actionMask: method }) }), { size: 1 });
    t.true(vector.masked);
    await vector.reset(episodes(1).next);
    const seen = [Array.from(vector.actionMask ?? [])];
    for (const action of [1, 2, 2, 1]) {
      await vector.step(Int32Array.of(action));
      seen.push(Array.from(vector.actionMask ?? []));
    }
    t.deepEqual(seen, [otherwise, [1, 0, 1], otherwise, [0, 1, 0], otherwise]);
  }
  const vector = await vectorize(() => ({ ...plain(), masked: false }), { size: 1 });
  t.deepEqual([vector.masked, vector.actionMask], [false, undefined]);
});

test('what an environment says of itself', async (t) => {
  const vector = await vectorize(() => Object.assign(new Corridor(), { algorithmOptions: { gamma: 0.9 } }), { size: 2 });
  t.deepEqual(vector.stages, ['near', 'far']);
  t.is(vector.actionCount, 4);
  t.deepEqual(vector.algorithmOptions, { gamma: 0.9 });
  t.deepEqual(vector.layout.discrete, [3]);
  const contexts: number[] = [];
  const unnamed = {
    observationSpace: discrete(1),
    actionSpace: discrete(1),
    reset: ({ stage }: ResetContext) => {
      contexts.push(stage);
      return 0;
    },
    step: () => ({ observation: 0, reward: 0, terminated: true, truncated: false }),
  };
  const other = await vectorize(() => unnamed, { size: 1 });
  t.deepEqual(other.stages, ['default']);
  await other.reset(episodes(1).next);
  await other.step(Int32Array.of(0));
  t.deepEqual(contexts, [0, 0]);
  t.is(other.successes[0], 255, 'not said');
});

test('close is called once for each', async (t) => {
  const made: Corridor[] = [];
  const make = (): Corridor => {
    const corridor = new Corridor();
    made.push(corridor);
    return corridor;
  };
  const vector = await vectorize(make, { size: 3 });
  await vector.close?.();
  await vector.close?.();
  t.deepEqual(
    made.map(({ closed }) => closed),
    [1, 1, 1],
  );
  t.throws(() => vector.step(new Int32Array(3)), { code: 'ERR_CLOSED' });
  t.throws(() => vector.reset(episodes(3).next), { code: 'ERR_CLOSED' });
});
