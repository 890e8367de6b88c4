import test from 'ava';
import { InputError, OptionsError } from 'innate';
import { Issues } from '#dist/util/issues.js';

test('keys are relative to a place, and all places share one collection', (t) => {
  const issues = new Issues();
  const stage = issues.at('stages[2]');
  stage.add('until', 'is odd.', 'Leave it out.');
  stage.at('until').add('successRate', 'is odder.');
  stage.add('', 'is oddest.');
  issues.add('seed', 'is even.');
  issues.at("stateDict['v.bias']").at('data').add('[3]', 'is NaN.');
  t.deepEqual(issues.list, [
    { path: 'stages[2].until', message: 'is odd.', remedy: 'Leave it out.' },
    { path: 'stages[2].until.successRate', message: 'is odder.', remedy: undefined },
    { path: 'stages[2]', message: 'is oddest.', remedy: undefined },
    { path: 'seed', message: 'is even.', remedy: undefined },
    { path: "stateDict['v.bias'].data[3]", message: 'is NaN.', remedy: undefined },
  ]);
  t.is(stage.list, issues.list);
  t.deepEqual([issues.path, stage.path, stage.at('until').path, issues.at('').path], ['', 'stages[2]', 'stages[2].until', '']);
});

test('a collection may begin at a place', (t) => {
  const issues = new Issues('task');
  issues.add('horizon', 'is 0.');
  t.deepEqual(
    issues.list.map(({ path }) => path),
    ['task.horizon'],
  );
});

test('numbers are compared with their range, and the remedy names it unless another is given', (t) => {
  const issues = new Issues('at');
  t.true(issues.number('n', 3, { min: 1, max: 3 }));
  t.deepEqual(issues.list, []);
  t.false(issues.number('n', 4, { min: 1, max: 3 }));
  t.false(issues.number('m', '1', {}, 'Pass 1.'));
  t.deepEqual(issues.list, [
    {
      path: 'at.n',
      message: 'must be a finite number of at least 1 and at most 3, got 4.',
      remedy: 'Pass a finite number of at least 1 and at most 3.',
    },
    { path: 'at.m', message: "must be a finite number, got '1'.", remedy: 'Pass 1.' },
  ]);
});

test('what cannot be read is an issue', (t) => {
  const issues = new Issues();
  issues.unreadable('seed', new RangeError('out of order.'));
  issues.unreadable('stages', 'no', 'Pass a list.');
  t.deepEqual(issues.list, [
    { path: 'seed', message: 'could not be read: reading it threw RangeError: out of order.', remedy: 'Pass a plain object.' },
    { path: 'stages', message: "could not be read: reading it threw 'no'.", remedy: 'Pass a list.' },
  ]);
});

test('one error says all, of the class asked for; without issues there is none', (t) => {
  const issues = new Issues();
  t.notThrows(() => issues.throwIfAny(OptionsError));
  issues.add('a', 'is odd.', 'Mend it.');
  issues.add('b', 'is odder.', 'Mend it.');
  for (const Kind of [OptionsError, InputError]) {
    const error = t.throws(() => issues.throwIfAny(Kind), { instanceOf: Kind });
    t.deepEqual(error?.issues, issues.list);
    t.is(error?.message, 'a: is odd.\nb: is odder.\n Mend it.');
    t.is(error?.path, 'a');
  }
});
