import test from 'ava';
import { hasPartialResult, InnateError, OptionsError, type StageSpec, TaskError, Trainer, type TrainerOptions } from 'innate';
import { echoTask, QUICK } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

const options = { ...QUICK, task: echoTask() };

const BAD_STAGES: [string, unknown, string][] = [
  ['an empty list', [], 'stages'],
  ['no list', 0, 'stages'],
  ['an unknown stage', [0, 5], 'stages[1]'],
  ['an unknown name', ['three'], 'stages[0]'],
  ['a rate above 1', [{ stage: 0, until: { successRate: 1.5 } }], 'stages[0].until.successRate'],
  ['both rules', [{ stage: 0, until: { successRate: 1 }, iterations: 3 }], 'stages[0].until'],
];

for (const [name, stages, path] of BAD_STAGES) {
  test(`stages: ${name}`, async (t) => {
    await using trainer = await Trainer.create(options);
    const before = await digest(trainer.agent);
    const error = await fails(t, () => trainer.run(stages as StageSpec[]), { code: 'ERR_OPTIONS', path, name: 'OptionsError' });
    t.false(hasPartialResult(error), 'training had not begun');
    await fails(t, () => Trainer.run(stages as StageSpec[], options), { code: 'ERR_OPTIONS', path });
    t.is(await digest(trainer.agent), before);
    t.is((await trainer.run([{ stage: 0, iterations: 1 }])).iterations, 1, 'the trainer is usable');
  });
}

const BAD_OPTIONS: [object, string][] = [
  [{ batchSize: 0 }, 'batchSize'],
  [{ batchSize: 1.5 }, 'batchSize'],
  [{ rehearsal: 1 }, 'rehearsal'],
  [{ seed: -1 }, 'seed'],
  [{ learningRate: NaN }, 'learningRate'],
  [{ evaluateEvery: 0 }, 'evaluateEvery'],
  [{ evaluationProblems: Infinity }, 'evaluationProblems'],
  [{ maxIterations: 0 }, 'maxIterations'],
  [{ progress: 'yes' }, 'progress'],
  [{ signal: {} }, 'signal'],
  [{ device: 'gpu' }, 'device'],
  [{ batchsize: 3 }, 'batchsize'],
];

for (const [bad, path] of BAD_OPTIONS) {
  test(`options: ${path} = ${JSON.stringify(Object.values(bad)[0])}`, async (t) => {
    await fails(t, () => Trainer.create({ ...options, ...bad }), { code: 'ERR_OPTIONS', path });
    await fails(t, () => Trainer.run([0], { ...options, ...bad }), { code: 'ERR_OPTIONS', path });
  });
}

test('all that is wrong with the options is said at once', async (t) => {
  const bad: TrainerOptions = { ...options, batchSize: 0, rehearsal: 2, hiddenSize: 0 };
  const { message } = await fails(t, () => Trainer.create(bad), { code: 'ERR_OPTIONS', path: 'hiddenSize' });
  t.true(message.includes('batchSize: must be'));
  t.true(message.includes('rehearsal: must be'));
});

test('evaluate and explain check their arguments', async (t) => {
  await using trainer = await Trainer.create(options);
  await fails(t, () => trainer.evaluate({ problems: 0 }), { code: 'ERR_OPTIONS', path: 'problems' });
  await fails(t, () => trainer.evaluate({ stage: 9 }), { code: 'ERR_OPTIONS', path: 'stage' });
  await fails(t, () => trainer.evaluate({ stages: [] }), { code: 'ERR_OPTIONS', path: 'stages' });
  await fails(t, () => trainer.evaluate({ stages: [0, 'x'] }), { code: 'ERR_OPTIONS', path: 'stages[1]' });
  await fails(t, () => trainer.evaluate({ stage: 0, stages: [1] }), { code: 'ERR_OPTIONS', path: 'stage' });
  await fails(t, () => trainer.explain('x'), { code: 'ERR_OPTIONS', path: 'stage' });
  await fails(t, () => trainer.explain(0, 0), { code: 'ERR_OPTIONS', path: 'count' });
});

test('use after close', async (t) => {
  const trainer = await Trainer.create(options);
  await trainer.close();
  for (const use of [() => trainer.run([0]), () => trainer.evaluate(), () => trainer.explain(0)]) {
    await fails(t, use, { code: 'ERR_CLOSED', path: 'trainer', name: 'ClosedError' });
  }
});

test('use after the agent was closed', async (t) => {
  await using trainer = await Trainer.create(options);
  await trainer.agent.close();
  await fails(t, () => trainer.run([0]), { code: 'ERR_CLOSED', path: 'agent' });
});

test('what is no task', async (t) => {
  for (const task of [{}, 3, { ...options.task, horizon: 0 }, { ...options.task, startToken: 99 }]) {
    const error = await t.throwsAsync(Trainer.create({ task } as unknown as TrainerOptions), { instanceOf: TaskError });
    t.truthy(error?.path);
    t.truthy(error?.remedy);
  }
});

interface Fault {
  readonly name: string;
  readonly path: string;
  /** Makes the task that fails from its third iteration on while `armed()`. */
  task(armed: () => boolean): ReturnType<typeof echoTask>;
}

function breakOn(armed: () => boolean): () => void {
  return () => {
    if (armed()) {
      throw new RangeError('this is broken');
    }
  };
}

const FAULTS: Fault[] = [
  { name: 'sample throws', path: 'task.sample', task: (armed) => echoTask({ onSample: breakOn(armed) }) },
  { name: 'score throws', path: 'task.score', task: (armed) => echoTask({ onScore: breakOn(armed) }) },
  { name: 'a reward is NaN', path: 'task.reward', task: (armed) => echoTask({ reward: (r, i) => (armed() && i === 5 ? NaN : r) }) },
  { name: 'a length is beyond the horizon', path: 'task.score', task: (armed) => echoTask({ length: () => (armed() ? 3 : 2) }) },
  { name: 'a reward is infinite', path: 'task.reward', task: (armed) => echoTask({ reward: (r) => (armed() ? -Infinity : r) }) },
];

for (const { name, path, task } of FAULTS) {
  test(`${name}: a typed error, nothing trained is lost, and the trainer goes on`, async (t) => {
    let iterations = 0;
    let mended = false;
    await using trainer = await Trainer.create({
      ...QUICK,
      task: task(() => iterations >= 3 && !mended),
      progress: (event) => {
        iterations += event.type === 'iteration' ? 1 : 0;
      },
    });
    const error = await fails(t, () => trainer.run([{ stage: 0, iterations: 20 }]), { code: 'ERR_TASK', path, name: 'TaskError' });
    if (name.endsWith('throws')) {
      t.true(error.cause instanceof RangeError);
    }
    t.true(hasPartialResult(error));
    if (hasPartialResult(error)) {
      t.is(error.partial.agent, trainer.agent);
      t.is(error.partial.iterations, iterations);
      t.is(error.partial.stages[0]?.iterations, iterations);
      t.true(iterations >= 3);
    }
    t.false(JSON.stringify(Object.keys(error)).includes('partial'), 'printing the error does not print the agent');
    const trained = await digest(trainer.agent);
    mended = true;
    t.is((await trainer.run([{ stage: 0, iterations: 2 }])).iterations, 2);
    t.not(await digest(trainer.agent), trained);
  });
}

test('returns too large for a finite loss: NonFiniteError with what was trained', async (t) => {
  let iterations = 0;
  await using trainer = await Trainer.create({
    ...QUICK,
    task: echoTask({ reward: (r) => (iterations >= 3 ? 3e38 * (r - 0.5) : r) }),
    progress: (event) => {
      iterations += event.type === 'iteration' ? 1 : 0;
    },
  });
  const error = await t.throwsAsync(async () => trainer.run([{ stage: 0, iterations: 20 }]), {
    instanceOf: InnateError,
    code: 'ERR_NON_FINITE',
  });
  t.true(hasPartialResult(error) && error.partial.iterations === 3);
  iterations = -100;
  t.is((await trainer.run([{ stage: 0, iterations: 2 }])).iterations, 2);
});

test("a progress function's own error comes through as it is, with what was trained", async (t) => {
  const mine = new Error('mine');
  await using trainer = await Trainer.create({
    ...options,
    progress: (event) => {
      if (event.type === 'iteration' && event.iteration === 2) {
        throw mine;
      }
    },
  });
  const error = await t.throwsAsync(async () => trainer.run([{ stage: 0, iterations: 20 }]));
  t.is(error, mine);
  t.true(hasPartialResult(error) && error.partial.iterations === 2);
});

test('what is wrong with stages and with options is said at once', async (t) => {
  const error = await t.throwsAsync(async () => await Trainer.run([0, 7], { seed: -1 }), { instanceOf: OptionsError });
  t.regex(error?.message ?? '', /seed[\s\S]*stages\[1\]/);
});
