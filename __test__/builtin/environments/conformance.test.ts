import test from 'ava';
import { knownScores } from '#dist/builtin/known-scores.js';
import type { BuiltInEnvironment } from '#dist/builtin/shared/built-in-environment.js';
import { checkEnvironment } from '#dist/environment/check/check-environment.js';
import { InputError } from '#dist/errors/input-error.js';
import { layoutOf } from '#dist/spaces/layout.js';
import { ObservationWriter } from '#dist/spaces/observation-writer.js';
import { Random } from '#dist/util/random.js';
import { play, randomPolicy } from './support/play.js';

const EPISODES = 20;

/** Environments that say whether an episode reached its aim. */
const SAYS_SUCCESS = /CartPole|memory_|TMaze|Guess|Parity/;

for (const [name, known] of Object.entries(knownScores)) {
  // Of what is observed the suite knows as much as a collector does: nothing.
  const create = () => known.create() as BuiltInEnvironment<number | readonly number[]>;
  const { n } = create().actionSpace;
  const episodes = (): ReturnType<typeof play<number | readonly number[]>>[] => {
    const environment = create();
    return Array.from({ length: EPISODES }, (_, seed) => play(environment, seed, randomPolicy(n, seed)));
  };

  test(`${name}: what is known of it is complete`, (t) => {
    t.is(known.name, name);
    t.true(known.source.length > 20);
    t.true(known.random < known.best);
    t.true((known.published ?? known.best) <= known.best);
    t.true(n >= 2);
  });

  test(`${name}: observations are of the space, rewards are numbers`, (t) => {
    const { observationSpace } = create();
    const layout = layoutOf(observationSpace);
    const writer = new ObservationWriter(observationSpace);
    const dense = new Float32Array(layout.dense);
    const discrete = new Int32Array(layout.discrete.length);
    t.true(dense.length + discrete.length > 0);
    for (const { observations, steps } of episodes()) {
      for (const observation of observations) {
        t.notThrows(() => writer.write(observation, 0, dense, discrete));
      }
      t.true(steps.every(({ reward }) => Number.isFinite(reward)));
    }
  });

  test(`${name}: the same stream gives the same episode, whatever came before; another stream another one`, (t) => {
    const first = episodes();
    t.deepEqual(episodes(), first);
    const environment = create();
    for (const seed of [3, 17, 3, 0]) {
      t.deepEqual(play(environment, seed, randomPolicy(n, seed)), first[seed]);
    }
    environment.reset({ random: new Random(99), stage: 0 });
    environment.step(0);
    t.deepEqual(play(environment, 5, randomPolicy(n, 5)), first[5], 'an episode that was left is forgotten');
    t.true(new Set(first.map(({ observations, steps }) => JSON.stringify([observations, steps]))).size > 1);
  });

  test(`${name}: checkEnvironment finds no error`, async (t) => {
    const { findings } = await checkEnvironment(create, { episodes: 20 });
    t.deepEqual(
      findings.filter(({ severity }) => severity === 'error'),
      [],
    );
  });

  test(`${name}: two environments do not share anything`, (t) => {
    const [one, other] = [create(), create()];
    const alone = play(create(), 1, randomPolicy(n, 1));
    one.reset({ random: new Random(1), stage: 0 });
    other.reset({ random: new Random(2), stage: 0 });
    const steps = alone.actions.map((action, at) => {
      if (at % 2 === 0) {
        other.reset({ random: new Random(at), stage: 0 });
        other.step(0);
      }
      return one.step(action);
    });
    t.deepEqual(steps, alone.steps);
  });

  test(`${name}: observations are not written to again`, (t) => {
    const environment = create();
    const observations = [environment.reset({ random: new Random(1), stage: 0 })];
    const copies = structuredClone(observations);
    for (let over = false; !over; ) {
      const step = environment.step(0);
      observations.push(step.observation);
      copies.push(structuredClone(step.observation));
      over = step.terminated || step.truncated;
    }
    t.deepEqual(observations, copies);
  });

  test(`${name}: episodes end within their limit, in one way, and say success where they say it`, (t) => {
    for (const { steps } of episodes()) {
      t.true(steps.length >= 1 && steps.length <= known.limit);
      const last = steps.at(-1);
      t.not(last?.terminated, last?.truncated);
      t.is(typeof last?.success, SAYS_SUCCESS.test(name) ? 'boolean' : 'undefined');
      t.true(steps.slice(0, -1).every(({ success }) => success === undefined));
    }
  });

  test(`${name}: every action is allowed in every step`, (t) => {
    const environment = create();
    t.is(environment.actionMask, undefined);
    t.true(episodes().every(({ steps }) => steps.every(({ actionMask }) => actionMask === undefined)));
    for (let action = 0; action < n; action += 1) {
      environment.reset({ random: new Random(action), stage: 0 });
      t.notThrows(() => environment.step(action));
    }
  });

  test(`${name}: refuses steps without an episode, and what is no action`, (t) => {
    const environment = create();
    t.throws(() => environment.step(0), { instanceOf: InputError, message: /^step: .*Call reset/ });
    const played = play(environment, 1, randomPolicy(n, 1));
    t.throws(() => environment.step(0), { instanceOf: InputError, message: /^step: .*Call reset/ });
    environment.reset({ random: new Random(1), stage: 0 });
    for (const action of [-1, n, 0.5, Number.NaN, '0', undefined]) {
      t.throws(() => environment.step(action as number), { instanceOf: InputError, message: /^action: / });
    }
    const steps = played.actions.map((action) => environment.step(action));
    t.deepEqual(steps, played.steps, 'what was refused left no trace');
  });
}
