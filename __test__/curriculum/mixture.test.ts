import test from 'ava';
import fc from 'fast-check';
import { Mixture, type MixturePlan } from '#dist/curriculum/mixture.js';

const plan = (weights: readonly number[], more: Partial<MixturePlan> = {}): MixturePlan => ({
  kind: 'automatic',
  stages: weights.map((_, i) => 2 * i),
  names: weights.map((_, i) => `s${i}`),
  weights,
  window: 2,
  epsilon: 0.2,
  ...more,
});

function batch(mixture: Mixture, size: number, rates: readonly number[]): number[] {
  const stages = new Int32Array(size);
  mixture.fill(stages);
  const counts = rates.map((_, i) => stages.filter((stage) => stage === 2 * i).length);
  const successes = new Uint8Array(size);
  let first = 0;
  for (const [i, count] of counts.entries()) {
    successes.fill(1, first, first + Math.round((rates[i] ?? 0) * count));
    first += count;
  }
  mixture.note(stages, successes);
  return counts;
}

test('over batches every stage gets its share, to one problem', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 50 }),
      (raw, size, batches) => {
        const total = raw.reduce((sum, weight) => sum + weight, 0);
        const weights = raw.map((weight) => weight / total);
        const mixture = new Mixture(plan(weights, { kind: 'mixed' }));
        const counts = weights.map(() => 0);
        const stages = new Int32Array(size);
        for (let k = 0; k < batches; k += 1) {
          if (mixture.fill(stages) !== size) {
            return false;
          }
          for (const [at, stage] of stages.entries()) {
            counts[stage / 2] = (counts[stage / 2] ?? NaN) + 1;
            if (at > 0 && stage < (stages[at - 1] ?? NaN)) {
              return false;
            }
          }
        }
        return counts.every((count, i) => Math.abs(count - (weights[i] ?? NaN) * size * batches) < weights.length);
      },
    ),
  );
  t.pass();
});

test('shares follow the absolute change of success from window to window, with a part for all', (t) => {
  const mixture = new Mixture(plan([0.5, 0.5]));
  t.deepEqual(batch(mixture, 20, [0, 1]), [10, 10]);
  batch(mixture, 20, [0, 1]);
  t.deepEqual(mixture.shares, [0.5, 0.5], 'after one window nothing is known');
  batch(mixture, 20, [0.3, 0.9]);
  batch(mixture, 20, [0.3, 0.9]);
  const [first, second] = mixture.stages;
  t.true(Math.abs((first?.progress ?? NaN) - 0.3) < 1e-12 && Math.abs((second?.progress ?? NaN) - 0.1) < 1e-12, 'down counts as up');
  const shares = [0.1 + 0.8 * 0.75, 0.1 + 0.8 * 0.25];
  t.true(mixture.shares.every((share, i) => Math.abs(share - (shares[i] ?? NaN)) < 1e-12));
  t.deepEqual(batch(mixture, 20, [0.5, 1]), [14, 6]);
  t.like(mixture.stages[0], { stage: 0, name: 's0', problems: 14, successRate: 0.5 });
});

test('where nothing changes stages have equal parts; a mixture by weights keeps them', (t) => {
  const automatic = new Mixture(plan([0.5, 0.5], { window: 1 }));
  const fixed = new Mixture(plan([0.2, 0.8], { kind: 'mixed', window: 1 }));
  for (let k = 0; k < 4; k += 1) {
    batch(automatic, 10, [1, 0]);
    t.deepEqual(batch(fixed, 10, [k / 4, 0]), [2, 8]);
  }
  t.deepEqual(automatic.shares, [0.5, 0.5]);
});

test('a stage without a problem in a window keeps what is known of it', (t) => {
  const mixture = new Mixture(plan([0.5, 0.5], { window: 1, epsilon: 0.01 }));
  batch(mixture, 4, [0, 0]);
  batch(mixture, 4, [0.5, 0]);
  t.deepEqual(
    mixture.stages.map(({ progress }) => progress),
    [0.5, 0],
  );
  t.deepEqual(batch(mixture, 4, [1, 0]), [4, 0]);
  t.deepEqual(
    mixture.stages.map(({ progress }) => progress),
    [0.5, 0],
  );
});

test('a state as JSON brings all back; a batch that was filled and not noted is not in it', (t) => {
  const rates = [0.1, 0.4, 0.9];
  const thirds = [1 / 3, 1 / 3, 1 / 3];
  const mixture = new Mixture(plan(thirds, { window: 3 }));
  const play = (one: Mixture): number[][] =>
    Array.from({ length: 12 }, (_, k) =>
      batch(
        one,
        7,
        rates.map((rate) => (rate * k) / 12),
      ),
    );
  for (let k = 0; k < 5; k += 1) {
    batch(mixture, 7, [k / 5, 0.5, 0]);
  }
  const state = JSON.parse(JSON.stringify(mixture.getState()));
  mixture.fill(new Int32Array(5));
  t.deepEqual(mixture.getState(), state);
  mixture.revert();
  const other = new Mixture(plan(thirds, { window: 3 }));
  other.setState(state);
  t.deepEqual(play(other), play(mixture));
});
