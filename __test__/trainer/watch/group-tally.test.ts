import test from 'ava';
import type { ProblemBatch } from 'innate';
import { GroupTally } from '#dist/trainer/watch/group-tally.js';

const batch = (...contexts: number[]): ProblemBatch => ({
  size: contexts.length,
  contextLength: 1,
  contexts: Int32Array.from(contexts),
  stages: new Int32Array(contexts.length),
});
const grouping = ({ contexts }: ProblemBatch, index: number): string => (contexts[index] === 0 ? 'zero' : 'more');

test('success by group over the last iterations, of the first problems of each', (t) => {
  const tally = new GroupTally(grouping, 2);
  t.deepEqual(tally.lately(), []);
  tally.add(batch(0, 0, 1), Uint8Array.of(1, 0, 1), 3);
  tally.add(batch(1, 0), Uint8Array.of(0, 1), 1);
  t.deepEqual(tally.lately(), [
    { group: 'more', problems: 2, successRate: 0.5 },
    { group: 'zero', problems: 2, successRate: 0.5 },
  ]);
  tally.add(batch(1, 1), Uint8Array.of(1, 1), 2);
  t.deepEqual(tally.lately(), [{ group: 'more', problems: 3, successRate: 2 / 3 }], 'the first iteration is forgotten');
  tally.restart();
  t.deepEqual(tally.lately(), []);
});
