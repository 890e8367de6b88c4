import test from 'ava';
import { cartPole, cartPoleVector } from 'innate/environments';
import { delayed, digestOfThree } from '../support/train-in-environments.js';

test.serial('same seed, same bytes after three iterations of PPO, with 1, 2, 3 and 8 threads', async (t) => {
  // Minibatches of more rows than a chunk has, and of fewer.
  for (const sizes of [{ envCount: 160, rolloutSteps: 8, minibatches: 2 }, { envCount: 16 }]) {
    const first = await digestOfThree({ ...sizes, seed: 5, threads: 1 });
    for (const threads of [1, 2, 3, 8]) {
      t.is(await digestOfThree({ ...sizes, seed: 5, threads }), first, `${threads} threads, ${sizes.envCount} rows`);
    }
    t.not(await digestOfThree({ ...sizes, seed: 6, threads: 1 }), first, 'another seed, other bytes');
  }
});

test.serial(
  'same bytes from synchronous environments, from asynchronous ones that answer in any order, and from typed arrays',
  async (t) => {
    const first = await digestOfThree({ environment: () => cartPole(), seed: 7 });
    t.is(await digestOfThree({ environment: delayed(), seed: 7 }), first, 'asynchronous');
    t.is(await digestOfThree({ environment: (_: number, size: number) => cartPoleVector(size), seed: 7 }), first, 'typed arrays');
  },
);
