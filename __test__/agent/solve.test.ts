import test from 'ava';
import { Agent, type Solution, type SolveToolsOf, Trainer } from 'innate';
import { TaskError } from '#dist/errors/task-error.js';
import { type Order, policy, supportDesk } from '../../examples/support-desk/task.js';

type DeskTools = SolveToolsOf<typeof supportDesk>;

const CLAIMS = ['missing', 'broken'] as const;
const STATUSES = ['unknown', 'in transit', 'delivered', 'lost'] as const;
const CUSTOMERS = ['regular', 'premium'] as const;
const STOCKS = ['in stock', 'sold out'] as const;

let agent: Agent;

test.before(async (t) => {
  const options = { task: supportDesk, algorithm: 'ppo', hiddenSize: 64, learningRate: 3e-3 } as const;
  const result = await Trainer.run([{ stage: 0, iterations: 50 }], { ...options, seed: 1, progress: false });
  agent = result.agent;
  t.true(result.stages[0]?.mastered);
});

test.after.always(async () => {
  await agent?.close();
});

const later = (milliseconds = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Tools over what is really so, whatever the simulation would have said. */
function toolsOver(real: Order): DeskTools {
  return {
    LOOKUP: async (desk) => {
      await later();
      desk.found = { status: real.status, customer: real.customer };
      return `order is ${real.status}`;
    },
    CHECK_STOCK: async (desk) => {
      await later();
      desk.stock = real.stock;
      return real.stock;
    },
    REFUND: (desk, _ticket, _stage, { amount }) => {
      desk.refunded = amount;
    },
    RESHIP: async (desk, _ticket, _stage, { speed }) => {
      await later();
      desk.reshipped = speed;
    },
    REPLY: async (desk, { order }, stage, { text }) => {
      desk.replied = text;
      return `${order} ${stage}`;
    },
  };
}

const named = ({ calls }: { readonly calls: readonly { readonly tool: string }[] }): string[] => calls.map(({ tool }) => tool);

test('solves every kind of ticket by what its tools really answer', async (t) => {
  for (const claim of CLAIMS) {
    for (const status of STATUSES) {
      for (const customer of CUSTOMERS) {
        for (const stock of STOCKS) {
          const real = { status, customer, stock };
          const { state, reason, calls, next, error } = await agent.solve(supportDesk, { order: 7, claim }, { tools: toolsOver(real) });
          const due = policy(claim, real);
          t.deepEqual([reason, next, error], ['ended', undefined, undefined]);
          t.like(state, { ...due, found: { status, customer } });
          t.deepEqual(calls[0]?.heard, []);
          t.deepEqual(calls[1]?.heard, [status, customer], 'what was heard before it');
          t.true(
            calls.every(({ probability, value, applied }) => probability > 0 && probability <= 1 && Number.isFinite(value) && applied),
          );
          t.is(calls[0]?.answer, `order is ${status}`);
          t.deepEqual([calls.at(-1)?.tool, calls.at(-1)?.arguments, calls.at(-1)?.answer], ['REPLY', { text: due.replied }, '7 tickets']);
        }
      }
    }
  }
});

test('what is really so changes the program, and not what the simulation would have said', async (t) => {
  const simulated = { status: 'lost', customer: 'premium', stock: 'in stock' } as const;
  const ticket = { order: 1, claim: 'missing', simulated } as const;
  const asSimulated = await agent.solve(supportDesk, ticket, { tools: toolsOver(simulated) });
  t.deepEqual(named(asSimulated), ['LOOKUP', 'CHECK_STOCK', 'RESHIP', 'REPLY']);
  t.deepEqual(asSimulated.calls[2]?.arguments, { speed: 'express' });
  const otherwise = await agent.solve(supportDesk, ticket, { tools: toolsOver({ ...simulated, status: 'in transit' }) });
  t.deepEqual(otherwise.calls.at(-1)?.arguments, { text: 'patience' });
  t.deepEqual(otherwise.state.reshipped, null);
  t.deepEqual(asSimulated.calls[0]?.probability, otherwise.calls[0]?.probability, 'before the first answer all is as it was');
});

test('the same calls as the greedy program of the simulation, with the product of its probabilities', async (t) => {
  await using trainer = await Trainer.create({ task: supportDesk, agent, seed: 5, progress: false });
  for (const { context, steps, executed, tokens } of await trainer.explain(0, 8)) {
    const program = tokens.slice(0, executed);
    const text = ({ calls }: Solution): string =>
      calls.map(({ tool, arguments: args }) => [tool, ...Object.values(args)].join(' ')).join(' ');
    const probability = steps.slice(0, executed).reduce((product, step) => product * step.probability, 1);
    const real = STATUSES.flatMap((status) => CUSTOMERS.flatMap((customer) => STOCKS.map((stock) => ({ status, customer, stock }))));
    const claim = context.startsWith('broken') ? 'broken' : 'missing';
    const solutions = await Promise.all(real.map((order) => agent.solve(supportDesk, { order: 1, claim }, { tools: toolsOver(order) })));
    const same = solutions.filter((solution) => text(solution) === program.join(' ').replaceAll(/[[\]()]/g, ''));
    t.true(same.some(({ calls }) => Math.abs(calls.reduce((product, call) => product * call.probability, 1) - probability) < 1e-6));
  }
});

test('a call that is less probable than asked for is not carried out, and is reported', async (t) => {
  const order = { status: 'delivered', customer: 'regular', stock: 'in stock' } as const;
  const whole = await agent.solve(supportDesk, { order: 1, claim: 'missing' }, { tools: toolsOver(order) });
  const least = Math.min(...whole.calls.map(({ probability }) => probability));
  const at = whole.calls.findIndex(({ probability }) => probability === least);
  const minProbability = least + 1e-9;
  const solution = await agent.solve(supportDesk, { order: 1, claim: 'missing' }, { tools: toolsOver(order), minProbability });
  t.is(solution.reason, 'unsure');
  t.deepEqual(solution.calls, whole.calls.slice(0, at));
  const { answer: _, applied: __, ...chosen } = whole.calls[at] ?? t.fail('there is a least one');
  t.deepEqual(solution.next, chosen);
  const sure = await agent.solve(supportDesk, { order: 1, claim: 'missing' }, { tools: toolsOver(order), minProbability: least });
  t.is(sure.reason, 'ended');
});

test('what a tool throws ends it, with what was done before', async (t) => {
  const cause = new RangeError('the warehouse does not answer.');
  const order = { status: 'lost', customer: 'regular', stock: 'in stock' } as const;
  for (const CHECK_STOCK of [
    () => {
      throw cause;
    },
    () => Promise.reject(cause),
  ]) {
    const { reason, calls, next, error, state } = await agent.solve(
      supportDesk,
      { order: 1, claim: 'missing' },
      { tools: { ...toolsOver(order), CHECK_STOCK } },
    );
    t.is(reason, 'failed');
    t.deepEqual(named({ calls }), ['LOOKUP']);
    t.is(next?.tool, 'CHECK_STOCK');
    t.true(error instanceof TaskError);
    t.deepEqual([error?.path, error?.cause], ['tools.CHECK_STOCK', cause]);
    t.regex(error?.message ?? '', /^tools\.CHECK_STOCK: threw RangeError: the warehouse does not answer\. /);
    t.is(state.found?.status, 'lost');
  }
});

test('what was never heard in training is refused by observe; the call that found it out is not forgotten', async (t) => {
  const order = { status: 'eaten' as 'lost', customer: 'regular', stock: 'in stock' } as const;
  const { reason, calls, error } = await agent.solve(supportDesk, { order: 1, claim: 'missing' }, { tools: toolsOver(order) });
  t.is(reason, 'failed');
  t.deepEqual(named({ calls }), ['LOOKUP']);
  t.is(error?.path, 'task.observe');
  t.regex(error?.message ?? '', /'eaten', which is no symbol/);
});

test('an abort ends it: before the first call, between two, and while a tool is at work', async (t) => {
  const order = { status: 'lost', customer: 'regular', stock: 'in stock' } as const;
  const tools = toolsOver(order);
  const ticket = { order: 1, claim: 'missing' } as const;
  const before = await agent.solve(supportDesk, ticket, { tools, signal: AbortSignal.abort() });
  t.deepEqual([before.reason, before.calls, before.next], ['aborted', [], undefined]);

  const between = new AbortController();
  const LOOKUP: DeskTools['LOOKUP'] = (desk) => {
    desk.found = order;
    between.abort();
  };
  const stopped = await agent.solve(supportDesk, ticket, { tools: { ...tools, LOOKUP }, signal: between.signal });
  t.deepEqual([stopped.reason, named(stopped), stopped.next], ['aborted', ['LOOKUP'], undefined]);

  for (const late of [Promise.resolve.bind(Promise), Promise.reject.bind(Promise)] as const) {
    const within = new AbortController();
    let heard = false;
    const hanging = await agent.solve(supportDesk, ticket, {
      signal: within.signal,
      tools: {
        ...tools,
        CHECK_STOCK: async (_desk, _ticket, _stage, args, { signal }) => {
          t.deepEqual(args, {});
          signal.addEventListener('abort', () => {
            heard = true;
          });
          setTimeout(() => within.abort(), 5);
          await later(50);
          return late(new Error('too late'));
        },
      },
    });
    const { reason, next, error } = hanging;
    t.deepEqual([reason, named(hanging), next?.tool, error, heard], ['aborted', ['LOOKUP'], 'CHECK_STOCK', undefined, true]);
  }
  await later(60); // The late rejection is nobody's, and does not end the process.

  const fetching = new AbortController();
  const rejected = await agent.solve(supportDesk, ticket, {
    signal: fetching.signal,
    tools: {
      ...tools,
      LOOKUP: (_desk, _ticket, _stage, _args, { signal }) => {
        fetching.abort();
        signal.throwIfAborted();
      },
    },
  });
  t.deepEqual([rejected.reason, rejected.next?.tool, rejected.error], ['aborted', 'LOOKUP', undefined], 'what a tool throws at an abort');
});

test('several at a time, each with a state of its own; sampled ones by their seed', async (t) => {
  const orders = STATUSES.map((status) => ({ status, customer: 'premium', stock: 'sold out' }) as const);
  const solutions = await Promise.all(
    orders.map((order) => agent.solve(supportDesk, { order: 1, claim: 'broken' }, { tools: toolsOver(order) })),
  );
  t.deepEqual(
    solutions.map(({ state }) => state.replied),
    orders.map((order) => policy('broken', order).replied),
  );
  await using fresh = await Agent.create({ task: supportDesk, hiddenSize: 8, seed: 2 });
  const tools = toolsOver({ status: 'lost', customer: 'premium', stock: 'in stock' });
  const sampled = (seed: number) => fresh.solve(supportDesk, { order: 1, claim: 'broken' }, { tools, deterministic: false, seed });
  t.deepEqual(await sampled(3), await sampled(3));
  const several = await Promise.all([1, 2, 3, 4, 5, 6].map(sampled));
  t.true(new Set(several.map(({ calls }) => JSON.stringify(calls))).size > 1);
});
