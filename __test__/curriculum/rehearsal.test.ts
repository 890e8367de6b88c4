import test from 'ava';
import fc from 'fast-check';
import { Trainer } from 'innate';
import { fillBatch } from '#dist/curriculum/rehearsal.js';
import { planStages } from '#dist/curriculum/stage-spec.js';
import { Issues } from '#dist/util/issues.js';
import { scriptedTask } from '../support/scripted-task.js';

const plan = (ids: readonly number[]) =>
  planStages(ids, { stageNames: Array.from({ length: 12 }, (_, id) => `s${id}`), taskName: 'sums', maxIterations: 1 }, new Issues());

test('rehearsal gives earlier stages equal parts of the batch, the current stage first', (t) => {
  const planned = plan([0, 1, 2, 1]);
  const stages = new Int32Array(10);
  t.is(fillBatch(stages, planned, 0, 0.4, 0), 10);
  t.deepEqual([...stages], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  t.is(fillBatch(stages, planned, 1, 0.4, 0), 6);
  t.deepEqual([...stages], [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]);
  for (const batch of [0, 1, 2]) {
    t.is(fillBatch(stages, planned, 2, 0.3, batch), 7);
    t.deepEqual([...stages], [2, 2, 2, 2, 2, 2, 2, 0, 0, 1], 'places enough: every batch is the same');
  }
  t.is(fillBatch(stages, planned, 3, 0.2, 0), 8);
  t.deepEqual([...stages], [1, 1, 1, 1, 1, 1, 1, 1, 0, 2]);
  t.is(fillBatch(stages, planned, 2, 0, 0), 10);
  t.is(fillBatch(new Int32Array(1), planned, 2, 0.99, 0), 1);
});

test('with fewer places than earlier stages, these take turns', (t) => {
  const stages = new Int32Array(4);
  const rehearsed = Array.from({ length: 4 }, (_, batch) => {
    t.is(fillBatch(stages, plan([3, 1, 0, 2]), 3, 0.5, batch), 2);
    return [...stages.subarray(2)];
  });
  t.deepEqual(rehearsed, [
    [0, 1],
    [0, 3],
    [1, 3],
    [0, 1],
  ]);
});

test('over any batches in a row, each earlier stage has its share: within one place in all, or one a batch where places suffice', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        size: fc.integer({ min: 1, max: 40 }),
        ids: fc.uniqueArray(fc.nat(11), { minLength: 2, maxLength: 12 }),
        rehearsal: fc.nat(99).map((percent) => percent / 100),
        first: fc.nat(10_000),
        batches: fc.integer({ min: 1, max: 40 }),
      }),
      ({ size, ids, rehearsal, first, batches }) => {
        const index = ids.length - 1;
        const places = Math.min(Math.round(size * rehearsal), size - 1);
        const counts = new Map<number, number>(ids.map((id) => [id, 0]));
        const stages = new Int32Array(size);
        for (let batch = first; batch < first + batches; batch += 1) {
          t.is(fillBatch(stages, plan(ids), index, rehearsal, batch), size - places);
          for (const stage of stages) {
            counts.set(stage, (counts.get(stage) ?? NaN) + 1);
          }
        }
        t.is(counts.get(ids[index] ?? -1), batches * (size - places));
        const share = (batches * places) / index;
        const slack = places < index ? 1 : batches;
        return ids.slice(0, index).every((id) => Math.abs((counts.get(id) ?? NaN) - share) < slack);
      },
    ),
    { numRuns: 300 },
  );
});

/** The stages of each batch of the last entry of a run over all stages, two iterations each but the last. */
async function batches(names: readonly string[], options: { batchSize: number; rehearsal?: number }, last: number): Promise<number[][]> {
  const drawn: number[][] = [];
  const task = scriptedTask({ stages: names, onSample: (stages) => drawn.push([...stages]) });
  const stages = names.map((stage, id) => ({ stage, iterations: id === names.length - 1 ? last : 2 }));
  const problems: number[] = [];
  await using trainer = await Trainer.create({ task, hiddenSize: 8, progress: false, ...options });
  for await (const event of trainer.run(stages)) {
    if (event.type === 'iteration' && event.index === names.length - 1) {
      problems.push(event.rollout.problems);
    }
  }
  const trained = drawn.slice(2 * (names.length - 1), 2 * (names.length - 1) + last);
  const current = trained.map((batch) => batch.filter((stage) => stage === names.length - 1).length);
  if (String(problems) !== String(current)) {
    throw new Error(`events say ${problems}, drawn were ${current}`);
  }
  return trained;
}

const count = (batch: readonly number[] | undefined, names: readonly string[]): number[] =>
  names.map((_, id) => batch?.filter((stage) => stage === id).length ?? 0);

test('a trainer draws the share of rehearsal that it was told, 0.4 by default', async (t) => {
  const names = ['a', 'b', 'c'];
  for (const [rehearsal, expected] of [
    [undefined, [4, 4, 12]],
    [0, [0, 0, 20]],
    [0.25, [3, 2, 15]],
    [0.9, [9, 9, 2]],
  ] as const) {
    const drawn = await batches(names, { batchSize: 20, ...(rehearsal === undefined ? {} : { rehearsal }) }, 3);
    t.deepEqual(
      drawn.map((batch) => count(batch, names)),
      [expected, expected, expected].map((each) => [...each]),
      String(rehearsal),
    );
  }
});

test('a trainer lets earlier stages take turns from batch to batch', async (t) => {
  const names = ['a', 'b', 'c', 'd'];
  const drawn = await batches(names, { batchSize: 10, rehearsal: 0.1 }, 6);
  t.deepEqual(
    drawn.map((batch) => batch.at(-1)),
    [0, 1, 2, 0, 1, 2],
  );
});
