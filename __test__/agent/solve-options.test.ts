import test from 'ava';
import { Agent, arithmetic, ClosedError, defineTask, InputError, OptionsError, type SolveOptions, TaskError } from 'innate';
import { cartPole } from 'innate/environments';

/** A counter that is trained for nothing: what is asked is what is called, when and with what. */
function createCounter({ open = true, mask = 'applicable' as boolean | 'applicable', horizon = 4 } = {}) {
  return defineTask({
    name: 'counter',
    stages: [
      { name: 'low', most: 3 },
      { name: 'high', most: 9 },
    ],
    horizon,
    symbols: ['a'],
    sample: () => ({ goal: 1 }),
    encode: () => ['a'],
    start: () => ({ count: 0, refused: 0 }),
    mask,
    tools: {
      ADD: {
        parameters: { by: ['one', 'two'], times: 2 },
        when: () => open,
        run: (state, _problem, _stage, { by, times }) => {
          state.count += (by === 'one' ? 1 : 2) * times;
        },
      },
      WAIT: { when: () => open },
    },
    onRefused: (state) => {
      state.refused += 1;
    },
    success: (state, { goal }) => state.count === goal,
  });
}

test('says all that is wrong at once', async (t) => {
  const task = createCounter();
  await using agent = await Agent.create({ task, hiddenSize: 8 });
  const refused = async (options: unknown): Promise<(readonly [string, string])[]> => {
    const error = await t.throwsAsync(() => agent.solve(task, { goal: 1 }, options as never), { instanceOf: OptionsError });
    return error.issues.map(({ path, message }) => [path, message] as const);
  };
  t.deepEqual(await refused({}), [['tools', 'lacks ADD.']]);
  t.deepEqual(await refused({ tools: 3 }), [['tools', 'must be an object, got 3.']]);
  t.deepEqual(
    await refused({ tools: { ADD: function* () {}, WAIT: 1, SUB: () => {} }, stage: 'top', minProbability: 2, seed: -1, greedy: true }),
    [
      ['tools.ADD', 'must be a function, got a generator function.'],
      ['tools.WAIT', 'must be a function, got 1.'],
      ['tools.SUB', 'is no tool of this task.'],
      ['stage', "must be a stage of the task, got 'top'."],
      ['minProbability', 'must be a finite number of at least 0 and at most 1, got 2.'],
      ['seed', 'must be an integer of at least 0 and at most 9007199254740991, got -1.'],
      ['greedy', 'is not an option.'],
    ],
  );
  t.deepEqual(await refused({ tools: { ADD: () => {} }, signal: 1, deterministic: 1, stage: 2 }), [
    ['stage', 'must be a stage of the task, got 2.'],
    ['deterministic', 'must be true or false, got 1.'],
    ['signal', 'must be an AbortSignal, got 1.'],
  ]);
  const both = defineTask({
    name: 'both',
    stages: ['only'],
    horizon: 2,
    symbols: ['x'],
    sample: () => 0,
    encode: () => [],
    start: () => ({ n: 0 }),
    tools: {
      A: {
        run: (state) => {
          state.n += 1;
        },
      },
      B: {
        run: (state) => {
          state.n -= 1;
        },
      },
      C: { ends: true },
    },
    success: () => true,
  });
  await using other = await Agent.create({ task: both, hiddenSize: 8 });
  const missing = await t.throwsAsync(() => other.solve(both, 0, { tools: {} }), { instanceOf: OptionsError });
  t.regex(missing.message, /^tools: lack A, B\. Pass a function for each tool that has a run/);
});

test('refuses other tasks and other agents', async (t) => {
  const task = createCounter();
  await using agent = await Agent.create({ task, hiddenSize: 8 });
  const tools = { ADD: () => {} };
  const longer = await t.throwsAsync(() => agent.solve(createCounter({ horizon: 5 }), { goal: 1 }, { tools }), {
    instanceOf: OptionsError,
  });
  t.is(longer.path, 'task.horizon');
  const byHand = await t.throwsAsync(() => agent.solve({ ...arithmetic, machine: undefined } as never, {} as never, { tools: {} }));
  t.true(byHand instanceof TaskError);
  const { observationSpace, actionSpace } = cartPole();
  await using acting = await Agent.create({ observationSpace, actionSpace, hiddenSize: 8 });
  await t.throwsAsync(() => acting.solve(task, { goal: 1 }, { tools }), { instanceOf: InputError });
  const closed = await Agent.create({ task, hiddenSize: 8 });
  await closed.close();
  await t.throwsAsync(() => closed.solve(task, { goal: 1 }, { tools }), { instanceOf: ClosedError });
});

test('calls have their arguments and their stage; a tool without a run needs no function; the horizon cuts a call off', async (t) => {
  const task = createCounter();
  await using agent = await Agent.create({ task, hiddenSize: 8 });
  const seen: unknown[] = [];
  const tools: SolveOptions['tools'] = {
    ADD: (state, problem, stage, args, { signal }) => {
      seen.push([problem, stage, args, signal.aborted]);
      (state as { count: number }).count += 1;
      return seen.length;
    },
  };
  for (let seed = 0; seed < 20; seed += 1) {
    seen.length = 0;
    const { calls, reason, next, state } = await agent.solve(task, { goal: 1 }, { tools: tools as never, deterministic: false, seed });
    t.is(reason, 'horizon');
    t.is(next, undefined);
    const added = calls.filter(({ tool }) => tool === 'ADD');
    const tokens = calls.reduce((sum, { tool }) => sum + (tool === 'ADD' ? 3 : 1), 0);
    t.true(tokens <= 4);
    t.is(state.count, added.length);
    t.deepEqual(
      seen,
      added.map(({ arguments: args }) => [{ goal: 1 }, { name: 'high', most: 9 }, args, false]),
    );
    for (const call of calls) {
      if (call.tool === 'ADD') {
        t.true(['one', 'two'].includes(call.arguments.by) && [0, 1].includes(call.arguments.times));
      } else {
        t.deepEqual([call.tool, call.arguments, call.answer], ['WAIT', {}, undefined]);
      }
    }
  }
});

test('where nothing applies it ends; where when says no and may be asked in vain, no tool is called', async (t) => {
  const tools = {
    ADD: () => {
      throw new Error('called');
    },
  };
  const closed = createCounter({ open: false });
  await using agent = await Agent.create({ task: closed, hiddenSize: 8 });
  for (const seed of [1, 2, 3]) {
    const { reason, calls } = await agent.solve(closed, { goal: 1 }, { tools, deterministic: false, seed });
    t.deepEqual([reason, calls], ['nothing-applies', []]);
  }
  const asked = createCounter({ open: false, mask: true });
  await using asking = await Agent.create({ task: asked, hiddenSize: 8 });
  const { reason, calls, state } = await asking.solve(asked, { goal: 1 }, { tools, deterministic: false, stage: 0, seed: 4 });
  t.is(reason, 'horizon');
  t.true(calls.length > 0);
  t.true(calls.every(({ applied, answer }) => !applied && answer === undefined));
  t.is(state.refused, calls.length);
});

test('open loop: the calls of act, carried out', async (t) => {
  await using agent = await Agent.create({ seed: 3, hiddenSize: 16 });
  const problem = { operands: [3, 4, 5, 6, 7] };
  const batch = arithmetic.encode([problem], 2);
  const { actions, logProbs } = await agent.act({ ...batch, deterministic: true });
  const [decoded] = arithmetic.decode(batch, actions);
  const called: string[] = [];
  const tool = (name: string) => async (state: { accumulator: number | null }) => {
    await Promise.resolve();
    state.accumulator = 1;
    called.push(name);
  };
  const tools = { MUL: tool('MUL'), ADD: tool('ADD'), SUB: tool('SUB'), STO: tool('STO'), RCL: tool('RCL') };
  const solution = await agent.solve(arithmetic, problem, { tools });
  const [first] = solution.calls;
  t.is(first?.tool, decoded?.tools[0]);
  t.true(Math.abs((first?.probability ?? 0) - Math.exp(logProbs[0] ?? 0)) < 1e-6);
  t.deepEqual(
    called,
    solution.calls.filter(({ applied, tool: name }) => applied && name !== 'ANS').map(({ tool: name }) => name),
  );
  t.is(solution.reason, solution.calls.some(({ applied, tool: name }) => applied && name === 'ANS') ? 'ended' : 'horizon');
});

test('types follow from the task', async (t) => {
  const task = createCounter();
  await using agent = await Agent.create({ task, hiddenSize: 8 });
  const { calls, state, reason } = await agent.solve(
    task,
    { goal: 2 },
    {
      stage: 'low',
      tools: {
        ADD: async (counter, problem, stage, { by, times }) => {
          const texts: readonly ['one' | 'two', 0 | 1, number, number] = [by, times, problem.goal, stage.most];
          counter.count += texts[1];
          // @ts-expect-error no such word
          t.false(by === 'three');
        },
      },
    },
  );
  const count: number = state.count;
  t.is(typeof count, 'number');
  // @ts-expect-error no such reason
  t.false(reason === 'bored');
  for (const call of calls) {
    // @ts-expect-error only ADD has arguments
    void call.arguments.by;
    if (call.tool === 'ADD') {
      const by: 'one' | 'two' = call.arguments.by;
      t.true(by === 'one' || by === 'two');
    }
  }
  const never = async (): Promise<void> => {
    // @ts-expect-error no such tool
    await agent.solve(task, { goal: 2 }, { tools: { ADD: () => {}, SUB: () => {} } });
    // @ts-expect-error no such stage
    await agent.solve(task, { goal: 2 }, { tools: { ADD: () => {} }, stage: 'top' });
    // @ts-expect-error no such problem
    await agent.solve(task, { aim: 2 }, { tools: { ADD: () => {} } });
  };
  t.is(typeof never, 'function');
});
