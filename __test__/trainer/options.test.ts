import test from 'ava';
import { Agent, type Issue } from 'innate';
import { readTrainerOptions } from '#dist/trainer/options.js';
import { hasPartialResult, type PartialTrainingResult, withPartialResult } from '#dist/trainer/run/result.js';
import { Issues } from '#dist/util/issues.js';
import { OptionReader } from '#dist/util/option-reader.js';
import { device } from '../support/device.js';
import { echoTask } from '../support/echo-task.js';

function read(options: object): { config: ReturnType<typeof readTrainerOptions>; issues: readonly Issue[] } {
  const issues = new Issues();
  const reader = new OptionReader(options, issues);
  const config = readTrainerOptions(reader);
  reader.finish();
  return { config, issues: issues.list };
}

test('the defaults', (t) => {
  const { config, issues } = read({});
  const { agentConfig: _, ...rest } = config;
  t.deepEqual(issues, []);
  t.deepEqual(rest, {
    agent: undefined,
    update: undefined,
    schedules: {},
    algorithm: undefined,
    imitation: undefined,
    batchSize: 192,
    rehearsal: 0.4,
    replay: { share: 0.5, size: 512, randomStep: 0.5 },
    evaluateEvery: 25,
    evaluationProblems: 512,
    maxIterations: 4000,
    progress: true,
    signal: undefined,
    keeping: { checkpoint: undefined, metadata: undefined },
  });
});

test('everything given is taken', (t) => {
  const progress = (): void => undefined;
  const { signal } = new AbortController();
  const replay = { share: 0.1, size: 7, randomStep: 0.2 };
  const options = { batchSize: 3, rehearsal: 0.5, replay, evaluateEvery: 4, evaluationProblems: 5, maxIterations: 6, progress, signal };
  const { config, issues } = read(options);
  const { agentConfig: _, agent, update, schedules, algorithm, imitation, keeping, ...rest } = config;
  t.deepEqual([issues, agent, update, schedules, algorithm, imitation], [[], undefined, undefined, {}, undefined, undefined]);
  t.deepEqual(keeping, { checkpoint: undefined, metadata: undefined });
  t.deepEqual(rest, options);
  t.is(read({ progress: false }).config.progress, false);
  t.is(read({ progress: true }).config.progress, true);
});

const MOST = Number.MAX_SAFE_INTEGER;
const RANGES: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['batchSize', [1, 2 ** 20], [0, 2 ** 20 + 1, 1.5, '3', null, NaN]],
  ['rehearsal', [0, 0.999], [-0.001, 1, NaN, '0']],
  ['evaluateEvery', [1, MOST], [0, MOST + 1, 1.5, Infinity]],
  ['evaluationProblems', [1, 2 ** 20], [0, 2 ** 20 + 1, 1.5]],
  ['maxIterations', [1, MOST], [0, MOST + 1, 1.5, Infinity]],
];

for (const [key, good, bad] of RANGES) {
  test(`${key} has its limits`, (t) => {
    for (const value of good) {
      const { config, issues } = read({ [key]: value });
      t.deepEqual(issues, []);
      t.is(config[key as 'batchSize'], value as number);
    }
    for (const value of bad) {
      t.deepEqual(
        read({ [key]: value }).issues.map(({ path }) => path),
        [key],
        String(value),
      );
    }
  });
}

test('what is said of values that are no numbers', (t) => {
  t.deepEqual(read({ progress: 'yes' }).issues, [
    { path: 'progress', message: "must be true, false or a function, got 'yes'.", remedy: 'Pass false for silence.' },
  ]);
  t.is(read({ progress: null }).issues[0]?.message, 'must be true, false or a function, got null.');
  t.deepEqual(read({ agent: 3 }).issues, [
    { path: 'agent', message: 'must be an Agent, got 3.', remedy: 'Pass what Agent.create() or Agent.load() returned.' },
  ]);
  t.is(read({ signal: 3 }).issues[0]?.path, 'signal');
});

test('beside an agent: its coefficients where none are given, no options of the network, its own task', async (t) => {
  const task = echoTask();
  const own = {
    baseline: 'program',
    learningRate: 0.1,
    valueCoef: 0.2,
    entropyCoef: 0.3,
    maxGradNorm: 4,
    beta1: 0.5,
    beta2: 0.6,
    epsilon: 0.7,
  } as const;
  await using agent = await Agent.create({ device, task, hiddenSize: 4, ...own });
  const { config, issues } = read({ agent, task, learningRate: 0.25, beta1: 0 });
  t.deepEqual(issues, []);
  t.is(config.agent, agent);
  t.deepEqual(config.update, { ...agent.info.update, learningRate: 0.25, beta1: 0 });
  t.deepEqual(
    read({ agent, task, device: 'cpu', engine: 'plain', threads: 1, hiddenSize: 4 }).issues,
    ['device', 'engine', 'threads', 'hiddenSize'].map((path) => ({
      path,
      message: 'cannot be given beside an agent, which has its own.',
      remedy: `Leave ${path} out, or leave agent out.`,
    })),
  );
  t.deepEqual(read({ agent, task: { ...task, horizon: 3 } }).issues, [
    { path: 'task.horizon', message: 'is 3, the agent was made for 2.', remedy: 'Pass the task that the agent was made for.' },
  ]);
});

const partial = { iterations: 3, agent: {} } as PartialTrainingResult;

test('what was trained is hung on any error, out of sight', (t) => {
  for (const error of [new Error('mine'), { any: 'object' }, Object.create(null) as object]) {
    t.false(hasPartialResult(error));
    t.is(withPartialResult(error, partial), error);
    t.true(hasPartialResult(error));
    t.deepEqual(Object.getOwnPropertyDescriptor(error, 'partial'), {
      value: partial,
      enumerable: false,
      configurable: true,
      writable: true,
    });
  }
});

test('what nothing can be hung on is wrapped, with itself as the cause', (t) => {
  for (const thrown of ['text', 3, null, undefined, Object.freeze(new Error('frozen')), Object.preventExtensions({})]) {
    const error = withPartialResult(thrown, partial);
    t.true(error instanceof Error);
    t.is((error as Error).cause, thrown);
    t.true(hasPartialResult(error) && error.partial === partial);
    t.like(error, { code: 'ERR_INTERNAL' });
    t.true((error as Error).message.startsWith('training stopped: '));
  }
  t.is((withPartialResult('text', partial) as Error).message, "training stopped: 'text'.");
  t.is((withPartialResult(Object.freeze(new RangeError('odd.')), partial) as Error).message, 'training stopped: RangeError: odd.');
});

test('only an object with a partial result has one', (t) => {
  for (const other of [undefined, null, 3, 'partial', {}, { partial: undefined }]) {
    t.false(hasPartialResult(other));
  }
  t.true(hasPartialResult({ partial }));
});
