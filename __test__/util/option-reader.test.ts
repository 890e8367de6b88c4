import { runInNewContext } from 'node:vm';
import test from 'ava';
import { OptionsError } from 'innate';
import { Issues } from '#dist/util/issues.js';
import { numberIssue } from '#dist/util/number-rule.js';
import { adviseOn } from '#dist/util/option-names.js';
import { OptionReader, readOptions } from '#dist/util/option-reader.js';
import { show, showThrown } from '#dist/util/show.js';
import { addUnknownKeys } from '#dist/util/value-reader.js';

test('reads, checks and falls back', (t) => {
  const issues = new Issues();
  const reader = new OptionReader({ a: 3, b: 'x', c: NaN, d: undefined }, issues);
  t.is(reader.number('a', 1, { min: 1, integer: true }), 3);
  t.is(reader.choice('b', 'x', ['x', 'y']), 'x');
  t.is(reader.number('c', 7, {}), 7);
  t.is(reader.number('d', 8, {}), 8);
  reader.finish();
  t.deepEqual(
    issues.list.map(({ path, message }) => `${path} ${message}`),
    ['c must be a finite number, got NaN.'],
  );
});

test('unknown keys are named, with the key that was meant', (t) => {
  const issues = new Issues();
  const reader = new OptionReader({ sede: 1, zzzzzzzz: 2 }, issues.at('stages[1]'));
  reader.number('seed', 0, {});
  reader.finish();
  t.deepEqual(
    issues.list.map(({ path, remedy }) => [path, remedy]),
    [
      ['stages[1].sede', 'Did you mean seed?'],
      ['stages[1].zzzzzzzz', 'Known here: seed.'],
    ],
  );
});

test("other libraries' names are answered with ours, and with why there is none", (t) => {
  const known = new Set(['learningRate', 'entropyCoef', 'valueCoef', 'maxGradNorm', 'batchSize', 'maxIterations', 'deterministic', 'seed']);
  for (const [name, ours] of [
    ['lr', 'learningRate'],
    ['learning_rate', 'learningRate'],
    ['ent_coef', 'entropyCoef'],
    ['vf_coef', 'valueCoef'],
    ['max_grad_norm', 'maxGradNorm'],
    ['n_envs', 'batchSize'],
    ['total_timesteps', 'maxIterations'],
    ['determinstic', 'deterministic'],
    ['Deterministic', 'deterministic'],
    ['sede', 'seed'],
    ['bathcSize', 'batchSize'],
  ] as const) {
    t.is(adviseOn(name, known), `Did you mean ${ours}?`, name);
  }
  for (const name of ['gamma', 'gae_lambda', 'clip_range', 'n_epochs', 'target_kl']) {
    t.truthy(adviseOn(name, known), name);
  }
  for (const name of ['pages', 'label', 'id', '', 'note', 'constructor', '__proto__', 'toString']) {
    t.is(adviseOn(name, known), undefined, name);
  }
});

test('objects that may bring more: only what looks like an option, or is one elsewhere, is refused', (t) => {
  const issues = new Issues();
  const values = { seed: 1, labels: [], sede: 2, lr: 3, threads: 4, gamma: 5, later: undefined };
  addUnknownKeys(values, new Set(['seed', 'learningRate']), issues, { among: new Set(['threads']) });
  t.deepEqual(
    issues.list.map(({ path }) => path),
    ['sede', 'lr', 'threads', 'gamma'],
  );
});

test('what cannot be read is said, not thrown', (t) => {
  const issues = new Issues();
  const throwing = {
    get seed(): number {
      throw new RangeError('out of order.');
    },
    get unknown(): number {
      throw Symbol('odd');
    },
  };
  const reader = new OptionReader(throwing, issues);
  t.is(reader.number('seed', 7, {}), 7);
  t.is(reader.number('seed', 7, {}), 7);
  reader.finish();
  t.deepEqual(
    issues.list.map(({ path, message }) => `${path} ${message}`),
    ['seed could not be read: reading it threw RangeError: out of order.', 'unknown could not be read: reading it threw a symbol.'],
  );
  const deaf = new Proxy({}, { get: () => undefined, ownKeys: (): never => breaks() });
  new OptionReader(deaf, issues).finish();
  t.is(issues.list.at(-1)?.path, 'options');
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  new OptionReader(revoked.proxy, issues).finish();
  t.is(issues.list.at(-1)?.path, 'options');
});

test('options are read whole', (t) => {
  const read = (options: unknown): number => readOptions(options, (reader) => reader.number('size', 1, { min: 1 }));
  t.is(read(undefined), 1);
  t.is(read({ size: 2 }), 2);
  const error = t.throws(() => read({ size: 0, sise: 2 }), { instanceOf: OptionsError });
  t.deepEqual(
    error?.issues.map(({ path }) => path),
    ['size', 'sise'],
  );
  for (const options of [null, 3, 'x', [], Symbol('x'), 1n, () => 1]) {
    t.is(t.throws(() => read(options), { instanceOf: OptionsError })?.path, 'options');
  }
  const booleans = (options: unknown): boolean => readOptions(options, (reader) => reader.boolean('mask', true));
  t.deepEqual([booleans({}), booleans({ mask: false }), booleans({ mask: true })], [true, false, true]);
  t.throws(() => booleans({ mask: 0 }), { instanceOf: OptionsError, message: /^mask: must be true or false, got 0\./ });
});

test('ranges', (t) => {
  t.is(numberIssue(1, { above: 0 }), undefined);
  t.is(numberIssue(0, { above: 0 }), 'must be a finite number above 0, got 0.');
  t.is(numberIssue(1, { min: 0, below: 1 }), 'must be a finite number of at least 0 and below 1, got 1.');
  t.is(numberIssue(Infinity, { above: 0, infinite: true }), undefined);
  t.is(numberIssue(-Infinity, { infinite: true }), 'must be a number, got -Infinity.');
  t.is(numberIssue('3', { integer: true, max: 8 }), "must be an integer of at most 8, got '3'.");
  t.is(
    numberIssue(2 ** 60, { integer: true, min: 0 }),
    'must be an integer of at least 0 and at most 9007199254740991, got 1152921504606847000.',
  );
});

test('shows anything in a few characters', (t) => {
  t.is(show('x'.repeat(99)), `'${'x'.repeat(40)}…'`);
  t.is(show([1, 2]), 'an array of 2');
  t.is(show(new Map()), 'an object (Map)');
  t.is(show(Object.create(null)), 'an object (no prototype)');
  t.is(show(3n), '3n');
  t.is(
    show(() => 1),
    'a function',
  );
  t.is(show(Symbol('x')), 'a symbol');
  t.is(show(Object.create({ constructor: null })), 'an object (no prototype)');
  t.is(show(Object.create({ constructor: { name: 3 } })), 'an object (no prototype)');
  t.is(show({ toString: breaks }), 'an object (Object)');
  t.is(show(new Proxy({}, { getPrototypeOf: (): never => breaks() })), 'an object (unreadable)');
});

test('shows what was thrown', (t) => {
  t.is(showThrown(new RangeError('too far.')), 'RangeError: too far');
  t.is(showThrown(runInNewContext('new TypeError("elsewhere")')), 'TypeError: elsewhere');
  t.is(showThrown(new DOMException('stopped', 'AbortError')), 'AbortError: stopped');
  t.is(showThrown('a text'), "'a text'");
  t.is(showThrown(undefined), 'undefined');
  t.is(showThrown(null), 'null');
  t.is(showThrown(Object.create(null)), 'an object (no prototype)');
  t.is(
    showThrown({
      get name(): string {
        return breaks();
      },
    }),
    'an object (Object)',
  );
});

function breaks(): never {
  throw new Error('this is broken');
}
