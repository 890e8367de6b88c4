import test from 'ava';
import { type AlgorithmOptions, constant, linear } from 'innate';
import { learnConfig } from '#dist/algorithm/learn.js';
import { type AlgorithmName, DEFAULT_ALGORITHMS, readAlgorithmOptions } from '#dist/algorithm/step-algorithm.js';
import { OptionReader } from '#dist/util/option-reader.js';

function read(options: object, algorithm: AlgorithmName = 'ppo', rows = 16) {
  const reader = new OptionReader(options);
  const config = readAlgorithmOptions(reader, DEFAULT_ALGORITHMS[algorithm], rows);
  reader.finish();
  return { config, issues: reader.issues.list };
}

test('the defaults', (t) => {
  const common = {
    gamma: 0.99,
    gaeLambda: 0.95,
    normalizeAdvantage: true,
    valueCoef: 0.5,
    entropyCoef: linear(0.02, 0.001),
    entropyTarget: undefined,
    learningRate: linear(1e-3, 5e-5),
    maxGradNorm: 0.5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-5,
    groups: undefined,
    klCoef: 0,
    clipRangeHigh: undefined,
    valueClipRange: Infinity,
    targetKl: Infinity,
  };
  const ppo = { algorithm: 'ppo', ...common, updateEpochs: 4, minibatches: 4, clipRange: constant(0.2) };
  t.deepEqual(read({}), { config: ppo as ReturnType<typeof read>['config'], issues: [] });
  const none = { shape: 'constant', from: Infinity, to: Infinity };
  const a2c = { algorithm: 'a2c', ...common, updateEpochs: 1, minibatches: 1, clipRange: none };
  t.deepEqual(read({}, 'a2c'), { config: a2c as ReturnType<typeof read>['config'], issues: [] });
  t.is(read({}, 'ppo', 2).config.minibatches, 2, 'no more than there are rows');
});

test('an option of PPO beside A2C says whose it is', (t) => {
  const given = { updateEpochs: 3, minibatches: 2, clipRange: 0.1, clipRangeHigh: 0.3, valueClipRange: 0.2, targetKl: 0.1 };
  t.deepEqual(
    read(given, 'a2c').issues,
    Object.keys(given).map((path) => ({
      path,
      message: "is an option of algorithm: 'ppo', not of 'a2c'.",
      remedy: `Leave ${path} out, or pass algorithm: 'ppo'.`,
    })),
  );
  t.deepEqual(read(given).issues, []);
});

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  gamma: [-0.1, 1.1, NaN],
  gaeLambda: [-0.1, 1.1],
  normalizeAdvantage: [1],
  valueCoef: [-1, Infinity],
  entropyCoef: [-1, 'x'],
  learningRate: [0, -1, 1e-46],
  maxGradNorm: [0],
  beta1: [1],
  beta2: [-0.1],
  epsilon: [0],
  updateEpochs: [0, 1.5],
  minibatches: [0, 17],
  clipRange: [0, -0.2],
  valueClipRange: [0],
  targetKl: [0, NaN],
  clip_range: [0.2],
};

for (const [key, values] of Object.entries(BAD)) {
  test(`${key} has its range`, (t) => {
    for (const value of values) {
      t.deepEqual(
        read({ [key]: value }).issues.map(({ path }) => path),
        [key],
        String(value),
      );
    }
  });
}

test('a held entropy: a coefficient above 0, and no schedule', (t) => {
  const entropyTarget = { share: 0.3 };
  t.deepEqual(read({ entropyTarget, entropyCoef: 0.1 }).issues, []);
  t.is(read({ entropyTarget, entropyCoef: 0 }).issues[0]?.path, 'entropyCoef');
  t.is(read({ entropyTarget, entropyCoef: linear(0.1, 0.01) }).issues[0]?.path, 'entropyCoef');
});

test('what one rollout is learned from with', (t) => {
  const { config } = read({ learningRate: linear(1e-3, 0), clipRange: linear(0.2, 0.1), entropyCoef: linear(0.02, 0) });
  t.deepEqual(learnConfig(config, 0.5, { coef: undefined }), {
    epochs: 4,
    minibatches: 4,
    clipRange: 0.5 * 0.2 + 0.5 * 0.1,
    clipRangeHigh: 0.5 * 0.2 + 0.5 * 0.1,
    klCoef: 0,
    valueClipRange: Infinity,
    targetKl: Infinity,
    normalizeAdvantage: true,
    ratio: true,
    reduction: 'step',
    valueCoef: 0.5,
    entropyCoef: 0.01,
    learningRate: 5e-4,
    maxGradNorm: 0.5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-5,
  });
  t.like(learnConfig(read({}, 'a2c').config, 0, { coef: undefined }), { epochs: 1, minibatches: 1, ratio: false, clipRange: Infinity });
});

test('types: an option of another algorithm does not compile', (t) => {
  const fine: AlgorithmOptions[] = [
    {},
    { clipRange: linear(0.2, 0.1) },
    { algorithm: 'ppo', targetKl: 0.01 },
    { algorithm: 'a2c', gamma: 0.9, entropyTarget: { share: 0.3 } },
  ];
  // @ts-expect-error: an option of PPO
  const clipped: AlgorithmOptions = { algorithm: 'a2c', clipRange: 0.2 };
  // @ts-expect-error: another one
  const epochs: AlgorithmOptions = { algorithm: 'a2c', updateEpochs: 4 };
  // @ts-expect-error: no algorithm
  const other: AlgorithmOptions = { algorithm: 'dqn' };
  // @ts-expect-error: both units
  const both: AlgorithmOptions = { entropyTarget: { nats: 1, share: 0.5 } };
  t.is([...fine, clipped, epochs, other, both].length, 8);
});

test('a clip range of its own above 1', (t) => {
  const { config, issues } = read({ clipRange: 0.2, clipRangeHigh: linear(0.4, 0.2) });
  t.deepEqual(issues, []);
  const { clipRange, clipRangeHigh } = learnConfig(config, 0.5, { coef: undefined });
  t.deepEqual([clipRange, clipRangeHigh.toFixed(9)], [0.2, '0.300000000']);
  t.is(read({ clipRangeHigh: -1 }).issues[0]?.path, 'clipRangeHigh');
});
