import test from 'ava';
import { createExpressions, expressions } from '#dist/builtin/expressions/expressions.js';
import { createTriage } from '#dist/builtin/triage/triage.js';
import { orderMatters } from '#dist/define/check/order.js';
import { defineTask } from '#dist/define/define-task.js';
import { createSupportDesk } from '../support/support-desk.js';

/** Numbers `a` and `b` are shown somehow, and one of three tools is right. */
function compare(encode: (a: number, b: number) => readonly string[], right: (a: number, b: number) => string, most = 5) {
  return defineTask({
    name: 'compare',
    stages: ['all'],
    horizon: 1,
    symbols: [...Array.from({ length: most }, (_, digit) => String(digit)), 'first', 'second'],
    sample: (random) => ({ a: random.int(most), b: random.int(most) }),
    encode: ({ a, b }) => encode(a, b),
    start: () => ({ said: '' }),
    tools: {
      LESS: {
        run: (state) => {
          state.said = 'less';
        },
      },
      SAME: {
        run: (state) => {
          state.said = 'same';
        },
      },
      MORE: {
        run: (state) => {
          state.said = 'more';
        },
      },
    },
    success: ({ said }, { a, b }) => said === right(a, b),
  });
}

const equal = (a: number, b: number) => (a === b ? 'same' : 'less');

function larger(a: number, b: number): string {
  if (a === b) {
    return 'same';
  }
  return a < b ? 'less' : 'more';
}

test('order matters where two orders of the same symbols need different programs', (t) => {
  t.true(orderMatters(compare((a, b) => [`${a}`, `${b}`], larger)));
  t.false(orderMatters(compare((a, b) => [`${a}`, `${b}`], equal)));
});

test('order does not matter where the symbols say it', (t) => {
  t.false(orderMatters(compare((a, b) => (a <= b ? [`${a}`, `${b}`] : [`${b}`, `${a}`]), equal)));
  t.false(orderMatters(compare((a, b) => ['first', `${a}`].slice(b > 2 ? 0 : 1), equal)));
});

test('where no two orders of the same symbols are drawn, order may matter', (t) => {
  const shown = (a: number) => Array.from({ length: 8 }, (_, place) => `${((a + 1) * (7919 + 31 * place * place)) % 97}`);
  t.true(orderMatters(compare(shown, equal, 1000)));
});

test('of the tasks that come along', (t) => {
  t.true(orderMatters(expressions));
  t.true(orderMatters(createExpressions({ endOnly: true })));
  t.false(orderMatters(createSupportDesk()));
  t.false(orderMatters(createTriage()), 'each request says its place');
});
