import test from 'ava';
import {
  box,
  discrete,
  type Environment,
  linear,
  multiDiscrete,
  type Step,
  type StepStageSpec,
  Trainer,
  type TrainerOptions,
  type TrainingEvent,
} from 'innate';
import { planStepStages } from '#dist/curriculum/step-stage.js';
import { readEnvironmentLearning, readEnvironmentOptions } from '#dist/trainer/steps/options.js';
import { Issues } from '#dist/util/issues.js';
import { OptionReader } from '#dist/util/option-reader.js';
import { echoTask } from '../support/echo-task.js';
import { fails } from '../support/failure.js';
import { CountingEnvironment, counting, scriptedActor } from './support/scripted-environment.js';

const environment = counting();

function read(options: object) {
  const reader = new OptionReader({ environment, ...options });
  const config = readEnvironmentOptions(reader);
  reader.finish();
  return { config, issues: reader.issues.list };
}

test('the defaults', (t) => {
  t.deepEqual(read({}), {
    config: {
      environment,
      sizes: {
        seed: 0,
        network: {
          encoder: undefined,
          direction: undefined,
          attention: undefined,
          historyWindow: undefined,
          clock: false,
          hiddenSize: 128,
          layers: 1,
          memory: true,
        },
        runtime: { device: 'cpu', engine: undefined, threads: 0 },
      },
      agent: undefined,
      algorithm: 'ppo',
      envCount: 16,
      rolloutSteps: 128,
      stepTimeout: undefined,
      evaluateEvery: undefined,
      evaluationEpisodes: 32,
      maxSteps: 1_000_000,
      progress: true,
      signal: undefined,
      keeping: { checkpoint: undefined, metadata: undefined },
      imitation: undefined,
      replay: undefined,
    },
    issues: [],
  });
});

const MOST = Number.MAX_SAFE_INTEGER;
const RANGES: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
  ['envCount', [1, 2 ** 20], [0, 1.5, 2 ** 20 + 1, '3']],
  ['rolloutSteps', [1, 2 ** 20], [0, 1.5]],
  ['stepTimeout', [1, 2 ** 31 - 1], [0, 2 ** 31, Infinity]],
  ['evaluateEvery', [1, MOST], [0, 1.5]],
  ['evaluationEpisodes', [1], [0]],
  ['maxSteps', [1, MOST], [0, 1.5]],
];

for (const [key, good, bad] of RANGES) {
  test(`${key} has its limits`, (t) => {
    for (const value of good) {
      const { config, issues } = read({ [key]: value });
      t.deepEqual(issues, []);
      t.is(config[key as 'envCount'], value as number);
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

const { agent } = scriptedActor();
const BAD: readonly (readonly [string, object, string, string])[] = [
  ['no function', { environment: 3 }, 'environment', 'must be a function, got 3.'],
  ['no algorithm', { algorithm: 'dqn' }, 'algorithm', 'must be one of'],
  ['PPO beside A2C', { algorithm: 'a2c', clipRange: 0.2 }, 'clipRange', "is an option of algorithm: 'ppo'"],
  ['more minibatches than rows', { envCount: 2, minibatches: 4 }, 'minibatches', 'must be at most 2'],
  ['of a task', { batchSize: 3 }, 'batchSize', 'is for training on a task, not in environments.'],
  ['a task', { task: echoTask() }, 'task', 'is for training on a task'],
  ['a baseline', { baseline: 'step' }, 'baseline', 'is for training on a task'],
  ['an agent and its sizes', { agent, hiddenSize: 8 }, 'hiddenSize', 'cannot be given beside an agent'],
  ["SB3's name", { n_envs: 4 }, 'n_envs', 'Did you mean envCount?'],
  ["CleanRL's name", { num_steps: 4 }, 'num_steps', 'Did you mean rolloutSteps?'],
  ["SB3's epochs", { n_epochs: 4 }, 'n_epochs', 'Did you mean updateEpochs?'],
  ["SB3's clip", { clip_coef: 0.1 }, 'clip_coef', 'Did you mean clipRange?'],
];

for (const [name, options, path, text] of BAD) {
  test(`refused: ${name}`, async (t) => {
    const bad = { environment, progress: false, ...options } as unknown as TrainerOptions<'environment'>;
    const { message } = await fails(t, () => Trainer.create(bad), { code: 'ERR_OPTIONS', path });
    t.true(message.includes(text), message);
    await fails(t, () => Trainer.run([{ stage: 0, steps: 1 }], bad), { code: 'ERR_OPTIONS', path });
  });
}

test('with a task, options of environments are refused', async (t) => {
  for (const key of [
    'envCount',
    'rolloutSteps',
    'normalizeObservations',
    'normalizeRewards',
    'stepTimeout',
    'evaluationEpisodes',
    'maxSteps',
  ]) {
    const bad = { task: echoTask(), [key]: 1 } as TrainerOptions;
    const { message } = await fails(t, () => Trainer.create(bad), { code: 'ERR_OPTIONS', path: key });
    t.true(message.includes('is for training in environments, not on a task.'), message);
  }
});

test("the environment's own options come after the library's and before the caller's; those of another algorithm say nothing", (t) => {
  const own = { gamma: 0.5, entropyCoef: linear(0.02, 0.001), clipRange: 0.1, normalizeRewards: false };
  const learning = (options: object, algorithm: 'ppo' | 'a2c' = 'ppo') => {
    const issues = new Issues();
    return { ...readEnvironmentLearning(options, algorithm, 16, own, issues), issues: issues.list };
  };
  const { algorithm, issues, ...normalised } = learning({ gamma: 0.8 });
  t.deepEqual(issues, []);
  t.like(algorithm, { gamma: 0.8, gaeLambda: 0.95, entropyCoef: linear(0.02, 0.001), clipRange: { from: 0.1 } });
  t.deepEqual(normalised, { normalizeObservations: true, normalizeRewards: false });
  t.is(learning({ normalizeRewards: true }).normalizeRewards, true);
  const a2c = learning({}, 'a2c');
  t.deepEqual([a2c.algorithm.gamma, a2c.algorithm.clipRange.from, a2c.issues], [0.5, Infinity, []]);
});

test("what is wrong with the environment's own options is said with its place, and the environments are closed", async (t) => {
  const notes: string[] = [];
  class Odd extends CountingEnvironment {
    readonly algorithmOptions = { gamma: 2, lr: 1 };
  }
  const bad = (index: number): Environment => new Odd(index, { note: (call) => notes.push(call) });
  const { message } = await fails(t, () => Trainer.create({ environment: bad, envCount: 2, progress: false }), {
    code: 'ERR_OPTIONS',
    path: 'environment.algorithmOptions.gamma',
  });
  t.true(message.includes('environment.algorithmOptions.lr'), message);
  t.deepEqual(notes, ['close 0', 'close 1']);
});

function plan(stages: unknown) {
  const issues = new Issues();
  const planned = planStepStages(stages, { stageNames: ['a', 'b'], taskName: 'it', maxSteps: 1000, iterationSteps: 100 }, issues);
  return { planned, issues: issues.list.map(({ path }) => path) };
}

test('stages: by steps or by a target, in whole rollouts', (t) => {
  const { planned, issues } = plan([
    { stage: 0, steps: 250 },
    { stage: 'b', steps: 99 },
    { stage: 1, until: { meanReturn: 0.9 } },
    { stage: 1, until: { successRate: 0.5 }, maxSteps: 300 },
  ]);
  t.deepEqual(issues, []);
  t.deepEqual(
    planned.map(({ stage, name, rule, target, maxIterations }) => [
      stage,
      name,
      rule,
      target.meanReturn ?? target.successRate,
      maxIterations,
    ]),
    [
      [0, 'a', 'iterations', 0.99, 2],
      [1, 'b', 'iterations', 0.99, 1],
      [1, 'b', 'target', 0.9, 10],
      [1, 'b', 'target', 0.5, 3],
    ],
  );
});

test('stages that are none', (t) => {
  t.deepEqual(plan(3).issues, ['stages']);
  t.deepEqual(plan([]).issues, ['stages']);
  t.deepEqual(plan([0]).issues, ['stages[0]']);
  t.deepEqual(plan([{ stage: 0 }]).issues, ['stages[0]']);
  t.deepEqual(plan([{ stage: 2, steps: 1 }]).issues, ['stages[0].stage']);
  t.deepEqual(plan([{ stage: 0, steps: 0 }]).issues, ['stages[0].steps']);
  t.deepEqual(plan([{ stage: 0, steps: 1, until: { meanReturn: 1 }, maxSteps: 3 }]).issues, ['stages[0].until', 'stages[0].maxSteps']);
  t.deepEqual(plan([{ stage: 0, until: {} }]).issues, ['stages[0].until']);
  t.deepEqual(plan([{ stage: 0, iterations: 3 }]).issues, ['stages[0].iterations', 'stages[0]']);
});

/** Typed as a user would: the compiler infers what is observed and done from the spaces. */
class Typed implements Environment<{ position: Float32Array; cue: number }, readonly number[]> {
  readonly observationSpace = { position: box({ shape: [2] }), cue: discrete(3) };
  readonly actionSpace = multiDiscrete([2, 3]);
  reset(): { position: Float32Array; cue: number } {
    return { position: new Float32Array(2), cue: 0 };
  }
  step([first]: readonly number[]): Step<{ position: Float32Array; cue: number }> {
    return { observation: this.reset(), reward: first ?? 0, terminated: true, truncated: false };
  }
}

test('types: a task or environments, each with its own options, stages, events and results', (t) => {
  // Compiled, and never run.
  const compiled = async (): Promise<void> => {
    const trainer = await Trainer.create({
      environment: () => new Typed(),
      algorithm: 'ppo',
      clipRange: linear(0.2, 0.1),
      progress: (event) => event.type === 'iteration' && event.time.envSteps,
    });
    const { envSteps, stages } = await trainer.run([{ stage: 0, steps: 1 } satisfies StepStageSpec]);
    t.true(envSteps + (stages[0]?.steps ?? 0) > 0);
    for await (const event of trainer.run([{ stage: 0, until: { meanReturn: 1 } }])) {
      t.true(event.type === 'iteration' && event.train.learningRate > event.rollout.episodes);
    }
    const [evaluation] = await trainer.evaluate({ episodes: 3 });
    t.is(evaluation?.meanLength, 1);
    await Trainer.create({ environment: async (index) => new CountingEnvironment(index), progress: (event) => event.type === 'stage' });

    // @ts-expect-error: an option of a task
    await Trainer.create({ environment, batchSize: 3 });
    // @ts-expect-error: an option of environments
    await Trainer.create({ envCount: 3 });
    // @ts-expect-error: an option of PPO
    await Trainer.create({ environment, algorithm: 'a2c', clipRange: 0.1 });
    // @ts-expect-error: a stage of a task
    await trainer.run([{ stage: 0, iterations: 3 }]);
    // @ts-expect-error: what a task is measured with
    await trainer.evaluate({ problems: 3 });

    const tasks = await Trainer.create({ task: echoTask(), progress: (event) => event.type === 'iteration' && event.rollout.problems });
    t.is(tasks.task.stages.length, 1);
    // @ts-expect-error: a stage of environments
    await tasks.run([{ stage: 0, steps: 3 }]);
    const seen: TrainingEvent[] = [];
    for await (const event of Trainer.run([0])) {
      seen.push(event);
    }
  };
  t.is(typeof compiled, 'function');
});
