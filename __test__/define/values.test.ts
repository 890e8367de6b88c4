import test from 'ava';
import { Agent, checkTask, defineTask, OptionsError, solvingPrograms, TaskError, Trainer } from 'innate';
import { orderMatters } from '#dist/define/check/order.js';
import { digest } from '../support/weights.js';

interface Amounts {
  readonly price: number;
  readonly limit: number;
}

/** Whether a price is at most a limit: numbers that no symbol says. */
function budget(more: object = {}) {
  return defineTask({
    name: 'budget',
    stages: ['all'],
    horizon: 1,
    symbols: ['price', 'limit'],
    contextValues: true,
    sample: (random): Amounts => ({ price: random.int(21) / 10 - 1, limit: random.int(21) / 10 - 1 }),
    encode: ({ price, limit }) => [
      { symbol: 'price', value: price },
      { symbol: 'limit', value: limit },
    ],
    start: () => ({ said: '' }),
    tools: {
      BUY: {
        run: (state) => {
          state.said = 'buy';
        },
      },
      LEAVE: {
        run: (state) => {
          state.said = 'leave';
        },
      },
    },
    success: ({ said }, { price, limit }) => said === (price <= limit ? 'buy' : 'leave'),
    ...more,
  });
}

test('entries of a symbol and a number become contexts and numbers, 0 beside the others and padding', (t) => {
  const task = budget({
    encode: ({ price, limit }: Amounts) => (limit === 0 ? [{ symbol: 0, value: price }] : ['price', { symbol: 'limit', value: limit }]),
  });
  const batch = task.encode(
    [
      { price: 0.5, limit: 0 },
      { price: 1, limit: -0.25 },
    ],
    'all',
  );
  t.deepEqual(batch.contexts, Int32Array.of(0, 2, 5, 0, 1, 2));
  t.deepEqual(batch.contextValues, Float32Array.of(0.5, 0, 0, 0, -0.25, 0));
  t.deepEqual(batch.contextLengths, Int32Array.of(2, 3));
  t.is(task.describe(batch, 1).context, 'price limit(-0.25) [CTX]');
  t.is(budget().describe(budget().encode([{ price: 0.1, limit: 0 }], 0), 0).context, 'price(0.1) limit [CTX]');
  t.true(task.contextValues);
});

test('what is no number, or was not declared, is an error of encode', (t) => {
  const encode = (value: unknown, more: object = {}) =>
    t.throws(() => budget({ encode: () => [{ symbol: 'price', value }], ...more }).encode([{ price: 0, limit: 0 }], 0), {
      instanceOf: TaskError,
    });
  for (const value of [Number.NaN, Infinity, 1e39, '1', undefined]) {
    t.like(encode(value), { path: 'task.encode', problemIndex: 0 });
  }
  t.regex(encode(0.5, { contextValues: false })?.remedy ?? '', /contextValues: true/);
  t.throws(() => budget({ encode: () => [{ symbol: 'cost', value: 1 }] }).encode([{ price: 0, limit: 0 }], 0), { message: /no symbol/ });
  t.throws(() => budget({ contextValues: 'yes' }), { instanceOf: TaskError, message: /contextValues/ });
});

test('the types know the symbols of entries', (t) => {
  const define = () =>
    defineTask({
      name: 'typed',
      stages: ['all'],
      horizon: 1,
      symbols: ['price'],
      contextValues: true,
      sample: () => 0,
      // @ts-expect-error
      encode: () => [{ symbol: 'cost', value: 1 }],
      start: () => ({}),
      tools: { BUY: {} },
      success: () => true,
    });
  t.truthy(define());
});

test('numbers beside several symbols are lost in an average: prompts are read in order then', async (t) => {
  t.true(orderMatters(budget()));
  t.false(orderMatters(budget({ encode: ({ price, limit }: Amounts) => [{ symbol: 'price', value: price - limit }] })));
  await using agent = await Agent.create({ task: budget() });
  t.like(agent.info, { encoder: 'gru', attention: 'prompt', contextValues: true });
});

test('checkTask sees numbers as part of what is shown', (t) => {
  const finds = (task: ReturnType<typeof budget>, encoder: 'mean' | 'gru') =>
    checkTask(task, { encoder }).findings.some(({ code }) => code === 'indistinguishable');
  t.false(finds(budget(), 'gru'));
  t.true(finds(budget(), 'mean'), 'only the sum is left');
  t.true(finds(budget({ encode: () => ['price', 'limit'] }), 'gru'));
});

for (const mask of [true, 'applicable'] as const) {
  test(`a trained agent compares numbers, with problems that come back: mask ${mask}`, async (t) => {
    const run = async () => {
      await using trainer = await Trainer.create({ task: budget({ mask }), seed: 4, hiddenSize: 32, progress: false });
      const { stages } = await trainer.run([{ stage: 'all', iterations: 150 }]);
      const measured = await trainer.evaluate({ samples: 2 });
      return { success: stages[0]?.successRate ?? 0, measured, weights: await digest(trainer.agent), said: await trainer.explain('all') };
    };
    const [first, second] = [await run(), await run()];
    t.true(first.success > 0.95, `${first.success}`);
    t.deepEqual(second, first);
    t.regex(JSON.stringify(first.said), /price\(/);
  });
}

test('several programs a problem, held to a reference, are shown the numbers too', async (t) => {
  const options = { algorithm: 'grpo', samples: 4, klCoef: 0.01, hiddenSize: 16, seed: 2, progress: false } as const;
  await using trainer = await Trainer.create({ task: budget(), ...options });
  const { stages } = await trainer.run([{ stage: 'all', iterations: 5 }]);
  t.is(stages[0]?.iterations, 5);
});

test('programs of a search, and contexts with numbers, are imitated', async (t) => {
  const task = budget();
  await using trainer = await Trainer.create({ task, seed: 1, hiddenSize: 32, progress: false });
  const { successRate, loss } = await trainer.imitate(solvingPrograms(task, { problems: 256 }), { learningRate: 5e-3 });
  t.is(successRate, 1);
  t.true(loss < 0.3, `${loss}`);
  const given = (contextValues: unknown) =>
    trainer.imitate([{ context: [0, 1, 2], contextValues, tokens: task.program('BUY') } as never], { updateEpochs: 1 });
  t.is((await given([0.5, 1, 0])).count, 1);
  for (const [values, path] of [
    [undefined, 'programs[0].contextValues'],
    [[1, 2], 'programs[0].contextValues'],
    [[0, Number.NaN, 0], 'programs[0].contextValues[1]'],
  ] as const) {
    const error = await t.throwsAsync(given(values), { instanceOf: OptionsError });
    t.is(error?.path, path);
  }
});
