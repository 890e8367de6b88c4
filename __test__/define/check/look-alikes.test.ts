import test from 'ava';
import { checkTask, formatTaskCheck, type TaskFinding } from '#dist/define/check/check-task.js';
import { defineTask } from '#dist/define/define-task.js';
import type { Task } from '#dist/task/task.js';
import { createSupportDesk } from '../support/support-desk.js';

function found(task: Task, code: TaskFinding['code'], options = {}): TaskFinding | undefined {
  return checkTask(task, options).findings.find((finding) => finding.code === code);
}

test('a hidden status that LOOKUP answers costs nothing; one that nothing answers costs all but one', (t) => {
  const heard = checkTask(createSupportDesk());
  t.true(heard.solvable);
  t.is(heard.stages[0]?.bestSuccess, 1);
  t.deepEqual(heard.findings, []);
  const deaf = checkTask(createSupportDesk(false));
  t.false(deaf.solvable);
  t.is(deaf.stages[0]?.reachable, true, 'each problem has a right program');
  t.true(Math.abs((deaf.stages[0]?.bestSuccess ?? 0) - 1 / 3) < 0.03);
  const finding = deaf.findings.find(({ code }) => code === 'indistinguishable');
  t.like(finding, { severity: 'error', stage: 'tickets' });
  t.regex(
    finding?.message ?? '',
    /^problems that look the same need different programs: no agent can be right for more than about 3\d(\.\d)? %/,
  );
  t.regex(finding?.message ?? '', /"status":"(lost|late|delivered)".* and .*"status":"(lost|late|delivered)"/);
  t.regex(finding?.remedy ?? '', /observe/);
  t.regex(formatTaskCheck(deaf), /^support-desk: NOT solvable/);
  t.deepEqual(deaf.stages[0]?.shortestProgram?.tools, ['LOOKUP', 'REFUND', 'REPLY']);
  t.like(deaf.stages[0]?.shortestProgram?.calls?.[1], { 0: 'REFUND' });
  t.regex(formatTaskCheck(deaf), /LOOKUP REFUND\((full|half), [012]\) REPLY/);
});

/** The first symbol says which tool is right. */
function ordered(encode: (pair: readonly ('a' | 'b')[]) => readonly ('a' | 'b' | 'from a' | 'from b')[]) {
  return defineTask({
    name: 'ordered',
    stages: ['pairs'],
    horizon: 1,
    symbols: ['a', 'b', 'from a', 'from b'],
    sample: (random): ('a' | 'b')[] => (random.int(2) === 0 ? ['a', 'b'] : ['b', 'a']),
    encode,
    start: () => ({ said: '' }),
    tools: {
      A: {
        run: (state) => {
          state.said = 'a';
        },
      },
      B: {
        run: (state) => {
          state.said = 'b';
        },
      },
    },
    success: (state, [first]) => state.said === first,
  });
}

test('the order of symbols is lost to a mean, and to nobody who reads them in order', (t) => {
  const report = checkTask(
    ordered((pair) => pair),
    { encoder: 'mean' },
  );
  t.is(
    found(
      ordered((pair) => pair),
      'indistinguishable',
    ),
    undefined,
    'an agent for it reads in order',
  );
  t.true(Math.abs((report.stages[0]?.bestSuccess ?? 0) - 0.5) < 0.03);
  t.true(report.findings.some(({ code }) => code === 'indistinguishable'));
  t.is(
    found(
      ordered(([first, second]) => [first === 'a' ? 'from a' : 'from b', second ?? 'a']),
      'indistinguishable',
      { encoder: 'mean' },
    ),
    undefined,
  );
});

/** A number to guess in so many guesses, with an answer to each. */
function guessing(numbers: number, guesses: number, answer: 'higher or lower' | 'right or wrong') {
  return defineTask({
    name: 'guessing',
    stages: ['numbers'],
    horizon: 2 * guesses,
    symbols: ['higher', 'lower', 'begin'],
    sample: (random) => ({ goal: random.int(numbers) }),
    encode: () => ['begin'],
    start: () => ({ guess: -1, found: false, guesses: 0 }),
    observe: ({ guess }, { goal }) => {
      if (guess < 0) {
        return ['begin'];
      }
      return [answer === 'higher or lower' && goal < guess ? 'lower' : 'higher'];
    },
    observationLength: 1,
    mask: 'applicable',
    tools: {
      GUESS: {
        parameters: { number: numbers },
        when: ({ found }) => !found,
        run: (state, { goal }, _stage, { number }) => {
          state.guess = number;
          state.found = goal === number;
        },
      },
    },
    success: ({ found }) => found,
  });
}

test('what is heard is taken into account, step by step', (t) => {
  t.is(found(guessing(3, 2, 'higher or lower'), 'indistinguishable'), undefined);
  t.is(found(guessing(7, 3, 'higher or lower'), 'indistinguishable'), undefined);
  const best = (task: Task) => checkTask(task).stages[0]?.bestSuccess ?? 0;
  t.true(Math.abs(best(guessing(4, 2, 'higher or lower')) - 3 / 4) < 0.03, 'two guesses tell three numbers apart');
  t.true(Math.abs(best(guessing(5, 2, 'right or wrong')) - 2 / 5) < 0.03, 'a guess each');
});

test('a search of look-alikes that is cut short says so', (t) => {
  const finding = found(createSupportDesk(false), 'indistinguishable', { maxStates: 400 });
  t.true(finding === undefined || finding.message.endsWith('The search was cut short: it may be less.'));
  const deep = { ...checkTask(guessing(4, 2, 'higher or lower'), { maxStates: 1 }) };
  t.false(
    deep.findings.some(({ code }) => code === 'indistinguishable'),
    'nobody is accused',
  );
});

test('random programs that are never right and earn nothing are noted, those that are paid on the way are not', (t) => {
  const lock = (paid: boolean) =>
    defineTask({
      name: 'lock',
      stages: ['only'],
      horizon: 12,
      symbols: ['x'],
      sample: () => 0,
      encode: () => [],
      start: () => ({ at: 0, most: 0 }),
      tools: {
        RIGHT: {
          run: (state) => {
            state.at += 1;
            state.most = Math.max(state.at, state.most);
          },
        },
        LEFT: {
          run: (state) => {
            state.at = 0;
          },
        },
        BACK: {
          run: (state) => {
            state.at = 0;
          },
        },
      },
      milestones: paid ? { two: { reward: 0.1, reached: (state) => state.most >= 2 } } : undefined,
      success: (state) => state.at === 12,
    });
  t.like(found(lock(false), 'sparse'), { severity: 'note', stage: 'only' });
  t.regex(found(lock(false), 'sparse')?.message ?? '', /^random programs are never right, and hardly ever earn anything/);
  t.is(found(lock(true), 'sparse'), undefined);
});
