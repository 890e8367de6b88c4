import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { EnvironmentError, vectorize } from 'innate';
import { episodes } from './support/corridor.js';
import { Counters } from './support/counters.js';

test("a user's own vector is passed through", async (t) => {
  const calls: number[][] = [];
  let inner: Counters | undefined;
  const vector = await vectorize(
    (index, size) => {
      calls.push([index, size]);
      inner = new Counters(size);
      return inner;
    },
    { size: 4 },
  );
  const { next, counts } = episodes(4);
  t.is(vector.reset(next), undefined);
  for (let step = 0; step < 3; step += 1) {
    t.is(vector.step(Int32Array.of(1, 0, 1, 0)), undefined);
  }
  t.deepEqual(calls, [[0, 4]]);
  t.true(inner !== undefined && vector.dense === inner.dense);
  t.deepEqual(Array.from(vector.terminated), [1, 0, 1, 0]);
  t.deepEqual(counts, [2, 1, 2, 1]);
  await vector.close?.();
  await vector.close?.();
  t.is(inner?.closed, 1);
  t.throws(() => vector.step(new Int32Array(4)), { code: 'ERR_CLOSED' });
});

type Write = (vector: Counters) => void;

/** Two good steps with an end in row 1, and a third after which something is written that is wrong. */
const third =
  (write: Write, early = false) =>
  async (): Promise<void> => {
    class Wrong extends Counters {
      #steps = 0;
      override reset(next: Parameters<Counters['reset']>[0]): void {
        void super.reset(next);
        if (early) {
          write(this);
        }
      }
      override step(actions: Int32Array): void {
        void super.step(actions);
        this.#steps += 1;
        if (this.#steps === 4) {
          write(this);
        }
      }
    }
    const vector = await vectorize((_, size) => new Wrong(size), { size: 2 });
    await vector.reset(episodes(2).next);
    for (let step = 0; step < 4; step += 1) {
      await vector.step(Int32Array.of(0, 1));
    }
  };

const AT = 'at environment 1, episode 1, step 1: ';
const FINITE = 'Give a finite number that fits 32 bits.';
const STEPS: readonly (readonly [string, Write])[] = [
  [`environment.rewards: ${AT}is NaN. Give every step a finite reward that fits 32 bits.`, ({ rewards }) => rewards.fill(Number.NaN, 1)],
  [
    `environment.rewards: ${AT}is -Infinity. Give every step a finite reward that fits 32 bits.`,
    ({ rewards }) => rewards.fill(-Infinity, 1),
  ],
  [`environment.dense: ${AT}is NaN at number 0. ${FINITE}`, ({ dense }) => dense.fill(Number.NaN, 1)],
  [`environment.dense: ${AT}is Infinity at number 0. ${FINITE}`, ({ dense }) => dense.fill(Infinity, 1)],
  [`environment.dense: ${AT}is 4 at number 0. Keep it within 0 and 3, or widen the layout.`, ({ dense }) => dense.fill(4, 1)],
  [`environment.discrete: ${AT}is 2 at id 0. Use ids from 0 to 1.`, ({ discrete }) => discrete.fill(2, 1)],
  [`environment.discrete: ${AT}is -1 at id 0. Use ids from 0 to 1.`, ({ discrete }) => discrete.fill(-1, 1)],
  [`environment.terminated: ${AT}is 2. Write 0 or 1.`, ({ terminated }) => terminated.fill(2, 1)],
  [`environment.truncated: ${AT}is 3. Write 0 or 1.`, ({ truncated }) => truncated.fill(3, 1)],
  [
    `environment.successes: ${AT}is 7. Write 0, 1, or 255 where it is not said.`,
    ({ truncated, successes }) => {
      truncated.fill(1, 1);
      successes.fill(7, 1);
    },
  ],
  [
    `environment.finalDense: ${AT}is NaN at number 0. ${FINITE}`,
    ({ truncated, finalDense }) => {
      truncated.fill(1, 1);
      finalDense.fill(Number.NaN, 1);
    },
  ],
  [
    `environment.actionMask: ${AT}forbids every action. Allow at least one; end the episode where there is nothing left to do.`,
    ({ actionMask }) => actionMask?.fill(0, 2),
  ],
  [`environment.actionMask: ${AT}has an entry above 1. Write 0 or 1.`, ({ actionMask }) => actionMask?.fill(2, 3)],
];

for (const [index, [message, write]] of STEPS.entries()) {
  test(`(${index}) ${message}`, async (t) => {
    const error = await t.throwsAsync(third(write), { instanceOf: EnvironmentError });
    t.is(error?.message, message);
    t.deepEqual([error?.environment, error?.episode, error?.step], [1, 1, 1]);
  });
}

test('the first observation is looked at too, and arrays are made once', async (t) => {
  const first = await t.throwsAsync(
    third(({ dense }) => dense.fill(-1), true),
    { instanceOf: EnvironmentError },
  );
  t.deepEqual([first?.path, first?.environment, first?.episode, first?.step], ['environment.dense', 0, 0, 0]);
  const replaced = await t.throwsAsync(
    third((vector) => {
      vector.dense = vector.dense.slice();
    }),
    { instanceOf: EnvironmentError },
  );
  t.is(replaced?.message, 'environment.step: put an object (Float32Array) in place of dense. Make each array once, and write into it.');
});

const REMEDY = 'Make as many rows as the second argument of the factory says.';
const SHAPES: readonly (readonly [string, object])[] = [
  [`environment.size: is 3, and 2 were asked for. ${REMEDY}`, { size: 3 }],
  ['environment.step: is not a function. Implement the interface VectorEnvironment.', { step: 1 }],
  ['environment.close: is not a function. Leave it out, or give a function.', { close: 1 }],
  ['environment.masked: is undefined. Use true or false.', { masked: undefined }],
  ['environment.stages: must be names, each of its own, got undefined. Give at least one name, each different.', { stages: undefined }],
  [
    'environment.actionCount: must be an integer of at least 1 and at most 1048576, got 0. Say how many actions there are.',
    { actionCount: 0 },
  ],
  ['environment.layout: is undefined. Make it with layoutOf.', { layout: undefined }],
  ['environment.layout.low: is undefined. Make it a Float32Array of 1.', { layout: { dense: 1, discrete: [2], high: Float32Array.of(1) } }],
  ['environment.dense: has 3 entries. Make it a Float32Array of 2 × 1, once.', { dense: new Float32Array(3) }],
  ['environment.discrete: is an array of 2. Make it a Int32Array of 2 × 1, once.', { discrete: [0, 0] }],
  ['environment.rewards: is an object (Float64Array). Make it a Float32Array of 2 × 1, once.', { rewards: new Float64Array(2) }],
  ['environment.actionMask: is undefined. Make it a Uint8Array of 2 × 2, once.', { actionMask: undefined }],
  ['environment.actionMask: is there, though masked is false. Leave it undefined, or set masked to true.', { masked: false }],
];

for (const [index, [message, changes]] of SHAPES.entries()) {
  test(`shape (${index}) ${message}`, async (t) => {
    let counters: Counters | undefined;
    const make = (): Counters => {
      counters = new Counters(2);
      return Object.assign(counters, changes);
    };
    const error = await t.throwsAsync(vectorize(make, { size: 2 }), { instanceOf: EnvironmentError });
    t.is(error?.message, message);
    t.is(counters?.closed, 'close' in changes ? 0 : 1, 'closed');
  });
}

test('asynchronous vectors: awaited, within a time', async (t) => {
  class Slow extends Counters {
    override async reset(next: Parameters<Counters['reset']>[0]): Promise<void> {
      await sleep(1);
      await super.reset(next);
    }
    override async step(actions: Int32Array): Promise<void> {
      await sleep(actions[0] === 0 ? 1 : 10_000, undefined, { ref: false });
      await super.step(actions);
    }
  }
  const vector = await vectorize((_, size) => new Slow(size), { size: 2, stepTimeout: 50 });
  t.throws(() => vector.step(new Int32Array(2)), { message: /was called before reset/ });
  await vector.reset(episodes(2).next);
  const first = vector.step(Int32Array.of(0, 1));
  t.throws(() => vector.step(new Int32Array(2)), { message: /was called while a step is under way/ });
  await first;
  t.deepEqual(Array.from(vector.dense), [0, 1]);
  const error = await t.throwsAsync(async () => vector.step(Int32Array.of(1, 0)), { instanceOf: EnvironmentError });
  t.is(error?.message, 'environment.step: did not settle within 50 ms. Settle the promise in any case, or raise stepTimeout.');
});

test('what a vector throws', async (t) => {
  const reason = new Error('no');
  class Thrower extends Counters {
    override step(): void {
      throw reason;
    }
  }
  const vector = await vectorize((_, size) => new Thrower(size), { size: 2 });
  await vector.reset(episodes(2).next);
  const error = t.throws(() => vector.step(new Int32Array(2)), { instanceOf: EnvironmentError });
  t.deepEqual([error?.path, error?.cause], ['environment.step', reason]);
});
