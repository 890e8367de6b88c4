import test from 'ava';
import { linear } from 'innate';
import { followEntropy, readEntropyTarget } from '#dist/algorithm/entropy-target.js';
import { learnConfig, nextEntropyState } from '#dist/algorithm/learn.js';
import { DEFAULT_ALGORITHMS } from '#dist/algorithm/step-algorithm.js';
import { Issues } from '#dist/util/issues.js';

function read(value: unknown) {
  const issues = new Issues('entropyTarget');
  return { target: readEntropyTarget(value, issues), paths: issues.list.map(({ path }) => path) };
}

test('the coefficient follows: closed form, in nats and as a share', (t) => {
  const nats = read({ nats: 0.5 }).target;
  const share = read({ share: linear(1, 0) }).target;
  if (nats === undefined || share === undefined) {
    return t.fail();
  }
  const most = Math.log(4);
  t.is(followEntropy(0.01, 0.5, nats, 0, 4), 0.01, 'at the target it stays');
  t.is(followEntropy(0.01, 0.2, nats, 0, 4), 0.01 * Math.exp((0.1 * 0.3) / most));
  t.is(followEntropy(0.01, 0, share, 0, 4), 0.01 * Math.exp(0.1), 'nothing of all there is');
  t.is(followEntropy(0.01, most, share, 1, 4), 0.01 * Math.exp((0.1 * -most) / most));
  t.is(followEntropy(0.01, most / 2, share, 0.5, 4), 0.01);
  t.is(followEntropy(0.5, 0, share, 0, 1), 0.5, 'one action: no entropy to hold');
});

test('it stays within its bounds', (t) => {
  const { target } = read({ nats: 1 });
  if (target === undefined) {
    return t.fail();
  }
  let coef = 0.01;
  for (let i = 0; i < 1000; i += 1) {
    coef = followEntropy(coef, 0, target, 0, 2);
  }
  t.is(coef, 1);
  for (let i = 0; i < 1000; i += 1) {
    coef = followEntropy(coef, 3, target, 0, 2);
  }
  t.is(coef, 1e-6);
});

test('one unit, in its range', (t) => {
  t.deepEqual(read(undefined), { target: undefined, paths: [] });
  for (const [bad, path] of [
    [0.3, 'entropyTarget'],
    [{}, 'entropyTarget'],
    [{ nats: 1, share: 1 }, 'entropyTarget'],
    [{ share: 1.5 }, 'entropyTarget.share'],
    [{ nats: -1 }, 'entropyTarget.nats'],
    [{ nats: linear(1, -1) }, 'entropyTarget.nats.to'],
    [{ share: 0.5, rate: 1 }, 'entropyTarget.rate'],
  ] as const) {
    t.deepEqual(read(bad).paths, [path], JSON.stringify(bad));
  }
});

test('its state is a plain value: without a target none', (t) => {
  const { target } = read({ share: 0.5 });
  const config = { ...DEFAULT_ALGORITHMS.ppo, entropyTarget: target };
  const first = learnConfig(config, 0, { coef: undefined });
  t.is(first.entropyCoef, 0.02);
  const state = nextEntropyState(first, 0, target, 0.1, 2);
  t.deepEqual(state, { coef: 0.02 * Math.exp(0.05) });
  t.is(learnConfig(config, 0.1, state).entropyCoef, 0.02 * Math.exp(0.05));
  t.deepEqual(nextEntropyState(first, 0, undefined, 0.1, 2), { coef: undefined });
});
