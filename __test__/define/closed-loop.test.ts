import test from 'ava';
import { defineTask } from '#dist/define/define-task.js';
import { TaskError } from '#dist/errors/task-error.js';
import { checkedBegin } from '#dist/task/checked-episodes.js';
import { Random } from '#dist/util/random.js';
import { createSupportDesk } from './support/support-desk.js';

const TICKET = { claim: 'missing', status: 'lost', line: 2 } as const;

test('values of parameters have tokens after the tools, shared by text; a task without them is as it was', (t) => {
  const desk = createSupportDesk();
  t.deepEqual(desk.vocabulary.slice(desk.startToken), [
    '[CTX]',
    '[LOOKUP]',
    '[REFUND]',
    '[APOLOGIZE]',
    '[REPLY]',
    '(full)',
    '(half)',
    '(0)',
    '(1)',
    '(2)',
    '[EOS]',
  ]);
  t.deepEqual(desk.interaction, { observationLength: 1, masked: true });
  t.deepEqual(desk.tools, ['LOOKUP', 'REFUND', 'APOLOGIZE', 'REPLY']);
  const shared = defineTask({
    name: 'shared',
    stages: ['only'],
    horizon: 4,
    symbols: ['x'],
    sample: () => 0,
    encode: () => [],
    start: () => ({ said: '' }),
    tools: {
      A: {
        parameters: { what: ['b', '1'], count: 2 },
        run: (state, _p, _s, { what, count }) => {
          state.said += `${what}${count + 1}`;
        },
      },
      B: { parameters: { other: ['c', 'b'] } },
    },
    success: () => true,
  });
  t.deepEqual(shared.vocabulary, ['x', '[CTX]', '[A]', '[B]', '(b)', '(1)', '(0)', '(c)', '[EOS]']);
  t.is(
    shared.trace(0, 0, shared.program(['A', { what: '1', count: 1 }])).steps[0]?.state.said,
    '12',
    'a number, and a text of the same token',
  );
});

test('what is heard, what may be emitted and what is earned, step by step', (t) => {
  const desk = createSupportDesk();
  const batch = desk.encode([TICKET, { ...TICKET, status: 'delivered' }], 'tickets');
  const episodes = checkedBegin(desk, batch);
  const { heard, rewards, ended, truncated } = episodes;
  const nothing = desk.vocabulary.length;
  const allowed = (row: number) => desk.vocabulary.filter((_, token) => episodes.allowed?.[row * nothing + token] === 1);
  const texts = () => Array.from(heard, (id) => (id === nothing ? '' : desk.vocabulary[id]));
  const step = (...tokens: string[]) => episodes.step(Int32Array.from(tokens, (text) => desk.vocabulary.indexOf(text)));
  t.deepEqual([texts(), allowed(0)], [['', ''], ['[LOOKUP]']]);
  step('[LOOKUP]', '[LOOKUP]');
  t.deepEqual(texts(), ['lost', 'delivered']);
  t.deepEqual([...rewards], [...Float32Array.of(0.1, 0.1)]);
  t.deepEqual(allowed(1), ['[REFUND]', '[APOLOGIZE]', '[REPLY]']);
  step('[REFUND]', '[APOLOGIZE]');
  t.deepEqual(texts(), ['', 'delivered'], 'nothing is heard within a call');
  t.deepEqual(
    [allowed(0), allowed(1)],
    [
      ['(full)', '(half)'],
      ['[REFUND]', '[REPLY]'],
    ],
  );
  t.deepEqual([...rewards], [0, 0]);
  step('(full)', '[REPLY]');
  t.deepEqual(
    [[...rewards], [...ended], [...truncated]],
    [
      [0, 1],
      [0, 1],
      [0, 0],
    ],
  );
  t.deepEqual(allowed(0), ['(0)', '(1)', '(2)']);
  t.is(allowed(1).length, nothing, 'all in rows that ended');
  step('(2)', '[LOOKUP]');
  t.deepEqual(
    [texts(), [...rewards]],
    [
      ['lost', ''],
      [0, 0],
    ],
  );
  t.deepEqual(allowed(0), ['[APOLOGIZE]', '[REPLY]']);
  step('[REPLY]', '[LOOKUP]');
  t.deepEqual(
    [[...rewards], [...ended], [...truncated]],
    [
      [1, 0],
      [1, 1],
      [0, 0],
    ],
  );
  const scores = { returns: new Float32Array(2), successes: new Uint8Array(2), lengths: new Int32Array(2) };
  episodes.score(scores);
  t.deepEqual(scores, { returns: Float32Array.of(1.1, 1.1), successes: Uint8Array.of(1, 1), lengths: Int32Array.of(5, 3) });
  t.is(heard, episodes.heard);
});

test('traces have one step a call, with what was heard, the arguments and what it earned; decode has calls that program takes', (t) => {
  const desk = createSupportDesk();
  const calls = ['LOOKUP', ['REFUND', { amount: 'full', line: 2 }], 'REPLY'] as const;
  const program = desk.program(...calls);
  const opened = { opened: true, refund: null, apologized: false, refused: 0 };
  const refund = { amount: 'full', line: 2 } as const;
  t.deepEqual(desk.trace(TICKET, 0, program), {
    steps: [
      { token: '[LOOKUP]', tool: 'LOOKUP', applied: true, milestones: ['opened'], state: opened, tokenCount: 1, heard: [], reward: 0.1 },
      {
        token: '[REFUND] (full) (2)',
        tool: 'REFUND',
        applied: true,
        milestones: [],
        state: { ...opened, refund },
        arguments: refund,
        tokenCount: 3,
        heard: ['lost'],
        reward: 0,
      },
      {
        token: '[REPLY]',
        tool: 'REPLY',
        applied: true,
        milestones: [],
        state: { ...opened, refund },
        tokenCount: 1,
        heard: ['lost'],
        reward: 1,
      },
    ],
    ended: true,
    success: true,
    episodeReturn: 1.1,
  });
  const [decoded] = desk.decode(desk.encode([TICKET], 0), program);
  t.deepEqual(decoded?.calls, [...calls]);
  t.deepEqual(decoded?.tools, ['LOOKUP', 'REFUND', 'REPLY']);
  t.deepEqual([...desk.program(...(decoded?.calls ?? []))], [...program]);
});

test('a call that the horizon breaks off applies nothing', (t) => {
  const desk = createSupportDesk();
  const [lookup, refund, full] = [desk.token('LOOKUP'), desk.token('REFUND'), desk.vocabulary.indexOf('(full)')];
  const { steps, success } = desk.trace(TICKET, 0, [lookup, lookup, lookup, lookup, refund, full]);
  t.like(steps.at(-1), {
    tool: 'REFUND',
    applied: false,
    arguments: { amount: 'full' },
    tokenCount: 2,
    state: { refund: null, refused: 3 },
  });
  t.false(success);
  const [decoded] = desk.decode(desk.encode([TICKET], 0), [lookup, lookup, lookup, lookup, refund, full]);
  t.deepEqual(decoded?.calls, ['LOOKUP', 'LOOKUP', 'LOOKUP', 'LOOKUP']);
});

const lines = (mask: boolean | 'applicable') =>
  defineTask({
    name: 'lines',
    stages: ['only'],
    horizon: 6,
    symbols: ['x', 'y'],
    sample: () => ({ stock: [0, 2, 1] }),
    encode: () => ['x'],
    start: ({ stock }) => ({ stock: [...stock], refused: [] as string[] }),
    mask,
    tools: {
      TAKE: {
        parameters: { line: 3, count: ['one', 'two'] },
        when: ({ stock }, _problem, _stage, { line, count }) => {
          const left = line === undefined ? Math.max(...stock) : (stock[line] ?? 0);
          return left >= (count === 'two' ? 2 : 1);
        },
        run: (state, _problem, _stage, { line, count }) => {
          state.stock[line] = (state.stock[line] ?? 0) - (count === 'two' ? 2 : 1);
        },
      },
    },
    onRefused: (state, _problem, _stage, tool) => {
      state.refused.push(tool);
    },
    success: ({ stock }) => stock.every((left) => left === 0),
  });

test("'applicable' looks at the arguments so far, and ends a program that no tool can go on with", (t) => {
  const task = lines('applicable');
  const episodes = task.begin?.(task.encode([{ stock: [0, 2, 1] }], 0));
  const allowed = () => task.vocabulary.filter((_, token) => episodes?.allowed?.[token] === 1);
  const step = (text: string) => episodes?.step(Int32Array.of(task.vocabulary.indexOf(text)));
  t.deepEqual(allowed(), ['[TAKE]']);
  step('[TAKE]');
  t.deepEqual(allowed(), ['(1)', '(2)']);
  step('(2)');
  t.deepEqual(allowed(), ['(one)']);
  step('(one)');
  step('[TAKE]');
  t.deepEqual(allowed(), ['(1)']);
  step('(1)');
  t.deepEqual(allowed(), ['(one)', '(two)']);
  t.deepEqual([episodes?.ended[0], episodes?.rewards[0]], [0, 0]);
  step('(two)');
  t.deepEqual(
    [episodes?.ended[0], episodes?.truncated[0], episodes?.rewards[0]],
    [1, 1, 1],
    'no tool ends: success is asked where none applies',
  );
  t.true(allowed().length === task.vocabulary.length);
  const empty = checkedBegin(task, task.encode([{ stock: [0, 0, 0] }], 0));
  t.deepEqual([empty.ended[0], empty.allowed?.[task.token('TAKE')]], [0, 1], 'a program has at least one step');
  empty.step(Int32Array.of(task.token('TAKE')));
  t.is(empty.ended[0], 0, 'within a call');
});

test("with mask: 'applicable' no argument leads to where no other can follow", (t) => {
  const task = defineTask({
    name: 'sum',
    stages: ['only'],
    horizon: 3,
    symbols: ['x'],
    sample: () => ({ sum: 3 }),
    encode: () => [],
    start: () => ({ done: false }),
    mask: 'applicable',
    tools: {
      ADD: {
        parameters: { a: 3, b: 2 },
        when: (_state, { sum }, _stage, { a, b }) => a === undefined || b === undefined || a + b === sum,
      },
      REST: {},
    },
    success: () => true,
  });
  const allowed = (sum: number, ...tokens: string[]) => {
    const run = task.machine.start({ sum }, 0);
    for (const text of tokens) {
      task.machine.step(run, task.vocabulary.indexOf(text));
    }
    return task.machine.allowed(run).map((token) => task.vocabulary[token]);
  };
  t.deepEqual(allowed(3), ['[ADD]', '[REST]']);
  t.deepEqual(allowed(3, '[ADD]'), ['(2)'], 'nothing makes 0 or 1 into 3');
  t.deepEqual(allowed(3, '[ADD]', '(2)'), ['(1)']);
  t.deepEqual(allowed(1, '[ADD]'), ['(0)', '(1)']);
  t.deepEqual(allowed(4), ['[REST]']);
});

test('with mask: true any value of the parameter may be emitted, and the call is refused', (t) => {
  const task = lines(true);
  t.deepEqual(task.interaction, { observationLength: 0, masked: true });
  const { steps } = task.trace(
    { stock: [0, 2, 1] },
    0,
    task.program(['TAKE', { line: 0, count: 'one' }], ['TAKE', { line: 1, count: 'two' }]),
  );
  t.deepEqual(
    steps.map(({ applied, state }) => [applied, state.refused]),
    [
      [false, ['TAKE']],
      [true, ['TAKE']],
    ],
  );
  const run = task.machine.start({ stock: [0, 2, 1] }, 0);
  task.machine.step(run, task.token('TAKE'));
  t.deepEqual(
    task.machine.allowed(run).map((token) => task.vocabulary[token]),
    ['(0)', '(1)', '(2)'],
  );
});

test('with mask: false what is no argument breaks the call off, as refused', (t) => {
  const task = lines(false);
  t.deepEqual(task.interaction, { observationLength: 0, masked: false });
  t.is(task.begin?.(task.encode([{ stock: [0, 2, 1] }], 0)).allowed, undefined);
  const ids = ['[TAKE]', '(1)', '[TAKE]', '(0)', '[TAKE]', 'x'].map((text) => task.vocabulary.indexOf(text));
  const { steps } = task.trace({ stock: [0, 2, 1] }, 0, ids);
  t.deepEqual(
    steps.map(({ token, tool, applied, tokenCount }) => [token, tool, applied, tokenCount]),
    [
      ['[TAKE] (1) [TAKE]', 'TAKE', false, 3],
      ['(0)', undefined, false, 1],
      ['[TAKE] x', 'TAKE', false, 2],
    ],
  );
  t.deepEqual(steps.at(-1)?.state.refused, ['TAKE', 'TAKE']);
});

test('onRefused works in open loop too, and a milestone may punish', (t) => {
  const task = defineTask({
    name: 'careful',
    stages: ['only'],
    horizon: 3,
    symbols: ['x'],
    sample: () => 0,
    encode: () => [],
    start: () => ({ open: false, clumsy: false }),
    tools: {
      OPEN: {
        when: (state) => !state.open,
        run: (state) => {
          state.open = true;
        },
      },
      END: { ends: true },
    },
    onRefused: (state) => {
      state.clumsy = true;
    },
    milestones: { clumsy: { reward: -0.25, reached: (state) => state.clumsy } },
    success: (state) => state.open,
  });
  t.is(task.interaction, undefined);
  t.is(task.trace(0, 0, task.program('OPEN', 'OPEN', 'END')).episodeReturn, 0.75);
  t.is(task.trace(0, 0, task.program('OPEN', 'END')).episodeReturn, 1);
});

test('what is wrong with a closed loop is said', (t) => {
  const base = {
    name: 'bad',
    stages: ['only'],
    horizon: 3,
    symbols: ['x', '(full)'],
    sample: () => 0,
    encode: () => [],
    start: () => ({}),
    tools: { A: {} },
    success: () => true,
  };
  const define = (changes: object) => defineTask({ ...base, ...changes } as unknown as Parameters<typeof defineTask>[0]);
  const cases: readonly (readonly [object, string])[] = [
    [{ observe: () => [] }, 'task.observationLength: is missing. Use an integer from 1 to 10000: the most symbols that observe returns.'],
    [
      { observationLength: 2 },
      'task.observationLength: is given without observe. Give observe, which says what is heard, or leave it out.',
    ],
    [{ observe: 3, observationLength: 1 }, 'task.observe: is not a function. Leave it out, or give a function.'],
    [
      { onRefused: async () => undefined },
      'task.onRefused: is an async function. Make it a plain, synchronous function: nobody waits for it.',
    ],
    [
      { mask: 'applicable', trainPastEnd: true },
      'task.trainPastEnd: is true in a closed loop, where nothing follows an end. Leave it out.',
    ],
    [{ tools: { A: { parameters: 3 } } }, "task.tools.A.parameters: is 3. Give an object such as { amount: ['full', 'half'], line: 3 }."],
    [
      { tools: { A: { parameters: { n: 0 } } } },
      'task.tools.A.parameters.n: is 0. Use a list of different texts, or how many numbers there are, from 1 to 4096.',
    ],
    [
      { tools: { A: { parameters: { n: ['a', 'a'] } } } },
      'task.tools.A.parameters.n: is an array of 2. Use a list of different texts, or how many numbers there are, from 1 to 4096.',
    ],
    [
      { tools: { A: { parameters: { what: ['full'] } } } },
      "task.tools.A.parameters.what: is '(full)', which is the token of task.symbols[1] already. Give each token a text of its own.",
    ],
    [
      { tools: { A: { parameters: { a: 100, b: 100 } } } },
      'task.tools.A.parameters: make 10000 different calls. Use at most 4096, or several tools.',
    ],
    [
      { tools: { A: { parameters: { a: 1, b: 1, c: 1 } } } },
      'task.tools.A.parameters: make a call of 4 tokens, and the horizon is 3. Raise horizon.',
    ],
    [
      { tools: { A: { parameters: { 1: 2 } } } },
      'task.tools.A.parameters.1: is a number, which JavaScript moves before the other parameters. Use a name.',
    ],
  ];
  for (const [changes, message] of cases) {
    t.is(t.throws(() => define(changes), { instanceOf: TaskError })?.message, message);
  }
  const heard = (row: unknown) => define({ observe: () => row, observationLength: 1 }).trace(0, 0, [3]);
  t.is(
    t.throws(() => heard(['x', 'x']))?.message,
    'task.observe: returned 2 symbols, and observationLength is 1. Return fewer, or raise observationLength.',
  );
  t.regex(t.throws(() => heard(['z']))?.message ?? '', /^task.observe: returned 'z', which is no symbol/);
  t.regex(t.throws(() => heard(3))?.message ?? '', /^task.observe: did not return an array/);
  const desk = createSupportDesk();
  const wrong: readonly (readonly [readonly unknown[], string])[] = [
    [
      [['REFUND', { amount: 'all', line: 0 }]],
      "program.REFUND.amount: is 'all'. Write ['REFUND', { amount: … }] with one of 'full', 'half'.",
    ],
    [['REFUND'], "program.REFUND.amount: is undefined. Write ['REFUND', { amount: … }] with one of 'full', 'half'."],
    [[['LOOKUP', { deep: 1 }]], "program.LOOKUP: has no parameter 'deep'. Leave the arguments out."],
    [[['REFUND', { amount: 'full', line: 1, sum: 2 }]], "program.REFUND: has no parameter 'sum'. Give amount, line."],
    [
      ['LOOKUP', 'LOOKUP', 'LOOKUP', 'LOOKUP', ['REFUND', { amount: 'full', line: 0 }]],
      'program: has 7 tokens, and the horizon is 6. Use fewer tools, or a task with a longer horizon.',
    ],
    [['NONE'], "tool: 'NONE' is no tool of this task. Use one of LOOKUP, REFUND, APOLOGIZE, REPLY."],
  ];
  for (const [calls, message] of wrong) {
    t.is(t.throws(() => desk.program(...(calls as 'LOOKUP'[])), { instanceOf: TaskError })?.message, message);
  }
});

test('an error in a batch under way says which problem it was', (t) => {
  const desk = createSupportDesk();
  const batch = desk.sample(new Int32Array(3), new Random(1));
  const broken = { ...batch, problems: [batch.problems[0], null, batch.problems[2]] } as unknown as typeof batch;
  t.like(
    t.throws(() => checkedBegin(desk, broken), { instanceOf: TaskError }),
    { path: 'task.observe', problemIndex: 1 },
  );
});

test('a call that somebody else carries out: taken, then concluded', (t) => {
  const task = createSupportDesk();
  const run = task.machine.start(TICKET, 0);
  const of = (text: string): number => task.vocabulary.indexOf(text);
  const lookup = task.machine.take(run, task.token('LOOKUP'));
  t.deepEqual(lookup, { tool: 'LOOKUP', arguments: {} });
  t.deepEqual([run.state.opened, run.steps, run.milestones], [false, 1, 0], 'taken, and not run');
  (run.state as { opened: boolean }).opened = true;
  task.machine.conclude(run, lookup ?? t.fail());
  t.is(run.milestones, 1);
  t.is(task.machine.take(run, task.token('REFUND')), undefined);
  t.is(task.machine.take(run, of('(half)')), undefined);
  const refund = task.machine.take(run, of('(1)'));
  t.deepEqual(refund, { tool: 'REFUND', arguments: { amount: 'half', line: 1 } });
  t.is(run.pending, undefined);
  t.is(task.machine.take(run, task.token('LOOKUP')), undefined, 'when says no');
  t.is(run.state.refused, 1);
  const reply = task.machine.take(run, task.token('REPLY'));
  t.false(run.ended);
  task.machine.conclude(run, reply ?? t.fail());
  t.true(run.ended);
});
