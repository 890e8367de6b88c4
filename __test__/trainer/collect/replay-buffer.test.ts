import test from 'ava';
import { ReplayBuffer } from '#dist/trainer/collect/replay-buffer.js';
import { Random } from '#dist/util/random.js';

const BOTH = new Set([0, 1]);

/** Entries of the given scores, called by their place, in turns of two stages. */
function filled(scores: readonly number[], size = scores.length): ReplayBuffer<number> {
  const buffer = new ReplayBuffer<number>(size);
  buffer.restore(scores.map((score, item) => ({ item, stage: item % 2, score })));
  return buffer;
}

test('entries are drawn in proportion to their scores', (t) => {
  const scores = [0.1, 0, 0.3, 1e-9, 0.6, 1];
  const drawn = filled(scores).draw(200_000, BOTH, new Random(5));
  const counts = scores.map((_, item) => drawn.filter((entry) => entry.item === item).length);
  for (const [item, score] of scores.entries()) {
    const share = score / 2;
    // Five standard deviations of a binomial.
    t.true(Math.abs((counts[item] ?? 0) - 200_000 * share) <= 5 * Math.sqrt(200_000 * share * (1 - share)) + 1e-3, `${item}: ${counts}`);
  }
  t.is(counts[1], 0);
});

test('only stages that were reached are drawn, and nothing where there is nothing to draw', (t) => {
  const buffer = filled([0.5, 1, 0.5, 1]);
  t.deepEqual([...new Set(buffer.draw(300, new Set([0]), new Random(1)).map(({ item }) => item))].sort(), [0, 2]);
  t.deepEqual(buffer.draw(3, new Set([2]), new Random(1)), []);
  t.deepEqual(filled([0, 0]).draw(3, BOTH, new Random(1)), []);
  const random = new Random(1);
  t.deepEqual(new ReplayBuffer(4).draw(3, BOTH, random), []);
  t.deepEqual(random.getState(), new Random(1).getState(), 'and the stream stays where it is');
});

test('a score moves three tenths of the way to what happened', (t) => {
  const buffer = filled([1]);
  const [entry] = buffer.draw(1, BOTH, new Random(1));
  if (entry === undefined) {
    return t.fail();
  }
  buffer.settle(entry, false);
  t.is(entry.score, 0.7);
  buffer.settle(entry, false);
  t.true(Math.abs(entry.score - 0.49) < 1e-12);
  buffer.settle(entry, true);
  t.true(Math.abs(entry.score - (0.49 + 0.3 * 0.51)) < 1e-12);
  t.is(buffer.meanScore, entry.score);
});

test('what fares best makes room, the oldest of equals', (t) => {
  const items = (buffer: ReplayBuffer<number>): number[] => buffer.entries.map(({ item }) => item);
  const buffer = filled([0.5, 0.2, 0.9], 4);
  t.is(buffer.fill, 0.75);
  buffer.admit(10, 0);
  t.deepEqual([items(buffer), buffer.fill], [[0, 1, 2, 10], 1]);
  buffer.admit(11, 1);
  t.deepEqual(items(buffer), [0, 2, 10, 11], 'the lowest score');
  buffer.admit(12, 0);
  buffer.admit(13, 0);
  t.deepEqual(items(buffer), [10, 11, 12, 13]);
  buffer.admit(14, 0);
  t.deepEqual(items(buffer), [11, 12, 13, 14], 'the oldest of those that have just failed');
  t.deepEqual(
    buffer.entries.map(({ score, stage }) => [score, stage]),
    [
      [1, 1],
      [1, 0],
      [1, 0],
      [1, 0],
    ],
  );
});

test('an empty one has no scores', (t) => {
  const buffer = new ReplayBuffer(4);
  t.deepEqual([buffer.fill, buffer.meanScore], [0, 0]);
});
