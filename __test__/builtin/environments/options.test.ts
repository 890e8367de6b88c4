import test from 'ava';
import { autoencode } from '#dist/builtin/autoencode/autoencode.js';
import { cartPole } from '#dist/builtin/cart-pole/cart-pole.js';
import { cartPoleVector } from '#dist/builtin/cart-pole/cart-pole-vector.js';
import { countRecall } from '#dist/builtin/count-recall/count-recall.js';
import { guessNumber } from '#dist/builtin/guess-number/guess-number.js';
import { memoryLen, memoryLenLengths, memorySize, memorySizeBits } from '#dist/builtin/memory-chain/memory-chain.js';
import { multiarmedBandit } from '#dist/builtin/multiarmed-bandit/multiarmed-bandit.js';
import { parity } from '#dist/builtin/parity/parity.js';
import { passiveTMaze } from '#dist/builtin/passive-t-maze/passive-t-maze.js';
import { repeatFirst } from '#dist/builtin/repeat-first/repeat-first.js';
import { repeatPrevious } from '#dist/builtin/repeat-previous/repeat-previous.js';
import { OptionsError } from '#dist/errors/options-error.js';

/** Each must be refused, naming these paths. */
const WRONG: readonly (readonly [what: string, make: (options: never) => unknown, options: unknown, paths: readonly string[]])[] = [
  ['cartPole', cartPole, { observation: 'some' }, ['observation']],
  ['cartPole', cartPole, { limit: 0 }, ['limit']],
  ['cartPole', cartPole, { limit: 1.5, observation: 'noisy', noiseSigma: -1 }, ['limit', 'noiseSigma']],
  ['cartPole', cartPole, { noiseSigma: 0.1 }, ['noiseSigma']],
  ['cartPole', cartPole, { observation: 'noisy', flickerProbability: 0.1 }, ['flickerProbability']],
  ['cartPole', cartPole, { observation: 'noisy', noiseSigma: Number.POSITIVE_INFINITY }, ['noiseSigma']],
  ['cartPole', cartPole, { observation: 'flickering', flickerProbability: 1.1 }, ['flickerProbability']],
  ['cartPole', cartPole, 500, ['options']],
  ['cartPoleVector', (options: never) => cartPoleVector(2, options), { limits: 1 }, ['limits']],
  ['cartPoleVector', cartPoleVector as (size: never) => unknown, 0, ['size']],
  ['cartPoleVector', cartPoleVector as (size: never) => unknown, '16', ['size']],
  ['repeatFirst', repeatFirst, { decks: 0, difficulty: 'none' }, ['difficulty', 'decks']],
  ['repeatFirst', repeatFirst, { deck: 1 }, ['deck']],
  ['repeatPrevious', repeatPrevious, { k: 52 }, ['k']],
  ['repeatPrevious', repeatPrevious, { k: 0, decks: 2000 }, ['decks', 'k']],
  ['countRecall', countRecall, { decks: 0, kind: 'cards' }, ['decks', 'kind']],
  ['countRecall', countRecall, { kinds: 2 }, ['kinds']],
  ['autoencode', autoencode, { decks: 1.5, difficulty: 'none' }, ['difficulty', 'decks']],
  ['multiarmedBandit', multiarmedBandit, { arms: 0, steps: 0 }, ['arms', 'steps']],
  ['multiarmedBandit', multiarmedBandit, { arms: 4097 }, ['arms']],
  ['memoryLen', memoryLen, { length: 0 }, ['length']],
  ['memoryLen', memoryLen, { bits: 2 }, ['bits']],
  ['memorySize', memorySize, { bits: 0 }, ['bits']],
  ['passiveTMaze', passiveTMaze, { length: '5' }, ['length']],
  ['guessNumber', guessNumber, { numbers: 1, tries: 0 }, ['numbers', 'tries']],
  ['guessNumber', guessNumber, { max: 7 }, ['max']],
  ['parity', parity, { maxBits: 0 }, ['maxBits']],
  ['parity', parity, { length: 64, maxBits: 16 }, ['maxBits']],
];

for (const [what, make, options, paths] of WRONG) {
  test(`${what} refuses ${JSON.stringify(options)}`, (t) => {
    const error = t.throws(() => make(options as never), { instanceOf: OptionsError });
    t.deepEqual(
      error?.issues.map(({ path }) => path),
      paths,
    );
    t.true(error?.issues.every(({ remedy }) => remedy !== undefined));
  });
}

test('an option of another kind of observation does not compile', (t) => {
  // @ts-expect-error -- noise belongs to 'noisy'
  t.throws(() => cartPole({ observation: 'position', noiseSigma: 0.1 }));
  // @ts-expect-error -- flickering belongs to 'flickering'
  t.throws(() => cartPole({ flickerProbability: 0.1 }));
  const observation: readonly number[] = cartPole().reset.length === 1 ? [0] : [];
  const suit: ReturnType<ReturnType<typeof repeatFirst>['reset']> = 3;
  t.deepEqual([observation, suit], [[0], 3]);
});

test('undefined options are those by default', (t) => {
  t.deepEqual(cartPole({ observation: undefined, limit: undefined }).observationSpace, cartPole().observationSpace);
  t.is(guessNumber({ numbers: undefined, tries: undefined }).actionSpace.n, 7);
  t.is(multiarmedBandit({ difficulty: 'hard', steps: 5 }).actionSpace.n, 30);
  t.is(countRecall({ difficulty: 'hard', kind: 'colors' }).actionSpace.n, 104);
  t.is(countRecall({ decks: 1, kind: 'ranks' }).actionSpace.n, 4);
  t.is(multiarmedBandit({ difficulty: 'hard', arms: 5 }).actionSpace.n, 5);
});

test('the sweeps are bsuite’s, and every setting can be made', (t) => {
  t.is(memoryLenLengths.length, 23);
  t.is(memorySizeBits.length, 17);
  t.deepEqual(
    memoryLenLengths.map((length) => memoryLen({ length }).actionSpace.n),
    new Array(23).fill(2),
  );
  t.deepEqual(
    memorySizeBits.map((bits) => JSON.stringify(memorySize({ bits }).observationSpace).length > 0),
    new Array(17).fill(true),
  );
});
