import test from 'ava';
import { addPrompts, provePrompts } from '#dist/task/checked-prompts.js';
import type { Collected } from '#dist/trainer/collect/collector.js';
import { countingOf, silenced } from '#dist/trainer/collect/counting.js';

/** Five programs of four steps, which earned 1, 1, 0, 1 and 0. */
function collected(randomSteps: readonly number[] | undefined): Collected {
  const n = 5;
  const prompts = provePrompts(new Int32Array(n), new Int32Array(n), { vocabSize: 2, stageCount: 1 });
  const values = Float32Array.from([0, 0.25, 0.5, 0.75, 0, 0, 0, 0, 0.5, -0.5, 0, 0, 1, 1, 1.5, 0, 0, 0, 0, 0]);
  const chosen = { actions: new Int32Array(n * 4), logProbs: new Float32Array(n * 4), entropies: new Float32Array(n * 4), values };
  return {
    episodes: addPrompts(prompts, {
      actions: chosen.actions,
      lengths: Int32Array.of(4, 2, 4, 3, 1),
      returns: Float32Array.of(1, 1, 0, 1, 0),
    }),
    chosen,
    randomSteps: randomSteps === undefined ? undefined : Int32Array.from(randomSteps),
    rollout: { problems: n, successRate: 0, episodeReturnMean: 0, episodeLengthMean: 0 },
  };
}

test('without a random step all counts up to the end', (t) => {
  for (const none of [undefined, [-1, -1, -1, -1, -1]]) {
    const { weights, firsts, advantages, silent } = countingOf(collected(none));
    t.deepEqual(Array.from(weights), [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 0, 0]);
    t.deepEqual(Array.from(firsts), [0, 0, 0, 0, 0]);
    t.deepEqual(Array.from(advantages.subarray(0, 8)), [1, 0.75, 0.5, 0.25, 1, 1, 1, 1]);
    t.deepEqual(silent, []);
  }
});

test('what comes before a random step does not count, and the step itself where it was better than expected', (t) => {
  // Of these the second comes after the end and was not taken, the third was better than expected, the fourth worse, the last as expected.
  const { weights, firsts, advantages, silent } = countingOf(collected([3, 2, 1, 2, 0]));
  t.deepEqual(Array.from(weights), [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0]);
  t.deepEqual(Array.from(firsts), [3, 0, 1, 2, 0]);
  t.is(advantages[3], 0.25);
  t.is(advantages[9], 0.5);
  t.is(advantages[14], -0.5);
  t.deepEqual(silent, [14, 16]);
  const quiet = silenced(advantages, silent);
  t.is(quiet[14], 0);
  t.is(advantages[14], -0.5, 'a copy');
  t.deepEqual(
    Array.from(quiet).filter((_, at) => at !== 14),
    Array.from(advantages).filter((_, at) => at !== 14),
  );
});
