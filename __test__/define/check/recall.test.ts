import test from 'ava';
import { checkTask, defineTask, type Task } from 'innate';

/** A lamp is lit or dark, and after some waiting dark ones are to be switched. When it is told which decides what has to be remembered. */
function lamp(told: 'always' | 'at first'): Task {
  return defineTask({
    name: 'lamp',
    stages: ['room'],
    horizon: 2,
    symbols: ['room', 'dark', 'lit', 'waited'],
    sample: (random) => ({ dark: random.int(2) === 1 }),
    encode: () => ['room'],
    start: () => ({ waited: false, switched: false }),
    observe: ({ waited }, { dark }) => {
      if (waited && told === 'at first') {
        return ['waited'];
      }
      return [dark ? 'dark' : 'lit'];
    },
    observationLength: 1,
    tools: {
      WAIT: {
        when: ({ waited }) => !waited,
        run: (state) => {
          state.waited = true;
        },
      },
      SWITCH: {
        ends: true,
        when: ({ waited }) => waited,
        run: (state) => {
          state.switched = true;
        },
      },
      LEAVE: { when: ({ waited }) => waited, ends: true },
    },
    mask: 'applicable',
    success: ({ switched }, { dark }) => switched === dark,
  });
}

const codes = (task: Task) => checkTask(task).findings.map(({ code }) => code);

test('what is told at each step says what to do at it', (t) => {
  t.is(checkTask(lamp('always')).stages[0]?.memory, 'not-needed');
  t.true(codes(lamp('always')).includes('needs-no-memory'));
});

test('each problem by itself can be solved without remembering, all together cannot: nothing is said', (t) => {
  const check = checkTask(lamp('at first'));
  t.is(check.stages[0]?.memory, undefined);
  t.false(check.findings.some(({ code }) => code === 'needs-no-memory' || code === 'needs-memory'));
});

test('a single problem that needs another tool at the same sight needs a memory', (t) => {
  // UP, UP, END: the second and the third look the same.
  const counting = defineTask({
    name: 'counting',
    stages: ['all'],
    horizon: 5,
    symbols: ['go', 'nothing'],
    sample: () => ({}),
    encode: () => ['go'],
    start: () => ({ n: 0 }),
    observe: () => ['nothing'],
    observationLength: 1,
    tools: {
      UP: {
        run: (state) => {
          state.n += 1;
        },
      },
      END: { ends: true },
    },
    success: ({ n }) => n === 2,
  });
  t.is(checkTask(counting).stages[0]?.memory, 'needed');
  t.true(codes(counting).includes('needs-memory'));
});

test('neither is said when the search was cut short', (t) => {
  t.is(checkTask(lamp('always'), { maxStates: 1 }).stages[0]?.memory, undefined);
});
