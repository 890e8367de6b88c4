import test from 'ava';
import { Agent, OptionsError, Random, type Split, TaskError, Trainer } from 'innate';
import { wilson } from '#dist/metrics/interval.js';
import { passAtK } from '#dist/metrics/pass-at-k.js';
import { createNamed, isHeldOut } from '../../define/support/held-out.js';
import { createSupportDesk } from '../../define/support/support-desk.js';
import { scriptedTask } from '../support/scripted.js';

const SMALL = { hiddenSize: 8, batchSize: 16, threads: 1, progress: false } as const;

/** A task whose program number `call` of a problem, 0 the first, is worth what is said, whatever it is. */
function byCall(worth: (index: number, call: number) => { readonly reward: number; readonly success: boolean }) {
  let call = -1;
  return scriptedTask({
    note: (what) => {
      call = what === 'sample' ? -1 : call + 1;
    },
    earn: ({ index }) => worth(index, call),
  });
}

test('greedy, sampled, best of n and pass@k are those of the programs', async (t) => {
  // Programs 1 to 4 of problem i are right where i is at least 4, 3, 2 and 1; they pay i times their number.
  const task = byCall((index, call) => ({ reward: call * index, success: call === 0 ? index < 2 : index + call > 4 }));
  await using trainer = await Trainer.create({ ...SMALL, task });
  const [all] = await trainer.evaluate({ stage: 'a', problems: 5, samples: 4 });
  t.is(all?.successRate, 2 / 5);
  t.is(all?.meanReturn, 0);
  t.is(all?.split, undefined);
  t.deepEqual(all?.interval, wilson(0.4, 5));
  const { sampled } = all ?? {};
  // Right programs of the problems 0 to 4: 0, 1, 2, 3, 4.
  t.is(sampled?.samples, 4);
  t.is(sampled?.successRate, 0.5);
  t.is(sampled?.meanReturn, (2 * 2.5 * 4) / 4);
  t.deepEqual(sampled?.bestOf, { successRate: 0.8, interval: wilson(0.8, 5), meanReturn: 8 });
  t.deepEqual(
    sampled?.passAt.map(({ k }) => k),
    [1, 2, 4],
  );
  for (const { k, successRate, interval } of sampled?.passAt ?? []) {
    const expected = [0, 1, 2, 3, 4].reduce((sum, c) => sum + passAtK(4, c, k), 0) / 5;
    t.true(Math.abs(successRate - expected) < 1e-12);
    t.true(interval.low < successRate && successRate < interval.high);
  }
  t.is(sampled?.passAt[2]?.successRate, sampled?.bestOf.successRate, 'pass@n is the best of n');
});

test('pass@k is told for what is asked for, and for powers of two besides the whole', async (t) => {
  await using trainer = await Trainer.create({ ...SMALL, task: scriptedTask({ earn: () => ({ reward: 0, success: false }) }) });
  const ks = async (options: object) =>
    (await trainer.evaluate({ stage: 0, problems: 2, ...options }))[0]?.sampled?.passAt.map(({ k }) => k);
  t.deepEqual(await ks({ samples: 6 }), [1, 2, 4, 6]);
  t.deepEqual(await ks({ samples: 8 }), [1, 2, 4, 8]);
  t.deepEqual(await ks({ samples: 1 }), [1]);
  t.deepEqual(await ks({ samples: 6, passAt: [5, 2, 5] }), [2, 5]);
  t.is(await ks({}), undefined);
});

test('sampled programs differ from one another, are as probable as the network says, and repeat with the seed', async (t) => {
  const task = createNamed();
  const measure = async (seed: number) => {
    await using trainer = await Trainer.create({ ...SMALL, task, seed });
    return await trainer.evaluate({ stage: 'many', problems: 400, samples: 16, deterministic: false });
  };
  const [first] = await measure(3);
  // An untrained network says one of four numbers about as often as any other.
  t.true(Math.abs((first?.sampled?.successRate ?? 0) - 0.25) < 0.05);
  t.true(Math.abs((first?.successRate ?? 0) - 0.25) < 0.08, 'one sampled program a problem in place of a greedy one');
  t.true((first?.sampled?.bestOf.successRate ?? 0) > 0.9);
  t.deepEqual(await measure(3), [first]);
  t.notDeepEqual(await measure(4), [first]);
});

test('what is measured is drawn for testing unless training problems are asked for', async (t) => {
  const seen: [number, Split][] = [];
  const task = createNamed((goal, split) => {
    seen.push([goal, split]);
    return isHeldOut(goal) === (split === 'test');
  });
  await using trainer = await Trainer.create({ ...SMALL, task });
  const splitsOf = async (work: () => Promise<unknown>) => {
    seen.length = 0;
    await work();
    return [...new Set(seen.map(([, split]) => split))].sort();
  };
  t.deepEqual(await splitsOf(() => trainer.evaluate({ problems: 5 })), ['test']);
  t.deepEqual(await splitsOf(() => trainer.evaluate({ problems: 5, split: 'train' })), ['train']);
  t.deepEqual(await splitsOf(() => trainer.explain(0, 2)), ['test']);
  t.deepEqual(
    (await trainer.evaluate({ stage: 0, batch: 3, split: 'train' })).map(({ split, problems }) => [split, problems]),
    [['train', 3]],
  );
  // Training draws for training, one batch ahead; its evaluations and its last measurement do not.
  const byCall: Split[] = [];
  const watched = { ...task, ...methodsOf(task), replay: false };
  const { sample } = watched;
  watched.sample = (stages, random, split) => {
    byCall.push(split ?? 'train');
    return sample(stages, random, split);
  };
  await using run = await Trainer.create({ ...SMALL, task: watched, evaluateEvery: 2 });
  await run.run([{ stage: 0, iterations: 4 }]);
  t.deepEqual(byCall, ['train', 'train', 'train', 'test', 'train', 'test', 'test']);
});

function methodsOf(task: ReturnType<typeof createNamed>) {
  return {
    sample: task.sample.bind(task),
    score: task.score.bind(task),
    describe: task.describe.bind(task),
    trace: task.trace.bind(task),
  };
}

test('groups add up to the whole, by the task or by the caller', async (t) => {
  const task = byCall((index, call) => ({ reward: index, success: index % 3 === 0 || call > 1 }));
  const grouped = { ...task, group: (_: unknown, index: number) => (index % 2 === 0 ? 'even' : 'odd') };
  await using trainer = await Trainer.create({ ...SMALL, task: grouped });
  const [all] = await trainer.evaluate({ stage: 0, problems: 9, samples: 2 });
  t.deepEqual(
    all?.groups?.map(({ group, problems, successRate, meanReturn, sampled }) => [
      group,
      problems,
      successRate,
      meanReturn,
      sampled?.bestOf.successRate,
    ]),
    [
      ['even', 5, 2 / 5, 4, 1],
      ['odd', 4, 1 / 4, 4, 1],
    ],
  );
  t.is(all?.successRate, 3 / 9);
  t.deepEqual(all?.groups?.[0]?.interval, wilson(2 / 5, 5));
  const [one] = await trainer.evaluate({ stage: 0, problems: 4, groupBy: () => 'all' });
  t.deepEqual(
    one?.groups?.map(({ group, problems }) => [group, problems]),
    [['all', 4]],
  );
  const described = await trainer.evaluate({
    stage: 1,
    problems: 3,
    groupBy: (problem: { context: string }, stage) => `${problem.context} ${stage}`,
  });
  t.regex(described[0]?.groups?.[0]?.group ?? '', /^context \d b$/);
});

test("a definition's group and groupBy get the problem and the stage as declared", async (t) => {
  const task = createNamed();
  await using trainer = await Trainer.create({ ...SMALL, task });
  const seen = new Set<unknown>();
  const [few] = await trainer.evaluate({
    stage: 'many',
    problems: 30,
    groupBy: ({ goal }: { goal: number }, stage) => {
      seen.add(stage);
      return goal < 8 ? 'low' : 'high';
    },
  });
  t.deepEqual([...seen], [{ name: 'many', most: 16 }]);
  t.deepEqual(
    few?.groups?.map(({ group }) => group),
    ['high', 'low'],
  );
});

test('what is no group is an error with its problem, wherever it comes from', async (t) => {
  const task = createNamed();
  await using trainer = await Trainer.create({ ...SMALL, task });
  for (const [groupBy, pattern] of [
    [() => 7, /groupBy.* returned 7/s],
    [() => '', /groupBy.* returned ''/s],
    [() => Promise.resolve('x'), /groupBy.* returned a promise/s],
  ] as const) {
    const error = await t.throwsAsync(trainer.evaluate({ problems: 2, groupBy: groupBy as never }), { instanceOf: TaskError });
    t.regex(error?.message ?? '', pattern);
    t.is(error?.problemIndex, 0);
  }
});

test('options are refused whole, with the path of each', async (t) => {
  await using trainer = await Trainer.create({ ...SMALL, task: createNamed() });
  for (const [options, paths] of [
    [{ samples: -1, split: 'valid' }, ['samples', 'split']],
    [{ samples: 4097 }, ['samples']],
    [{ samples: 2, passAt: [0, 3] }, ['passAt[0]', 'passAt[1]']],
    [{ passAt: [1] }, ['passAt']],
    [{ samples: 1, passAt: [] }, ['passAt']],
    [{ problems: 3, batch: 3 }, ['batch']],
    [{ batch: 0 }, ['batch']],
    [{ groupBy: 'rule' }, ['groupBy']],
    [{ groupBy: async () => 'x' }, ['groupBy']],
    [{ deterministic: 1 }, ['deterministic']],
    [{ group: () => 'x' }, ['group']],
  ] as const) {
    const error = await t.throwsAsync(trainer.evaluate(options as never), { instanceOf: OptionsError });
    t.deepEqual(
      error?.issues.map(({ path }) => path),
      paths as unknown as string[],
      JSON.stringify(options),
    );
  }
});

test('measuring never moves training, by whatever programs: bytes are equal with and without, before, during and after', async (t) => {
  const digest = async (measure: boolean) => {
    const agent = await Agent.create({ task: createNamed(), hiddenSize: 8, threads: 1, seed: 2 });
    const trainer = await Trainer.create({ agent, task: createNamed(), batchSize: 16, progress: false, seed: 2 });
    const options = { problems: 7, samples: 3, deterministic: false, groupBy: () => 'all' } as const;
    const look = async () => {
      if (measure) {
        await trainer.evaluate(options);
        await trainer.evaluate({ split: 'train', problems: 3 });
        await trainer.explain(0, 2);
      }
    };
    await look();
    for await (const event of trainer.run([{ stage: 0, iterations: 6 }])) {
      if (event.type === 'iteration' && event.iteration % 2 === 0) {
        await look();
      }
    }
    await look();
    await trainer.run([{ stage: 1, iterations: 3 }]);
    const { tensors } = { tensors: await agent.stateDict() };
    const { actions } = await agent.act(createNamed().sample(Int32Array.of(0, 1, 1), new Random(1)));
    await trainer.close();
    await agent.close();
    return [Object.entries(tensors).map(([name, { data }]) => [name, [...data]]), [...actions]];
  };
  t.deepEqual(await digest(true), await digest(false));
});

test('programs of a task that answers are sampled in conversation, and those that see the mean over their batch all at once', async (t) => {
  const desk = createSupportDesk();
  const measure = async () => {
    await using trainer = await Trainer.create({ ...SMALL, task: desk, seed: 5 });
    return await trainer.evaluate({ problems: 300, samples: 6 });
  };
  const [first] = await measure();
  t.deepEqual(await measure(), [first]);
  const { sampled } = first ?? {};
  // Untrained, but only what can be used may be emitted: some programs are right, and more often one of six.
  t.true((sampled?.successRate ?? 0) > 0.005 && (sampled?.successRate ?? 1) < 0.5, `${sampled?.successRate}`);
  t.true((sampled?.bestOf.successRate ?? 0) > 2 * (sampled?.successRate ?? 1));
  const sizes: number[] = [];
  const task = scriptedTask({
    pooling: 'batch',
    earn: ({ size, index }) => {
      sizes.push(...(index === 0 ? [size] : []));
      return { reward: 0, success: false };
    },
  });
  await using trainer = await Trainer.create({ ...SMALL, task });
  await trainer.evaluate({ stage: 0, problems: 600, samples: 2 });
  t.deepEqual(sizes, [600, 600, 600]);
});
