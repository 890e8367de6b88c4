import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { box, discrete, type Environment, EnvironmentError, multiDiscrete, OptionsError, type Step, vectorize } from 'innate';
import { Corridor, episodes } from './support/corridor.js';

type Changes = Readonly<Partial<Record<keyof Environment | 'done', unknown>>>;

const good: Step<number> = { observation: 1, reward: 0, terminated: false, truncated: false };

/** An environment in which nothing ends, with what is given changed. */
function plain(changes: Changes = {}): Environment {
  const space = { observationSpace: discrete(3), actionSpace: discrete(2) };
  return { ...space, reset: () => 0, step: () => good, ...changes } as Environment;
}

/** Three environments, of which that of row 1 answers `answer` to its second step. */
const stepped = (answer: unknown, changes: Changes = {}) => {
  let steps = 0;
  return async (): Promise<unknown> => {
    const answers = (): unknown => {
      steps += 1;
      return steps === 2 ? answer : good;
    };
    const vector = await vectorize((index) => plain({ ...changes, ...(index === 1 ? { step: answers } : {}) }), { size: 3 });
    await vector.reset(episodes(3).next);
    await vector.step(new Int32Array(3));
    return vector.step(new Int32Array(3));
  };
};
const wrong = (change: object, changes: Changes = {}) => stepped({ ...good, ...change }, changes);
/** A promise of another kind. */
const rejection: PromiseLike<never> = {
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  then: (_, reject) => Promise.resolve().then(() => reject?.(new RangeError('out of order')) as never),
};
const AT = 'at environment 1, episode 0, step 2: ';
const ENDS = 'Return { observation, reward, terminated, truncated }.';
const REWARD = 'Give every step a finite reward that fits 32 bits; 0 where there is none.';

const STEPS: readonly (readonly [string, () => Promise<unknown>])[] = [
  [`environment.step: ${AT}returned undefined. ${ENDS}`, stepped(undefined)],
  [`environment.step: ${AT}returned 3. ${ENDS}`, stepped(3)],
  [`environment.step: ${AT}returned null. ${ENDS}`, stepped(Promise.resolve(null))],
  [`environment.step.reward: ${AT}is NaN. ${REWARD}`, wrong({ reward: Number.NaN })],
  [`environment.step.reward: ${AT}is -Infinity. ${REWARD}`, wrong({ reward: -Infinity })],
  [`environment.step.reward: ${AT}is 1e+39. ${REWARD}`, wrong({ reward: 1e39 })],
  [`environment.step.reward: ${AT}is '1'. ${REWARD}`, wrong({ reward: '1' })],
  [`environment.step.reward: ${AT}is undefined. ${REWARD}`, wrong({ reward: undefined })],
  [`environment.step.terminated: ${AT}is 1. Use true or false.`, wrong({ terminated: 1 })],
  [`environment.step.truncated: ${AT}is undefined. Use true or false.`, wrong({ truncated: undefined })],
  [
    `environment.step.terminated: ${AT}is undefined. Say terminated and truncated in place of done.`,
    wrong({ terminated: undefined, truncated: undefined, done: false }),
  ],
  [`environment.step.success: ${AT}is 1. Use true or false, or leave it out.`, wrong({ success: 1 })],
  [`environment.step.observation: ${AT}is 3. Give an integer from 0 to 2.`, wrong({ observation: 3 })],
  [`environment.step.observation: ${AT}is 3. Give an integer from 0 to 2.`, wrong({ observation: 3, terminated: true })],
  [`environment.step.observation: ${AT}is undefined. Give an integer from 0 to 2.`, wrong({ observation: undefined })],
  [`environment.step.actionMask: ${AT}has 3 entries. Give 2: one an action.`, wrong({ actionMask: [1, 1, 1] })],
  [
    `environment.step.actionMask: ${AT}forbids every action. Allow at least one; end the episode where there is nothing left to do.`,
    wrong({ actionMask: [false, false] }),
  ],
  [`environment.step.actionMask[1]: ${AT}is 2. Use 0 and 1, or false and true.`, wrong({ actionMask: [1, 2] })],
  [
    `environment.step.actionMask: ${AT}is given, though masked is false. Leave masked out, or set it to true.`,
    wrong({ actionMask: [1, 1] }, { masked: false }),
  ],
  [`environment.step: ${AT}threw RangeError: out of order. See the cause, and correct the environment.`, stepped(rejection)],
  [`environment.step: ${AT}threw 'text'. See the cause, and correct the environment.`, () => rejecting('text')()],
];

const rejecting = (reason: unknown) => async (): Promise<unknown> => {
  let steps = 0;
  const step = (): Step<number> => {
    steps += 1;
    if (steps === 2) {
      throw reason;
    }
    return good;
  };
  const vector = await vectorize((index) => plain(index === 1 ? { step } : {}), { size: 2 });
  await vector.reset(episodes(2).next);
  await vector.step(new Int32Array(2));
  return vector.step(new Int32Array(2));
};

for (const [index, [message, action]] of STEPS.entries()) {
  test(`(${index}) ${message}`, async (t) => {
    const error = await t.throwsAsync(async () => action(), { instanceOf: EnvironmentError, code: 'ERR_ENVIRONMENT' });
    t.is(error?.message, message);
    t.deepEqual([error?.environment, error?.episode, error?.step], [1, 0, 2]);
    t.is(message, `${error?.path}: ${AT}${error?.reason} ${error?.remedy}`);
  });
}

test('what was thrown is the cause', async (t) => {
  const reason = new RangeError('out of order');
  t.is((await t.throwsAsync(rejecting(reason)))?.cause, reason);
});

const made =
  (changes: Changes, at = 1) =>
  () =>
    vectorize((index) => plain(index === at ? changes : {}), { size: 3 });
const FUNCTION = 'Implement the interface Environment.';
const MAKE = 'Make it with discrete, multiDiscrete or box.';
const ALIKE = 'differs from that of environment 0. Make all of them alike: one network acts in all.';
const MADE: readonly (readonly [string, () => Promise<unknown>])[] = [
  [`environment.step: at environment 1: is not a function. ${FUNCTION}`, made({ step: undefined })],
  [
    `environment.reset: at environment 0: is not a function.\nenvironment.step: is not a function.\n ${FUNCTION}`,
    made({ reset: 3, step: {} }, 0),
  ],
  ['environment.close: at environment 1: is not a function. Leave it out, or give a function.', made({ close: true })],
  ['environment.actionMask: at environment 1: is not a function. Leave it out, or give a function.', made({ actionMask: [1, 1] })],
  ['environment.masked: at environment 1: is 1. Use true or false, or leave it out.', made({ masked: 1 })],
  [
    'environment.stages: at environment 1: must be names, each of its own, got an array of 0. Give at least one name, each different.',
    made({ stages: [] }),
  ],
  [
    'environment.stages: at environment 1: must be names, each of its own, got an array of 2. Give at least one name, each different.',
    made({ stages: ['a', 'a'] }),
  ],
  [
    'environment.algorithmOptions: at environment 1: is 3. Give an object with named options, or leave it out.',
    made({ algorithmOptions: 3 }),
  ],
  [
    'environment.observationSpace: at environment 1: is undefined, not a space. Make it with discrete, multiDiscrete or box, or give a record of such spaces.',
    made({ observationSpace: undefined }),
  ],
  [`environment.actionSpace: at environment 1: is 4, not a space. ${MAKE}`, made({ actionSpace: 4 })],
  [
    'environment.actionSpace: at environment 1: is a box: actions are discrete here. Use discrete, or multiDiscrete with some values of each number.',
    made({ actionSpace: box({ shape: [1] }) }),
  ],
  [`environment.observationSpace: at environment 1: ${ALIKE}`, made({ observationSpace: discrete(4) })],
  [`environment.actionSpace: at environment 2: ${ALIKE}`, made({ actionSpace: multiDiscrete([2]) }, 2)],
  [`environment.stages: at environment 2: ${ALIKE}`, made({ stages: ['other'] }, 2)],
  [
    'environment: is an object (Object), not a function. Pass a function that makes an environment: () => new Lift().',
    () => vectorize(plain() as never, { size: 1 }),
  ],
  [
    'environment: at environment 0: is undefined. Return an object with observationSpace, actionSpace, reset and step.',
    () => vectorize((() => undefined) as never, { size: 2 }),
  ],
];

for (const [index, [message, action]] of MADE.entries()) {
  test(`making (${index}) ${message}`, async (t) => {
    t.is((await t.throwsAsync(action, { instanceOf: EnvironmentError }))?.message, message);
  });
}

test('a factory that fails at row 7 of 16: those made are closed', async (t) => {
  for (const later of [false, true]) {
    const corridors: Corridor[] = [];
    const reason = new TypeError('no port left');
    const factory = (index: number): Corridor | Promise<Corridor> => {
      if (index === 7) {
        if (later) {
          return Promise.reject(reason);
        }
        throw reason;
      }
      const corridor = new Corridor();
      corridors.push(corridor);
      return later ? sleep(index % 3, corridor) : corridor;
    };
    const error = await t.throwsAsync(vectorize(factory, { size: 16 }), { instanceOf: EnvironmentError });
    t.is(error?.message, 'environment: at environment 7: threw TypeError: no port left. See the cause, and correct the environment.');
    t.is(error?.cause, reason);
    t.is(error?.environment, 7);
    t.is(corridors.length, later ? 15 : 7);
    t.true(corridors.every(({ closed }) => closed === 1));
  }
});

test('one environment for two rows is refused by name, and closed once', async (t) => {
  const shared = new Corridor();
  const error = await t.throwsAsync(
    vectorize((index) => (index % 2 === 0 ? new Corridor() : shared), { size: 4 }),
    { instanceOf: EnvironmentError },
  );
  t.is(
    error?.message,
    'environment: at environment 3: is the same object as environment 1: each needs an episode of its own. Make a new one in each call: () => new Lift().',
  );
  t.is(shared.closed, 1);
});

test('options', async (t) => {
  for (const [options, path] of [
    [{ size: 0 }, 'size'],
    [{}, 'size'],
    [{ size: 1, stepTimeout: 0 }, 'stepTimeout'],
    [{ size: 1, stepTimeout: 2 ** 31 }, 'stepTimeout'],
    [{ size: 1, timeout: 3 }, 'timeout'],
  ] as const) {
    const error = await t.throwsAsync(
      vectorize(() => plain(), options as { size: number }),
      { instanceOf: OptionsError },
    );
    t.is(error?.path, path);
  }
});

test('step before reset', async (t) => {
  const vector = await vectorize(() => plain(), { size: 2 });
  const error = t.throws(() => vector.step(new Int32Array(2)), { instanceOf: EnvironmentError });
  t.is(error?.message, 'environment.step: was called before reset. Call reset once, and then step.');
});

test('actions that are none, or forbidden, step nothing', async (t) => {
  let steps = 0;
  const step = (): Step<number> => {
    steps += 1;
    return good;
  };
  const vector = await vectorize(() => plain({ step, actionMask: () => [1, 0] }), { size: 2 });
  await vector.reset(episodes(2).next);
  const message = (actions: number[]): string | undefined =>
    t.throws(() => vector.step(Int32Array.from(actions)), { instanceOf: EnvironmentError })?.message;
  t.is(message([0]), 'actions: has 1 ids. Give 2, one an environment.');
  t.is(message([0, 2]), 'actions[1]: at environment 1, episode 0, step 1: is 2. Use ids from 0 to 1.');
  t.is(message([-1, 0]), 'actions[0]: at environment 0, episode 0, step 1: is -1. Use ids from 0 to 1.');
  t.is(
    message([0, 1]),
    'actions[1]: at environment 1, episode 0, step 1: is 1, which is forbidden now. Use an action that the mask allows.',
  );
  t.is(steps, 0);
});

test('promises that never settle', async (t) => {
  const never = new Promise<never>(() => undefined);
  const hanging = await vectorize((index) => plain(index === 1 ? { step: () => never } : {}), { size: 3, stepTimeout: 20 });
  await hanging.reset(episodes(3).next);
  const error = await t.throwsAsync(async () => hanging.step(new Int32Array(3)), { instanceOf: EnvironmentError });
  t.is(
    error?.message,
    'environment.step: at environment 1, episode 0, step 1: did not settle within 20 ms. Settle the promise in any case, or raise stepTimeout.',
  );
  const resetting = await vectorize(() => plain({ reset: () => never }), { size: 2, stepTimeout: 20 });
  const other = await t.throwsAsync(async () => resetting.reset(episodes(2).next), { instanceOf: EnvironmentError });
  t.deepEqual([other?.path, other?.environment, other?.step], ['environment.reset', 0, 0]);
  const closing = await vectorize(() => plain({ close: () => never }), { size: 2, stepTimeout: 20 });
  t.is((await t.throwsAsync(async () => closing.close?.(), { instanceOf: EnvironmentError }))?.path, 'environment.close');
});

test('closing ends the wait for a step', async (t) => {
  const vector = await vectorize(() => plain({ step: () => new Promise<never>(() => undefined) }), { size: 2 });
  await vector.reset(episodes(2).next);
  const stepping = t.throwsAsync(async () => vector.step(new Int32Array(2)), { instanceOf: EnvironmentError });
  t.throws(() => vector.step(new Int32Array(2)), { message: /was called while a step is under way/ });
  t.throws(() => vector.reset(episodes(2).next), { message: /was called while a step is under way/ });
  await vector.close?.();
  t.regex((await stepping)?.message ?? '', /was not waited for any longer/);
});

test('where some fail, the first row is named, the others finish the step, and the next step goes on', async (t) => {
  for (const later of [false, true]) {
    const steps = [0, 0, 0, 0];
    const episodeSteps = [0, 0, 0, 0];
    const factory = (index: number): Environment =>
      plain({
        observationSpace: discrete(9),
        reset: () => {
          episodeSteps[index] = 0;
          return 0;
        },
        step: () => {
          steps[index] = (steps[index] ?? 0) + 1;
          episodeSteps[index] = (episodeSteps[index] ?? 0) + 1;
          const failing = steps[index] === 3 && (index === 1 || index === 2);
          const answer = (): Step<number> => {
            if (failing) {
              throw new Error(`no ${index}`);
            }
            return { ...good, reward: 1, observation: episodeSteps[index] ?? 0 };
          };
          return later ? sleep(index === 1 ? 5 : 0).then(answer) : answer();
        },
      });
    const vector = await vectorize(factory, { size: 4 });
    const { next, counts } = episodes(4);
    await vector.reset(next);
    const step = async (): Promise<void> => vector.step(new Int32Array(4));
    await step();
    await step();
    const error = await t.throwsAsync(step, { instanceOf: EnvironmentError });
    t.deepEqual([error?.environment, error?.episode, error?.step], [1, 0, 3]);
    t.deepEqual(Array.from(vector.discrete), [3, 2, 2, 3]);
    t.deepEqual(Array.from(vector.rewards), [1, 0, 0, 1]);
    await step();
    t.deepEqual(Array.from(vector.discrete), [4, 0, 0, 4]);
    t.deepEqual(Array.from(vector.rewards), [1, 0, 0, 1]);
    t.deepEqual(Array.from(vector.truncated), [0, 1, 1, 0]);
    t.deepEqual(Array.from(vector.finalDiscrete.subarray(1, 3)), [2, 2]);
    t.deepEqual(counts, [1, 2, 2, 1]);
    await step();
    t.deepEqual(Array.from(vector.discrete), [5, 1, 1, 5]);
    t.deepEqual(steps, [5, 4, 4, 5]);
  }
});

test('a rejection that comes too late is dropped', async (t) => {
  const late = (): Promise<never> => sleep(40).then(() => Promise.reject(new Error('late')));
  const vector = await vectorize((index) => plain(index === 0 ? { step: late } : {}), { size: 2, stepTimeout: 5 });
  await vector.reset(episodes(2).next);
  await t.throwsAsync(async () => vector.step(new Int32Array(2)), { message: /did not settle within 5 ms/ });
  await sleep(60);
  await t.notThrowsAsync(async () => vector.step(new Int32Array(2)));
  await vector.close?.();
});

test('an error of close names the first environment, and all are closed', async (t) => {
  const closed: number[] = [];
  const close = (index: number) => () => {
    closed.push(index);
    if (index > 0) {
      throw new Error(`no ${index}`);
    }
  };
  const vector = await vectorize((index) => plain({ close: close(index) }), { size: 3 });
  const error = await t.throwsAsync(async () => vector.close?.(), { instanceOf: EnvironmentError });
  t.deepEqual([error?.path, error?.environment, closed], ['environment.close', 1, [0, 1, 2]]);
});
