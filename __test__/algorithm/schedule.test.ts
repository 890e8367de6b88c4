import test from 'ava';
import { constant, cosine, linear, type Schedule } from 'innate';
import { readSchedule, valueAt } from '#dist/algorithm/schedule.js';
import { OptionReader } from '#dist/util/option-reader.js';
import { fails } from '../support/failure.js';

test('closed forms, exact at both ends', (t) => {
  const even = linear(0.3, 0.1);
  t.deepEqual(
    [0, 0.25, 0.5, 1].map((p) => valueAt(even, p)),
    [0.3, 0.75 * 0.3 + 0.25 * 0.1, 0.2, 0.1],
  );
  const gentle = cosine(2, 1);
  t.is(valueAt(gentle, 0), 2);
  t.is(valueAt(gentle, 1), 1);
  t.is(valueAt(gentle, 0.5), 1 + (1 + Math.cos(Math.PI / 2)) / 2);
  t.true(Math.abs(valueAt(gentle, 1 / 3) - 1.75) < 1e-15);
  t.true(Math.abs(valueAt(gentle, 2 / 3) - 1.25) < 1e-15);
  t.deepEqual([valueAt(constant(7), 0), valueAt(constant(7), 0.9)], [7, 7]);
  t.deepEqual(even, { shape: 'linear', from: 0.3, to: 0.1 } satisfies Schedule, 'plain data');
});

test('what is not finite is no schedule', async (t) => {
  await fails(t, () => linear(NaN, 1), { code: 'ERR_OPTIONS', path: 'linear.from' });
  await fails(t, () => linear(0, Infinity), { code: 'ERR_OPTIONS', path: 'linear.to' });
  await fails(t, () => cosine('1' as unknown as number, 1), { code: 'ERR_OPTIONS', path: 'cosine.from' });
  await fails(t, () => constant(NaN), { code: 'ERR_OPTIONS', path: 'constant.value' });
});

test('an option is a number or a schedule, each end in the range; what must be above 0 may end there', (t) => {
  const fallback = constant(9);
  const read = (value: unknown) => {
    const reader = new OptionReader({ key: value });
    const schedule = readSchedule(reader, 'key', fallback, { above: 0, max: 1 });
    reader.finish();
    return [schedule, reader.issues.list.map(({ path }) => path)];
  };
  t.deepEqual(read(undefined), [fallback, []]);
  t.deepEqual(read(0.5), [{ shape: 'constant', from: 0.5, to: 0.5 }, []]);
  t.deepEqual(read(linear(1, 0)), [linear(1, 0), []]);
  t.deepEqual(read({ shape: 'cosine', from: 1, to: 0.5 }), [cosine(1, 0.5), []], 'from JSON');
  t.deepEqual(read(0), [fallback, ['key']]);
  t.deepEqual(read('1'), [fallback, ['key']]);
  t.deepEqual(read({}), [fallback, ['key']]);
  t.deepEqual(read({ shape: 'square', from: 1, to: 1 }), [fallback, ['key']]);
  t.deepEqual(read(linear(0, 1)), [fallback, ['key.from']]);
  t.deepEqual(read(linear(2, -1)), [fallback, ['key.from', 'key.to']]);
});
