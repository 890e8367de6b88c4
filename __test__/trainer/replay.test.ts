import test from 'ava';
import { arithmetic, defineTask, type IterationEvent, Trainer, type TrainerOptions, type TrainingEvent, tutorial } from 'innate';
import { fails } from '../support/failure.js';
import { scriptedTask } from '../support/scripted-task.js';
import { digest } from '../support/weights.js';

/** A task whose methods tell what they are called with. */
function watching<T extends object>(task: T, told: Readonly<Record<string, (...values: never[]) => unknown>>): T {
  return new Proxy(task, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      return typeof value !== 'function'
        ? value
        : (...values: never[]): unknown => {
            told[String(key)]?.(...values);
            return Reflect.apply(value, target, values);
          };
    },
  });
}

/** One of many drawers has the coin; the first one has it nearly always. Which one is written on it. */
function drawers(mask: true | 'applicable') {
  return defineTask({
    name: 'drawers',
    stages: ['common', 'rare'],
    horizon: 3,
    symbols: ['first', 'second', 'third', 'fourth'],
    mask,
    sample: (random, stage): number => (stage === 'common' || random.int(40) > 0 ? 0 : 1 + random.int(3)),
    encode: (problem) => [problem],
    start: () => ({ turned: 0, opened: -1 }),
    tools: {
      TURN: {
        when: (state) => state.turned < 2,
        run: (state) => {
          state.turned += 1;
        },
      },
      FIRST: open(0),
      SECOND: open(1),
      THIRD: open(2),
      FOURTH: open(3),
    },
    // A rare one has to be turned twice before it is opened.
    success: (state, problem) => state.opened === problem && state.turned === (problem === 0 ? 0 : 2),
  });
}

function open(which: number) {
  return {
    ends: true,
    run: (state: { opened: number }): void => {
      state.opened = which;
    },
  };
}

const OPTIONS = { hiddenSize: 24, seed: 1, progress: false, batchSize: 64 } as const;
const COURSES: readonly (readonly [string, TrainerOptions])[] = [
  ['a2c, open loop', { task: drawers(true) }],
  ['a2c, closed loop', { task: drawers('applicable') }],
  ['ppo, open loop', { task: drawers(true), algorithm: 'ppo', minibatches: 4 }],
  ['ppo, closed loop', { task: drawers('applicable'), algorithm: 'ppo', minibatches: 4 }],
];

async function trained(options: TrainerOptions, iterations = 40): Promise<{ digest: string; iterations: IterationEvent[] }> {
  const events: IterationEvent[] = [];
  const onEvent = (event: TrainingEvent): void => {
    if (event.type === 'iteration') {
      events.push(event);
    }
  };
  const run = Trainer.run([{ stage: 1, iterations }], { ...OPTIONS, ...options, progress: onEvent } as TrainerOptions);
  const { agent } = await run;
  const result = { digest: await digest(agent), iterations: events };
  await agent.close();
  return result;
}

for (const [name, options] of COURSES) {
  test(`the same seed gives the same bytes with 1, 2 and 3 threads: ${name}`, async (t) => {
    const one = await trained({ ...options, threads: 1 });
    t.is((await trained({ ...options, threads: 2 })).digest, one.digest);
    t.is((await trained({ ...options, threads: 3 })).digest, one.digest);
    t.not((await trained({ ...options, replay: false })).digest, one.digest);
  });

  test(`half of a batch comes back as soon as there is something, and the rest is what success is said of: ${name}`, async (t) => {
    const { iterations } = await trained(options, 10);
    const [first, second] = iterations;
    t.deepEqual([first?.replay?.share, first?.rollout.problems], [0, 64]);
    t.true((first?.replay?.fill ?? 0) > 0);
    t.is(first?.replay?.scoreMean, 1);
    t.deepEqual([second?.replay?.share, second?.rollout.problems], [0.5, 32]);
    t.true(iterations.slice(1).every(({ rollout }) => rollout.problems === 32));
    t.is((await trained({ ...options, replay: false } as TrainerOptions, 1)).iterations[0]?.replay, undefined);
  });
}

test('a rare rule is learned by what comes back, and not without it', async (t) => {
  const right = async (replay: TrainerOptions['replay']): Promise<number> => {
    const task = drawers(true);
    const { agent } = await Trainer.run([{ stage: 1, iterations: 1000 }], { ...OPTIONS, learningRate: 3e-3, task, replay });
    const batch = task.encode([0, 1, 2, 3], 'rare');
    const { actions } = await agent.act({ ...batch, deterministic: true });
    await agent.close();
    return task.decode(batch, actions).filter(({ success }) => success).length;
  };
  t.is(await right({}), 4);
  t.true((await right(false)) < 4);
});

test('problems of a stage that has not been reached do not come back, and those of earlier ones where they are rehearsed', async (t) => {
  for (const [rehearsal, expected] of [
    [0.4, [0, 1]],
    [0, [0]],
  ] as const) {
    const seen: number[][] = [];
    const watch = (_: unknown, stages: Int32Array): number => seen.push([...new Set(stages)].sort());
    const task = watching(arithmetic, { batchOf: watch as (...values: never[]) => unknown });
    const watched = await Trainer.create({ ...OPTIONS, task, hiddenSize: 16, rehearsal });
    await watched.run([{ stage: 2, iterations: 4 }]);
    t.deepEqual(seen, [[2], [2], [2]]);
    seen.length = 0;
    // What failed in stage 2 is kept, and waits for it.
    await watched.run([
      { stage: 0, iterations: 3 },
      { stage: 1, iterations: 3 },
    ]);
    t.deepEqual(seen[0], [0]);
    t.deepEqual(seen.at(-1), rehearsal > 0 ? [...expected] : [1]);
    await watched.close();
  }
});

for (const mask of [true, 'applicable'] as const) {
  test(`where programs are judged by one another problems come back whole, ${mask === true ? 'open' : 'closed'} loop`, async (t) => {
    const options = { task: drawers(mask), algorithm: 'rloo', samples: 4, minibatches: 4 } as const;
    const one = await trained({ ...options, threads: 1 }, 12);
    t.is((await trained({ ...options, threads: 2 }, 12)).digest, one.digest);
    t.deepEqual(
      one.iterations.slice(0, 3).map(({ rollout, replay }) => [rollout.problems, replay?.share]),
      [
        [64, 0],
        [32, 0.5],
        [32, 0.5],
      ],
    );
  });
}

test('a problem that comes back looks as it did', async (t) => {
  const { agent } = await Trainer.run([{ stage: 1, iterations: 1 }], { ...OPTIONS, task: drawers(true) });
  await agent.close();
  const task = drawers(true);
  const batch = task.encode([2, 0, 3], 'rare');
  const { problemAt, batchOf } = task;
  if (problemAt === undefined || batchOf === undefined) {
    return t.fail();
  }
  const problems = [2, 0].map((index) => problemAt.call(task, batch, index));
  t.deepEqual(batchOf.call(task, problems, Int32Array.of(1, 0)), {
    ...task.encode([3, 2], 'rare'),
    stages: Int32Array.of(1, 0),
  });
});

test('the tutorial and a task that says so are trained on fresh problems, unless the caller says otherwise', async (t) => {
  const shares = async (options: TrainerOptions): Promise<unknown[]> => {
    const trainer = await Trainer.create({ ...OPTIONS, hiddenSize: 8, ...options } as TrainerOptions);
    const events: unknown[] = [];
    for await (const event of trainer.run([{ stage: 0, iterations: 2 }])) {
      if (event.type === 'iteration') {
        events.push(event.replay?.share);
      }
    }
    await trainer.close();
    return events;
  };
  const toTheLetter = tutorial.task();
  t.deepEqual(await shares({ task: toTheLetter }), [undefined, undefined]);
  t.deepEqual(await shares({ task: toTheLetter, replay: { randomStep: 0 } }), [0, 0.5]);
  t.deepEqual(await shares({ task: arithmetic }), [0, 0.5]);
  t.deepEqual(await shares({ task: arithmetic, replay: { share: 0.25 } }), [0, 0.25]);
  t.deepEqual(await shares({ task: arithmetic, baseline: 'program' }), [0, 0.5]);
});

test('wrong options are named', async (t) => {
  const refused: readonly (readonly [object, string])[] = [
    [{ replay: true }, 'replay'],
    [{ replay: 0.5 }, 'replay'],
    [{ replay: { share: 1 } }, 'replay.share'],
    [{ replay: { share: -0.1 } }, 'replay.share'],
    [{ replay: { size: 0 } }, 'replay.size'],
    [{ replay: { size: 2 ** 16 + 1 } }, 'replay.size'],
    [{ replay: { randomStep: 1.5 } }, 'replay.randomStep'],
    [{ replay: { randomSteps: 0.5 } }, 'replay.randomSteps'],
    [{ replay: { randomStep: 0.5 }, baseline: 'program' }, 'replay.randomStep'],
    [{ replay: { randomStep: 0.5 }, algorithm: 'rloo' }, 'replay.randomStep'],
    [{ replay: {}, task: scriptedTask({ stages: ['only'] }) }, 'replay'],
  ];
  for (const [options, path] of refused) {
    await fails(t, () => Trainer.create({ progress: false, ...options } as never), { code: 'ERR_OPTIONS', path });
  }
});
