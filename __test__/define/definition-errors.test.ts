import test from 'ava';
import { defineTask } from '#dist/define/define-task.js';
import { TaskError } from '#dist/errors/task-error.js';

const valid = {
  name: 'small',
  stages: ['x', { name: 'y' }],
  horizon: 2,
  symbols: ['a', 'b'],
  sample: () => null,
  encode: () => [],
  start: () => ({}),
  tools: { DO: {}, END: { ends: true } },
  success: () => true,
};
const reached = () => true;

function define(changes: object | number | null): unknown {
  return defineTask(
    (typeof changes === 'object' && changes !== null ? { ...valid, ...changes } : changes) as unknown as Parameters<typeof defineTask>[0],
  );
}

const FIRST = 'Use a text with at least one character.';
const TEXT = 'Give each token a text of its own.';
const NAME = 'Use a text, or an object with a name.';
const LOWER = 'Lower their rewards, or raise successReward, so that no wrong program can earn as much as a right one.';
const FUNCTION = 'Leave it out, or give a function.';
const NEEDED = 'Every task needs sample, encode, start and success.';

const MESSAGES: readonly (readonly [object | number | null, string])[] = [
  [3, 'task: is not an object. Give defineTask one object.'],
  [null, 'task: is not an object. Give defineTask one object.'],
  [{ name: '' }, 'task.name: is not a text with at least one character. Name the task.'],
  [{ name: 3 }, 'task.name: is not a text with at least one character. Name the task.'],
  [{ horizon: 0 }, 'task.horizon: is 0. Use an integer from 1 to 10000: the tokens of a program.'],
  [{ horizon: 10_001 }, 'task.horizon: is 10001. Use an integer from 1 to 10000: the tokens of a program.'],
  [{ horizon: '2' }, "task.horizon: is '2'. Use an integer from 1 to 10000: the tokens of a program."],
  [{ horizon: null }, 'task.horizon: is null. Use an integer from 1 to 10000: the tokens of a program.'],
  [{ horizon: 1.5 }, 'task.horizon: is 1.5. Use an integer from 1 to 10000: the tokens of a program.'],
  [{ mask: 0 }, "task.mask: is 0. Use true, false or 'applicable'."],
  [{ mask: {} }, "task.mask: is an object (Object). Use true, false or 'applicable'."],
  [{ contextLength: 0 }, 'task.contextLength: is 0. Use the length of the longest context, its start token included.'],
  [{ contextLength: 10_001 }, 'task.contextLength: is 10001. Use the length of the longest context, its start token included.'],
  [{ pooling: 'mean' }, "task.pooling: is 'mean'. Use 'own' or 'batch'."],
  [{ successReward: 0 }, 'task.successReward: is 0. Use a positive finite number.'],
  [{ successReward: '1' }, "task.successReward: is '1'. Use a positive finite number."],
  [{ successReward: Infinity }, 'task.successReward: is Infinity. Use a positive finite number.'],
  [{ stages: [] }, 'task.stages: is empty. Declare at least one stage, by name.'],
  [{ stages: 'xy' }, 'task.stages: is empty. Declare at least one stage, by name.'],
  [{ stages: ['x', ''] }, `task.stages[1]: has no name. ${NAME}`],
  [{ stages: [null] }, `task.stages[0]: has no name. ${NAME}`],
  [{ stages: [{ name: 3 }] }, `task.stages[0]: has no name. ${NAME}`],
  [{ stages: ['x', { name: 'x' }] }, "task.stages[1]: repeats the name 'x'. Give each stage a name of its own."],
  [{ symbols: [] }, 'task.symbols: is empty. List the texts of which contexts are made.'],
  [{ symbols: 'ab' }, 'task.symbols: is empty. List the texts of which contexts are made.'],
  [{ symbols: ['a', ''] }, `task.symbols[1]: is ''. ${FIRST}`],
  [{ symbols: ['a', 3] }, `task.symbols[1]: is 3. ${FIRST}`],
  [{ symbols: ['a', 'b', 'a'] }, `task.symbols[2]: is 'a', which is the token of task.symbols[0] already. ${TEXT}`],
  [{ symbols: ['[CTX]'] }, `task.startToken: is '[CTX]', which is the token of task.symbols[0] already. ${TEXT}`],
  [{ symbols: ['[EOS]'] }, `task.padToken: is '[EOS]', which is the token of task.symbols[0] already. ${TEXT}`],
  [{ startToken: 'a' }, `task.startToken: is 'a', which is the token of task.symbols[0] already. ${TEXT}`],
  [{ startToken: null }, `task.startToken: is null. ${FIRST}`],
  [{ padToken: '[DO]' }, `task.padToken: is '[DO]', which is the token of task.tools.DO already. ${TEXT}`],
  [{ padToken: '' }, `task.padToken: is ''. ${FIRST}`],
  [{ tools: {} }, 'task.tools: is empty. Declare at least one tool.'],
  [{ tools: null }, 'task.tools: is empty. Declare at least one tool.'],
  [{ tools: 'ab' }, 'task.tools: is empty. Declare at least one tool.'],
  ...['0', '7', '10', '123'].map((name): [object, string] => [
    { tools: { [name]: {} } },
    `task.tools.${name}: is a number, which JavaScript moves before the other tools. Use a name.`,
  ]),
  [{ tools: { '': {} } }, `task.tools.: is ''. ${FIRST}`],
  [{ tools: { DO: 3 } }, 'task.tools.DO: is not an object. Give { parameters, when, run, ends }, each optional.'],
  [{ tools: { DO: null } }, 'task.tools.DO: is not an object. Give { parameters, when, run, ends }, each optional.'],
  [{ tools: { DO: { when: true } } }, `task.tools.DO.when: is not a function. ${FUNCTION}`],
  [{ tools: { DO: { run: 3 } } }, `task.tools.DO.run: is not a function. ${FUNCTION}`],
  [{ tools: { DO: { ends: 'yes' } } }, "task.tools.DO.ends: is 'yes'. Use true or false."],
  [{ sample: undefined }, `task.sample: is not a function. ${NEEDED}`],
  [{ encode: 3 }, `task.encode: is not a function. ${NEEDED}`],
  [{ start: null }, `task.start: is not a function. ${NEEDED}`],
  [{ success: true }, `task.success: is not a function. ${NEEDED}`],
  [{ reward: 1 }, `task.reward: is not a function. ${FUNCTION}`],
  [{ target: 'x' }, `task.target: is not a function. ${FUNCTION}`],
  [{ milestones: 3 }, 'task.milestones: is not an object. Give { name: { reward, reached } }.'],
  [{ milestones: null }, 'task.milestones: is not an object. Give { name: { reward, reached } }.'],
  [{ milestones: { m: { reward: 0.1 } } }, 'task.milestones.m.reached: is not a function. Say when the milestone is reached.'],
  [{ milestones: { m: { reward: '1', reached } } }, "task.milestones.m.reward: is '1'. Use a finite number."],
  [{ milestones: { m: { reward: NaN, reached } } }, 'task.milestones.m.reward: is NaN. Use a finite number.'],
  [{ milestones: { m: { reward: 0, reached, stages: 'x' } } }, "task.milestones.m.stages: is 'x'. List names of stages."],
  [{ milestones: { m: { reward: 0, reached, stages: ['z'] } } }, "task.milestones.m.stages: names the unknown stage 'z'. Use 'x', 'y'."],
  [
    { milestones: { m: { reward: 0.7, reached }, n: { reward: 0.6, reached, stages: ['y'] } } },
    `task.milestones: let a wrong program of stage 'y' earn 1.3, and a right one may earn no more than 1. ${LOWER}`,
  ],
  [
    { milestones: { m: { reward: 0.6, reached, stages: ['x'] }, n: { reward: -0.5, reached, stages: ['x'] } } },
    `task.milestones: let a wrong program of stage 'x' earn 0.6, and a right one may earn no more than 0.5. ${LOWER}`,
  ],
  [
    { successReward: 1.23456789, milestones: { m: { reward: 9.87654321, reached, stages: ['y'] } } },
    `task.milestones: let a wrong program of stage 'y' earn 9.87654, and a right one may earn no more than 1.23457. ${LOWER}`,
  ],
];

for (const [index, [changes, message]] of MESSAGES.entries()) {
  test(`(${index}) ${message}`, (t) => {
    const error = t.throws(() => define(changes), { instanceOf: TaskError });
    t.is(error?.message, message);
  });
}

test('a list that is wrong hides nothing else', (t) => {
  const error = t.throws(() => define({ name: '', stages: [], symbols: [], tools: [], sample: 1, milestones: 3 }), {
    instanceOf: TaskError,
  });
  t.is(
    error?.message,
    [
      'task.name: is not a text with at least one character. Name the task. Also:',
      '  task.stages: is empty. Declare at least one stage, by name.',
      '  task.symbols: is empty. List the texts of which contexts are made.',
      '  task.tools: is empty. Declare at least one tool.',
      `  task.sample: is not a function. ${NEEDED}`,
    ].join('\n'),
  );
  t.is(error?.path, 'task.name');
});

test('every milestone that is wrong is named, each by all that is wrong', (t) => {
  const error = t.throws(
    () =>
      define({
        milestones: {
          a: { reward: 0 },
          b: { reward: Infinity, reached },
          c: { reward: 0, reached, stages: 3 },
          d: { reward: 2, reached, stages: ['v', 'y', 'w'] },
        },
      }),
    { instanceOf: TaskError },
  );
  t.is(
    error?.message,
    [
      'task.milestones.a.reached: is not a function. Say when the milestone is reached. Also:',
      '  task.milestones.b.reward: is Infinity. Use a finite number.',
      '  task.milestones.c.stages: is 3. List names of stages.',
      "  task.milestones.d.stages: names the unknown stage 'v'. Use 'x', 'y'.",
      "  task.milestones.d.stages: names the unknown stage 'w'. Use 'x', 'y'.",
      `  task.milestones: let a wrong program of stage 'y' earn 2, and a right one may earn no more than 1. ${LOWER}`,
    ].join('\n'),
  );
});

const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, { reward: 0.01, reached }]));

test('a bit set holds 30 milestones', (t) => {
  t.notThrows(() => define({ milestones: many(30) }));
  t.is(
    t.throws(() => define({ milestones: many(31) }), { instanceOf: TaskError })?.message,
    'task.milestones: has 31 entries. Use at most 30.',
  );
});

const ACCEPTED: readonly (readonly [string, object])[] = [
  ['the smallest horizon', { horizon: 1 }],
  ['the largest horizon', { horizon: 10_000 }],
  ['the smallest context length', { contextLength: 1 }],
  ['the largest context length', { contextLength: 10_000 }],
  ['either pooling', { pooling: 'own' }],
  ['pooling over the batch', { pooling: 'batch' }],
  ['a small success', { successReward: 1e-3 }],
  ['names that only look like numbers', { tools: { '01': {}, a7: {}, '7a': {}, '-1': {} } }],
  ['a tool of nothing', { tools: { DO: { when: undefined, run: undefined, ends: undefined } } }],
  ['a tool with all parts', { tools: { DO: { when: reached, run: reached, ends: false } } }],
  ['no milestones', { milestones: {} }],
  ['functions that may be left out', { reward: () => 0, target: () => '' }],
  ['a lead that survives rounding', { milestones: { m: { reward: 1 - 1e-6, reached } } }],
  [
    'milestones of different stages, which do not add up',
    { milestones: { m: { reward: 0.9, reached, stages: ['x'] }, n: { reward: 0.9, reached, stages: ['y'] } } },
  ],
  ['a stage named twice, which is paid once', { milestones: { m: { reward: 0.6, reached, stages: ['x', 'x'] } } }],
  ['milestones that cost', { milestones: { m: { reward: -0.9, reached } } }],
  ['milestones beside a larger success', { successReward: 3, milestones: { m: { reward: 2, reached } } }],
  ['a cost that leaves success its lead', { milestones: { m: { reward: -0.5, reached }, n: { reward: 0.4, reached } } }],
  ['any milestones beside a reward of its own', { reward: () => 0, milestones: { m: { reward: 5, reached } } }],
];

for (const [title, changes] of ACCEPTED) {
  test(`accepts ${title}`, (t) => {
    t.notThrows(() => define(changes));
  });
}

test('a lead that does not survive rounding is none', (t) => {
  t.throws(() => define({ milestones: { m: { reward: 1 - 0.5e-6, reached } } }), { instanceOf: TaskError });
});
