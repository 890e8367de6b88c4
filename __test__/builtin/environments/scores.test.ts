import test, { type ExecutionContext } from 'ava';
import { autoencode } from '#dist/builtin/autoencode/autoencode.js';
import { cartPole } from '#dist/builtin/cart-pole/cart-pole.js';
import { countRecall } from '#dist/builtin/count-recall/count-recall.js';
import { guessNumber } from '#dist/builtin/guess-number/guess-number.js';
import { knownScores } from '#dist/builtin/known-scores.js';
import { memoryLen, memorySize } from '#dist/builtin/memory-chain/memory-chain.js';
import { beginMultiarmedBandit, multiarmedBandit } from '#dist/builtin/multiarmed-bandit/multiarmed-bandit.js';
import { parity } from '#dist/builtin/parity/parity.js';
import { passiveTMaze } from '#dist/builtin/passive-t-maze/passive-t-maze.js';
import { repeatFirst } from '#dist/builtin/repeat-first/repeat-first.js';
import { repeatPrevious } from '#dist/builtin/repeat-previous/repeat-previous.js';
import type { BuiltInEnvironment } from '#dist/builtin/shared/built-in-environment.js';
import { Random } from '#dist/util/random.js';
import { meanReturn, type Policy, play, playEpisode, randomPolicy } from './support/play.js';

/** Standard errors that a mean may be off: chance alone goes further once in 15,000 times, and seeds are fixed. */
const ERRORS = 4;

const GUESS_AGAIN = 2000;

for (const [name, { create, random, limit }] of Object.entries(knownScores)) {
  test(`${name}: random play scores what is known of it`, (t) => {
    const environment = create() as BuiltInEnvironment<number | readonly number[]>;
    const { mean, error } = meanReturn(environment, limit > 100 ? 400 : GUESS_AGAIN, randomPolicy(environment.actionSpace.n, 1));
    t.true(Math.abs(mean - random) <= ERRORS * error + 1e-5, `${mean} ± ${error}, and ${random} is known`);
    t.true(error < 0.05 * limit);
  });
}

/** Every episode of a policy must score this. */
function alwaysScores<O extends number | readonly number[]>(
  t: ExecutionContext,
  environment: BuiltInEnvironment<O>,
  policy: Policy<O>,
  expected = 1,
): void {
  for (let seed = 0; seed < 50; seed += 1) {
    const { episodeReturn } = play(environment, seed, policy);
    t.true(Math.abs(episodeReturn - expected) < 1e-9, `${episodeReturn}`);
  }
}

test('CartPole: one that balances reaches the limit, which is its success', (t) => {
  const balance: Policy<readonly number[]> = (seen) => {
    const [x = 0, velocity = 0, angle = 0, spin = 0] = seen.at(-1) ?? [];
    return angle + 0.25 * spin + 0.02 * x + 0.05 * velocity > 0 ? 1 : 0;
  };
  alwaysScores(t, cartPole(), balance, 500);
  alwaysScores(t, cartPole({ limit: 77 }), balance, 77);
  const last = play(cartPole(), 1, balance).steps.at(-1);
  t.deepEqual([last?.terminated, last?.truncated, last?.success], [false, true, true]);
  const fallen = play(cartPole(), 1, () => 0).steps.at(-1);
  t.deepEqual([fallen?.terminated, fallen?.truncated, fallen?.success], [true, false, false]);
});

test('CartPole: one that differences positions scores 1 on position-only, and falls under noise', (t) => {
  const balance: Policy<readonly number[]> = (seen) => {
    const [x = 0, angle = 0] = seen.at(-1) ?? [];
    const [earlierX = x, earlierAngle = angle] = seen.at(-2) ?? [];
    return angle + 12.5 * (angle - earlierAngle) + 0.02 * x + 2.5 * (x - earlierX) > 0 ? 1 : 0;
  };
  for (const limit of [200, 400, 600]) {
    alwaysScores(t, cartPole({ observation: 'position', limit }), balance);
  }
  t.true(meanReturn(cartPole({ observation: 'noisy' }), 50, balance).mean < 0.5);
  alwaysScores(t, cartPole({ observation: 'noisy', noiseSigma: 0 }), balance);
});

test('CartPole: every episode starts with four numbers from [−0.05, 0.05), each by itself', (t) => {
  const environment = cartPole();
  const starts = Array.from({ length: 2000 }, (_, seed) => environment.reset({ random: new Random(seed), stage: 0 }));
  for (let i = 0; i < 4; i += 1) {
    const values = starts.map((start) => start[i] ?? Number.NaN);
    t.true(Math.min(...values) >= -0.05 && Math.min(...values) < -0.0495);
    t.true(Math.max(...values) < 0.05 && Math.max(...values) > 0.0495);
    const other = starts.map((start) => start[(i + 1) % 4] ?? Number.NaN);
    const correlation = values.reduce((sum, value, at) => sum + value * (other[at] ?? Number.NaN), 0) / ((2000 * 0.05 ** 2) / 3);
    t.true(Math.abs(correlation) < 0.1, `${correlation}`);
  }
});

test('CartPole: noise has the deviation that was asked for', (t) => {
  const environment = cartPole({ observation: 'noisy', noiseSigma: 0.05, limit: 1 });
  const seen: number[] = [];
  for (let seed = 0; seed < 4000; seed += 1) {
    seen.push(environment.reset({ random: new Random(seed), stage: 0 })[0] ?? Number.NaN);
  }
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  const variance = seen.reduce((sum, value) => sum + value ** 2, 0) / seen.length;
  // The start is uniform in [−0.05, 0.05), of variance 0.05² / 3.
  t.true(Math.abs(variance / (0.05 ** 2 + 0.05 ** 2 / 3) - 1) < 0.1);
  t.true(Math.abs(mean) < 0.005);
});

test('CartPole: the share of observations left out is the one that was asked for', (t) => {
  for (const flickerProbability of [0, 0.5, 0.9, 1]) {
    const environment = cartPole({ observation: 'flickering', flickerProbability });
    let zeros = 0;
    let all = 0;
    for (let seed = 0; seed < 200; seed += 1) {
      const { observations } = play(environment, seed, randomPolicy(2, seed));
      zeros += observations.filter((observation) => observation.every((value) => value === 0)).length;
      all += observations.length;
    }
    t.true(Math.abs(zeros / all - flickerProbability) < 0.03, `${zeros} of ${all}`);
  }
  const { observations, steps } = play(cartPole({ observation: 'flickering', flickerProbability: 0 }), 1, randomPolicy(2, 1));
  t.deepEqual(play(cartPole(), 1, randomPolicy(2, 1)).observations, observations);
  t.true(steps.every(({ reward }) => reward === 1));
});

test('RepeatFirst: naming the first suit scores 1, naming the current one does not', (t) => {
  for (const difficulty of ['easy', 'medium', 'hard'] as const) {
    alwaysScores(t, repeatFirst({ difficulty }), (seen) => seen[0] ?? 0);
  }
  t.true(meanReturn(repeatFirst(), 500, (seen) => seen.at(-1) ?? 0).mean < -0.4);
});

test('RepeatPrevious: naming the suit of k − 1 steps ago scores 1, one step off does not', (t) => {
  for (const [difficulty, k] of [
    ['easy', 4],
    ['medium', 32],
    ['hard', 64],
  ] as const) {
    alwaysScores(t, repeatPrevious({ difficulty }), (seen) => seen.at(-k) ?? 0);
    t.true(meanReturn(repeatPrevious({ difficulty }), 50, (seen) => seen.at(1 - k) ?? 0).mean < -0.4);
  }
  alwaysScores(t, repeatPrevious({ k: 1 }), (seen) => seen.at(-1) ?? 0);
});

test('cards: every suit is dealt as often as it is in the decks, in every order', (t) => {
  const firsts = [0, 0, 0, 0];
  for (let seed = 0; seed < 2000; seed += 1) {
    const { observations } = play(repeatFirst({ decks: 1 }), seed, () => 0);
    t.deepEqual(
      [0, 1, 2, 3].map((suit) => observations.filter((seen) => seen === suit).length),
      [13, 13, 13, 13],
    );
    const first = observations[0] ?? 0;
    firsts[first] = (firsts[first] ?? 0) + 1;
  }
  t.true(
    firsts.every((count) => Math.abs(count - 500) < 4 * Math.sqrt(375)),
    firsts.join(),
  );
});

test('CountRecall: counting scores the best there is, which is short of 1 by the full counts', (t) => {
  for (const name of ['CountRecallEasy', 'CountRecallMedium', 'CountRecallHard'] as const) {
    const { create, best } = knownScores[name];
    const count: Policy<readonly number[]> = (seen) => seen.filter(([value]) => value === seen.at(-1)?.[1]).length;
    const capped: Policy<readonly number[]> = (seen, done) => {
      const right = count(seen, done);
      return right < environment.actionSpace.n ? right : 0;
    };
    const environment = create() as BuiltInEnvironment<readonly number[]>;
    const { mean, error } = meanReturn(environment, 400, capped);
    t.true(Math.abs(mean - best) <= ERRORS * error, `${mean} ± ${error}, and ${best} is known`);
    // One who does not count the card on show is behind.
    const behind: Policy<readonly number[]> = (seen) =>
      seen.slice(0, -1).filter(([value]) => value === seen.at(-1)?.[1]).length % environment.actionSpace.n;
    t.true(meanReturn(environment, 100, behind).mean < best - 0.1);
  }
  t.is(Math.round(1000 * knownScores.CountRecallEasy.best), 962);
  t.is(play(countRecall(), 1, () => 0).steps.length, 51);
});

test('CountRecall: values and queries are dealt apart, each kind as often as it is in the decks', (t) => {
  for (const [kind, kinds] of [
    ['colors', 2],
    ['suits', 4],
    ['ranks', 13],
  ] as const) {
    const { observations } = play(countRecall({ decks: 2, kind }), 1, () => 0);
    for (const place of [0, 1]) {
      const counts = Array.from({ length: kinds }, (_, of) => observations.filter((seen) => seen[place] === of).length);
      t.deepEqual(counts, new Array<number>(kinds).fill(104 / kinds));
    }
    t.true(observations.some(([value, query]) => value !== query));
  }
});

test('Autoencode: naming the suits backwards scores 1, forwards does not', (t) => {
  for (const [difficulty, cards] of [
    ['easy', 52],
    ['medium', 104],
    ['hard', 156],
  ] as const) {
    const backwards: Policy<readonly number[]> = (seen, actions) => seen[2 * cards - 2 - actions.length]?.[1] ?? 0;
    alwaysScores(t, autoencode({ difficulty }), backwards);
    t.is(play(autoencode({ difficulty }), 1, () => 0).steps.length, 2 * cards - 1);
    const forwards: Policy<readonly number[]> = (seen, actions) => seen[Math.max(0, actions.length - cards + 1)]?.[1] ?? 0;
    t.true(meanReturn(autoencode({ difficulty }), 50, forwards).mean < -0.4);
  }
  const { steps } = play(autoencode(), 1, () => 0);
  t.true(steps.slice(0, 51).every(({ reward }) => reward === 0));
  t.true(steps.slice(51).every(({ reward }) => Math.abs(reward) === 1 / 52));
});

test('MultiarmedBandit: one that knows the best arm scores the bound', (t) => {
  for (const name of ['MultiarmedBanditEasy', 'MultiarmedBanditMedium', 'MultiarmedBanditHard'] as const) {
    const { create, best, limit } = knownScores[name];
    const arms = (create() as BuiltInEnvironment<number>).actionSpace.n;
    const random = new Random(1);
    let sum = 0;
    for (let i = 0; i < 400; i += 1) {
      const payouts = Array.from({ length: arms }, () => random.float());
      const bestArm = payouts.indexOf(Math.max(...payouts));
      sum += playEpisode(
        beginMultiarmedBandit(payouts, limit, () => random.float()),
        () => bestArm,
      ).episodeReturn;
    }
    t.true(Math.abs(sum / 400 - best) < 0.02, `${sum / 400}, and ${best} is known`);
  }
  const { steps } = play(multiarmedBandit({ arms: 3, steps: 7 }), 1, () => 2);
  t.is(steps.length, 7);
  t.true(steps.at(-1)?.truncated);
});

test('memory_len and memory_size: remembering scores 1, of all settings of the sweeps', (t) => {
  for (const length of [1, 2, 3, 30, 100]) {
    alwaysScores(t, memoryLen({ length }), (seen) => (seen[0]?.[2] === 1 ? 1 : 0));
    t.is(play(memoryLen({ length }), 1, () => 0).steps.length, length + 1);
  }
  for (const bits of [1, 2, 5, 40]) {
    alwaysScores(t, memorySize({ bits }), (seen) => (seen[0]?.[2 + (seen.at(2)?.[1] ?? 0)] === 1 ? 1 : 0));
    t.is(play(memorySize({ bits }), 1, () => 0).steps.length, 3);
  }
  // Without memory the answer is a guess.
  t.true(Math.abs(meanReturn(memoryLen(), GUESS_AGAIN, (seen) => (seen.at(-1)?.[2] === 1 ? 1 : 0)).mean) < 0.09);
});

test('passive T-maze: remembering scores 1, without memory 0.5 is the best', (t) => {
  for (const length of [1, 2, 10, 50]) {
    const environment = passiveTMaze({ length });
    const turn = (goal: number): number => (goal === 1 ? 1 : 3);
    alwaysScores(t, environment, (seen) => (seen.at(-1)?.[0] === 1 ? turn(seen[0]?.[1] ?? 0) : 0));
    const { mean, error } = meanReturn(environment, GUESS_AGAIN, (seen) => (seen.at(-1)?.[0] === 1 ? 1 : 0));
    t.true(Math.abs(mean - 0.5) <= ERRORS * error, `${mean}`);
    // One who stays pays for each step but the last.
    alwaysScores(t, environment, () => 2, -1);
  }
});

test('GuessNumber: halving finds every number in as many tries as there are by default', (t) => {
  for (const numbers of [2, 3, 7, 8, 15, 100]) {
    const environment = guessNumber({ numbers });
    const halve: Policy<number> = (seen, actions) => {
      let [low, high] = [0, numbers - 1];
      for (const [index, action] of actions.entries()) {
        const higher = seen[index + 1] === 1;
        [low, high] = higher ? [action + 1, high] : [low, action - 1];
      }
      return (low + high) >> 1;
    };
    alwaysScores(t, environment, halve);
    const found = new Set(Array.from({ length: 40 * numbers }, (_, seed) => play(environment, seed, halve).actions.at(-1)));
    t.is(found.size, numbers, 'every number is to be guessed now and then');
  }
  const { steps, actions } = play(guessNumber({ tries: 5 }), 1, (_, done) => done.length);
  t.deepEqual(
    steps.map(({ observation }) => observation),
    actions.map((_, index) => (index < actions.length - 1 ? 1 : 3)),
    'HIGHER until CORRECT',
  );
  const missed = play(guessNumber({ numbers: 4096, tries: 2 }), 1, () => 0).steps;
  t.deepEqual([missed.length, missed[1]?.terminated, missed[1]?.success, missed[1]?.reward], [2, true, false, 0]);
});

test('GuessNumber: one who does not listen finds tries of numbers', (t) => {
  const { mean, error } = meanReturn(guessNumber(), GUESS_AGAIN, (_, actions) => actions.length);
  t.true(Math.abs(mean - 3 / 7) <= ERRORS * error);
});

test('parity: counting scores 1 at every length, and lengths are drawn up to the most', (t) => {
  const count: Policy<number> = (seen) => seen.filter((bit) => bit === 1).length % 2;
  alwaysScores(t, parity(), count);
  for (const length of [1, 2, 64, 256]) {
    alwaysScores(t, parity({ length }), count);
    t.is(play(parity({ length }), 1, count).steps.length, length + 1);
  }
  const lengths = Array.from({ length: 1000 }, (_, seed) => play(parity({ maxBits: 5 }), seed, count).steps.length);
  t.deepEqual([...new Set(lengths)].sort(), [2, 3, 4, 5, 6]);
  // The flag alone says nothing.
  t.true(Math.abs(meanReturn(parity(), GUESS_AGAIN, () => 1).mean) < 0.09);
});
