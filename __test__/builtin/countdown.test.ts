import test from 'ava';
import {
  type CountdownParameters,
  type CountdownSlot,
  type CountdownTool,
  countdown,
  createCountdown,
} from '#dist/builtin/countdown/countdown.js';
import { type CountdownProblem, drawNumbers, MULTISETS, targetsOf } from '#dist/builtin/countdown/numbers.js';
import { checkTask } from '#dist/define/check/check-task.js';
import type { ToolCall } from '#dist/define/tool-parameters.js';
import { OptionsError } from '#dist/errors/options-error.js';
import { Random } from '#dist/util/random.js';

type Call = ToolCall<CountdownTool, CountdownParameters>;

const SLOTS = ['a', 'b', 'c', 'd', 'e', 'f'] as const;

/** Searches for calls that make the target, by trying them all: the rules written down a second time. */
function solve({ numbers, target }: CountdownProblem): Call[] | undefined {
  const search = (table: ReadonlyMap<CountdownSlot, number>, made: number): Call[] | undefined => {
    for (const [left, a] of table) {
      for (const [right, b] of table) {
        if (left === right) {
          continue;
        }
        const options: [CountdownTool, number][] = [
          ['ADD', left < right ? a + b : 0],
          ['MUL', left < right ? a * b : 0],
          ['SUB', a - b],
          ['DIV', a % b === 0 ? a / b : 0],
        ];
        for (const [tool, value] of options) {
          if (value < 1 || value > 999) {
            continue;
          }
          const call: Call = [tool, { left, right }];
          if (value === target) {
            return [call];
          }
          const rest = new Map([...table].filter(([slot]) => slot !== left && slot !== right));
          const slot = SLOTS[4 + made];
          const later = slot === undefined || rest.size === 0 ? undefined : search(rest.set(slot, value), made + 1);
          if (later !== undefined) {
            return [call, ...later];
          }
        }
      }
    }
    return undefined;
  };
  return search(new Map(numbers.map((number, at) => [SLOTS[at] as CountdownSlot, number])), 0);
}

function trace(numbers: number[], target: number, ...calls: Call[]) {
  const tokens = countdown.program(...calls).subarray(0, 3 * calls.length);
  return countdown.trace({ numbers, target }, numbers.length === 3 ? 0 : 1, tokens);
}

test('every target of every three numbers is reached by the search, and no other, within the horizon', (t) => {
  for (const numbers of [...MULTISETS[3].train, ...MULTISETS[3].test]) {
    const targets = targetsOf(numbers);
    for (let target = 10; target <= 100; target += 1) {
      const calls = solve({ numbers, target });
      t.is(calls !== undefined && !numbers.includes(target), targets.has(target), `${numbers} to ${target}`);
      if (calls !== undefined && targets.has(target)) {
        const { success, episodeReturn, steps } = countdown.trace({ numbers, target }, 0, countdown.program(...calls));
        t.true(success && episodeReturn === 1 && steps.every(({ applied }) => applied));
      }
    }
  }
});

test('drawn problems with four numbers are solved by the search', (t) => {
  const random = new Random(1);
  for (let draw = 0; draw < 200; draw += 1) {
    const problem = drawNumbers(random, 4, draw % 2 === 0 ? 'train' : 'test');
    const calls = solve(problem);
    t.truthy(calls, JSON.stringify(problem));
    t.true(countdown.trace(problem, 1, countdown.program(...(calls ?? []))).success);
  }
});

test('three numbers reach about 12 targets on average, four about 52; one multiset in five is held out', (t) => {
  t.deepEqual([MULTISETS[3].train.length, MULTISETS[3].test.length], [176, 44]);
  t.deepEqual([MULTISETS[4].train.length, MULTISETS[4].test.length], [572, 143]);
  const mean = (size: 3 | 4) => {
    const random = new Random(3);
    const counts = Array.from({ length: 3000 }, () => {
      const numbers = Array.from({ length: size }, () => 1 + random.int(10)).sort((a, b) => a - b);
      return targetsOf(numbers).size;
    });
    return counts.reduce((sum, count) => sum + count, 0) / counts.length;
  };
  t.is(Math.round(mean(3)), 12);
  t.is(Math.round(mean(4)), 52);
});

test('what is drawn to train on has no multiset that is held out', (t) => {
  for (const size of [3, 4] as const) {
    const random = new Random(2);
    const drawn = (split: 'train' | 'test') => new Set(Array.from({ length: 500 }, () => drawNumbers(random, size, split).numbers.join()));
    const [train, held] = [drawn('train'), drawn('test')];
    t.false([...train].some((numbers) => held.has(numbers)));
    t.true(held.size > 30 && train.size > held.size);
  }
});

test('numbers are used up, results lie in e and f, and are heard by their digits', (t) => {
  const { steps, success } = trace(
    [2, 5, 9, 10],
    100,
    ['MUL', { left: 'c', right: 'd' }],
    ['MUL', { left: 'a', right: 'b' }],
    ['ADD', { left: 'e', right: 'f' }],
  );
  t.true(success);
  t.deepEqual(
    steps.map(({ state }) => state.slots),
    [
      [2, 5, null, null, 90, null],
      [null, null, null, null, 90, 10],
      [null, null, null, null, null, null],
    ],
  );
  t.deepEqual(
    steps.map(({ heard }) => heard?.join('')),
    ['', '090', '010'],
  );
});

test('what cannot be done is refused', (t) => {
  const refused: [number[], Call][] = [
    [
      [2, 5, 9],
      ['SUB', { left: 'a', right: 'b' }],
    ],
    [
      [5, 5, 9],
      ['SUB', { left: 'a', right: 'b' }],
    ],
    [
      [2, 5, 9],
      ['DIV', { left: 'b', right: 'a' }],
    ],
    [
      [2, 5, 9],
      ['DIV', { left: 'a', right: 'b' }],
    ],
    [
      [2, 5, 9],
      ['ADD', { left: 'a', right: 'a' }],
    ],
    [
      [2, 5, 9],
      ['ADD', { left: 'b', right: 'a' }],
    ],
    [
      [2, 5, 9],
      ['MUL', { left: 'c', right: 'a' }],
    ],
    [
      [2, 5, 9],
      ['ADD', { left: 'a', right: 'd' }],
    ],
    [
      [2, 5, 9],
      ['ADD', { left: 'a', right: 'e' }],
    ],
  ];
  for (const [numbers, call] of refused) {
    t.false(trace(numbers, 90, call).steps[0]?.applied, JSON.stringify([numbers, call]));
  }
  const over = trace([9, 10, 10], 90, ['MUL', { left: 'a', right: 'b' }], ['ADD', { left: 'c', right: 'e' }]);
  t.true(over.success);
  t.is(over.steps.length, 1, 'the target is reached, and the program over');
  const large = trace([10, 10, 10, 10], 50, ['MUL', { left: 'a', right: 'b' }], ['MUL', { left: 'c', right: 'e' }]);
  t.false(large.steps[1]?.applied, '1000 is too much');
});

test('a program is over when one number is left', (t) => {
  const run = countdown.machine.start({ numbers: [2, 3, 4], target: 20 }, 0);
  for (const token of countdown.program(['ADD', { left: 'a', right: 'b' }], ['ADD', { left: 'c', right: 'e' }]).subarray(0, 6)) {
    countdown.machine.step(run, token);
  }
  t.true(run.truncated);
  t.false(countdown.machine.outcome(run).success);
});

test('checkTask: solvable; that order is lost to a mean is said until prompts are read in order', (t) => {
  const { findings, stages } = checkTask(countdown, { problems: 12, samples: 300, maxStates: 4000 });
  t.deepEqual(
    findings.filter(({ severity, code }) => severity === 'error' && code !== 'indistinguishable'),
    [],
  );
  t.true(stages.every(({ solvableFraction }) => solvableFraction === 1));
});

test('options that are wrong or unknown are refused', (t) => {
  const paths = (options: unknown) =>
    t.throws(() => createCountdown(options as never), { instanceOf: OptionsError })?.issues.map(({ path }) => path);
  t.deepEqual(paths({ mask: 'none' }), ['mask']);
  t.deepEqual(paths({ size: 3 }), ['size']);
});
