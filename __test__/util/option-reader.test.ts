import test from 'ava';
import { numberProblem, OptionReader, show } from '#dist/util/option-reader.js';

type Problems = ConstructorParameters<typeof OptionReader>[1];

test('reads, checks and falls back', (t) => {
  const problems: Problems = [];
  const reader = new OptionReader({ a: 3, b: 'x', c: NaN, d: undefined }, problems);
  t.is(reader.number('a', 1, { min: 1, integer: true }), 3);
  t.is(reader.choice('b', 'x', ['x', 'y']), 'x');
  t.is(reader.number('c', 7, {}), 7);
  t.is(reader.number('d', 8, {}), 8);
  reader.finish();
  t.deepEqual(
    problems.map(({ path, message }) => `${path} ${message}`),
    ['c must be a finite number, got NaN.'],
  );
});

test('unknown keys are named, with the key that was meant', (t) => {
  const problems: Problems = [];
  const reader = new OptionReader({ sede: 1, zzzzzzzz: 2 }, problems, 'stages[1]');
  reader.number('seed', 0, {});
  reader.finish();
  t.deepEqual(
    problems.map(({ path, remedy }) => [path, remedy]),
    [
      ['stages[1].sede', 'Did you mean seed?'],
      ['stages[1].zzzzzzzz', 'Known here: seed.'],
    ],
  );
});

test('ranges', (t) => {
  t.is(numberProblem(1, { above: 0 }), undefined);
  t.is(numberProblem(0, { above: 0 }), 'must be a finite number above 0, got 0.');
  t.is(numberProblem(1, { min: 0, below: 1 }), 'must be a finite number of at least 0 and below 1, got 1.');
  t.is(numberProblem(Infinity, { above: 0, infinite: true }), undefined);
  t.is(numberProblem(-Infinity, { infinite: true }), 'must be a number, got -Infinity.');
  t.is(numberProblem('3', { integer: true }), "must be an integer, got '3'.");
  t.is(numberProblem(2 ** 60, { integer: true }), 'must be an integer, got 1152921504606847000.');
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
});
