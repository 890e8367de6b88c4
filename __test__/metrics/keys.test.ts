import test from 'ava';
import { eventMetrics, type MetricKey, type Metrics } from 'innate';
import { at, evaluation, groupIteration, imitated, iteration, stepEvaluation, stepIteration } from './support/events.js';

const measured = evaluation('progress', 512, 0.25);

/** The keys as users know them, each once: the compiler refuses one that no event has, and one that is missing. */
const KEYS: Readonly<Record<MetricKey, true>> = {
  'rollout/problems': true,
  'rollout/success_rate': true,
  'rollout/episode_return_mean': true,
  'rollout/episode_length_mean': true,
  'train/loss': true,
  'train/policy_loss': true,
  'train/value_loss': true,
  'train/entropy': true,
  'train/grad_norm': true,
  'train/explained_variance': true,
  'train/approx_kl': true,
  'train/clip_fraction': true,
  'train/reference_kl': true,
  'train/flat_groups': true,
  'train/imitation_loss': true,
  'imitation/programs': true,
  'imitation/updates': true,
  'imitation/loss': true,
  'imitation/grad_norm': true,
  'rollout/episodes': true,
  'train/updates': true,
  'train/learning_rate': true,
  'train/entropy_coef': true,
  'replay/share': true,
  'replay/fill': true,
  'replay/score_mean': true,
  'eval/problems': true,
  'eval/success_rate': true,
  'eval/episode_return_mean': true,
  'eval/episodes': true,
  'eval/episode_length_mean': true,
  'time/iterations': true,
  'time/env_steps': true,
  'time/env_steps_per_second': true,
  'time/episodes': true,
  'time/episodes_per_second': true,
  'time/seconds': true,
  'curriculum/stage': true,
};

test('the numbers of an iteration by metric key', (t) => {
  t.deepEqual(eventMetrics(iteration), {
    'rollout/problems': 192,
    'rollout/success_rate': 0.5,
    'rollout/episode_return_mean': 0.75,
    'rollout/episode_length_mean': 4.5,
    'train/loss': 1,
    'train/policy_loss': 2,
    'train/value_loss': 3,
    'train/entropy': 1.25,
    'train/grad_norm': 4,
    'train/explained_variance': 0.1,
    'replay/share': 0.375,
    'replay/fill': 0.625,
    'replay/score_mean': 0.4,
    'time/iterations': 25,
    'time/episodes': 4800,
    'time/episodes_per_second': 12345.6,
    'time/seconds': 2.5,
    'curriculum/stage': 0,
  });
});

test('the numbers of an evaluation by metric key', (t) => {
  t.deepEqual(eventMetrics(measured), {
    'eval/problems': 512,
    'eval/success_rate': 0.25,
    'eval/episode_return_mean': 0.875,
    'time/iterations': 25,
    'curriculum/stage': 0,
  });
});

test('success of a group is a key of its own', (t) => {
  const groups = [{ group: 'EU, refunds', problems: 12, successRate: 0.25 }];
  const metrics = eventMetrics({ ...iteration, groups });
  t.is(metrics['rollout/success_rate/EU, refunds'], 0.25);
  t.is(Object.keys(metrics).length, Object.keys(eventMetrics(iteration)).length + 1);
});

test('the begin and the end of a stage bring no numbers', (t) => {
  t.deepEqual(eventMetrics({ type: 'stage', ...at, stageCount: 3, maxIterations: 100 }), {});
  t.deepEqual(eventMetrics({ type: 'stage-end', ...at, stageIteration: 25, reason: 'reached' }), {});
});

test('the type of the keys says just what events bring', (t) => {
  const events = [iteration, measured, stepIteration, stepEvaluation('final', 100, NaN), groupIteration, imitated(1, 2)];
  t.deepEqual(Object.keys(Object.assign({}, ...events.map(eventMetrics))).sort(), Object.keys(KEYS).sort());
  const metrics: Metrics = eventMetrics(iteration);
  t.is(metrics['train/grad_norm'], 4);
  // @ts-expect-error: keys are in snake case
  t.is(metrics['train/gradNorm'], undefined);
  // @ts-expect-error: a group that no event has
  t.is(metrics['rollouts/problems'], undefined);
});
