import test from 'ava';
import { DEFAULT_UPDATE, readUpdateOptions } from '#dist/algorithm/a2c.js';
import { DEFAULT_OPTIMIZER, readOptimizerOptions } from '#dist/algorithm/optimizer.js';
import { OptionReader } from '#dist/util/option-reader.js';

test('the defaults, in the order in which a checkpoint keeps them', (t) => {
  t.deepEqual(DEFAULT_OPTIMIZER, { learningRate: 1e-3, maxGradNorm: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  t.deepEqual(DEFAULT_UPDATE, { baseline: 'step', valueCoef: 0.5, entropyCoef: 0.2, ...DEFAULT_OPTIMIZER });
  t.deepEqual(Object.keys(readUpdateOptions(new OptionReader({}), DEFAULT_UPDATE)), [
    'baseline',
    'learningRate',
    'valueCoef',
    'entropyCoef',
    'maxGradNorm',
    'beta1',
    'beta2',
    'epsilon',
  ]);
});

test('what is given is taken, what is not is the fallback', (t) => {
  const given = { baseline: 'program', learningRate: 0.5, maxGradNorm: Infinity, beta2: 0 } as const;
  t.deepEqual(readUpdateOptions(new OptionReader(given), DEFAULT_UPDATE), { ...DEFAULT_UPDATE, ...given });
  const own = { ...DEFAULT_OPTIMIZER, epsilon: 1e-5 };
  t.deepEqual(readOptimizerOptions(new OptionReader({ beta1: 0.5 }), own), { ...own, beta1: 0.5 });
});

const BAD: Readonly<Record<string, readonly unknown[]>> = {
  baseline: ['none', 1],
  learningRate: [0, -1, 1e39, 1e-46, NaN, '1'],
  valueCoef: [-0.1, Infinity],
  entropyCoef: [-0.1, Infinity],
  maxGradNorm: [0, NaN],
  beta1: [-0.1, 1],
  beta2: [-0.1, 1],
  epsilon: [0, Infinity],
};

for (const [key, values] of Object.entries(BAD)) {
  test(`${key} has its range`, (t) => {
    for (const value of values) {
      const reader = new OptionReader({ [key]: value });
      readUpdateOptions(reader, DEFAULT_UPDATE);
      t.deepEqual(
        reader.issues.list.map(({ path }) => path),
        [key],
        String(value),
      );
    }
  });
}
