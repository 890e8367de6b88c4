import { join } from 'node:path';
import test from 'ava';
import type { Environment, ResetContext, RunStages, Step, TrainerOptions, TrainingEvent, VectorEnvironment } from 'innate';
import { EnvironmentError, Random, type RandomState, Trainer, vectorize } from 'innate';
import { cartPole, cartPoleVector } from 'innate/environments';
import { makeVector } from '#dist/environment/vectorize.js';
import { inFolder } from '../../support/folder.js';
import { delayed } from '../../support/train-in-environments.js';
import { digest } from '../../support/weights.js';

const options = { envCount: 3, rolloutSteps: 5, hiddenSize: 8, seed: 2, threads: 1, minibatches: 2 };
const stages = [{ stage: 0, steps: 8 * 15 }] as unknown as RunStages<'environment'>;

interface Outcome {
  readonly digest: string;
  readonly warnings: readonly string[];
}

/** A run that is aborted in its third iteration, and goes on with other objects. */
async function interrupted(folder: string, environment: unknown): Promise<{ whole: Outcome; again: Outcome }> {
  const train = async (trainer: Trainer<'environment'>, signal?: AbortSignal): Promise<Outcome> => {
    const warnings: string[] = [];
    const run = trainer === undefined ? undefined : trainer.run(trainer.resumed === undefined ? stages : undefined, { signal });
    try {
      await run;
    } catch (error) {
      if (signal?.aborted !== true) {
        throw error;
      }
    }
    const of = await digest(trainer.agent);
    await trainer.close();
    return { digest: of, warnings };
  };
  const make = (more: object): Promise<Trainer<'environment'>> =>
    Trainer.create({ ...options, environment, progress: false, ...more } as TrainerOptions<'environment'>);
  const whole = await train(await make({}));
  const abort = new AbortController();
  const stop = (event: TrainingEvent<'environment'>): void => {
    if (event.type === 'iteration' && event.iteration === 3) {
      abort.abort();
    }
  };
  await train(await make({ checkpoint: { folder }, progress: stop }), abort.signal);
  const warnings: string[] = [];
  const progress = (event: TrainingEvent<'environment'>): void => {
    if (event.type === 'warning') {
      warnings.push(event.code);
    }
  };
  const trainer = await Trainer.resume(folder, { environment, progress } as TrainerOptions<'environment'>);
  const again = await train(trainer);
  return { whole, again: { ...again, warnings } };
}

/** An environment that counts its calls, and offers its state or not. */
function stateful(calls: { steps: number }, offers: boolean): Environment<readonly number[], number> {
  const space = cartPole();
  let value = 0;
  let random = new Random(0);
  let left = 0;
  const own: Environment<readonly number[], number> = {
    observationSpace: space.observationSpace,
    actionSpace: space.actionSpace,
    reset: (context: ResetContext) => {
      random = context.random;
      value = random.float();
      left = 7;
      return seen();
    },
    step: (action: number): Step<readonly number[]> => {
      calls.steps += 1;
      value += (action - 0.5) * random.float();
      left -= 1;
      return { observation: seen(), reward: value, terminated: left === 0, truncated: false };
    },
  };
  const seen = (): readonly number[] => [value / 10, left / 10, 0, 0];
  return offers
    ? {
        ...own,
        getState: () => ({ value, left, random: random.getState() }),
        setState: async (state: unknown) => {
          const saved = state as { value: number; left: number; random: RandomState };
          value = saved.value;
          left = saved.left;
          random = new Random(0);
          random.setState(saved.random);
        },
      }
    : own;
}

for (const [name, environment] of Object.entries({
  'that answer at once': () => cartPole({ limit: 7 }),
  'that answer later': delayed(),
  'with masks': () => ({ ...cartPole(), masked: true, actionMask: () => [1, 1] }),
  'that offer their state': () => stateful({ steps: 0 }, true),
  'that do not': () => stateful({ steps: 0 }, false),
  'over typed arrays': (_: number, size: number) => cartPoleVector(size, { observation: 'noisy' }),
})) {
  test.serial(`environments ${name} go on to the bit`, async (t) => {
    await inFolder(async (folder) => {
      const { whole, again } = await interrupted(join(folder, 'run'), environment);
      t.is(again.digest, whole.digest);
      t.deepEqual(again.warnings, []);
    });
  });
}

test.serial('what cannot go on to the bit goes on all the same, and is said', async (t) => {
  const plain = (_: number, size: number): VectorEnvironment => {
    const vector = cartPoleVector(size);
    return Object.assign(Object.create(vector) as VectorEnvironment, {
      size,
      getState: undefined,
      setState: undefined,
      reset: vector.reset.bind(vector),
      step: vector.step.bind(vector),
    });
  };
  let drawn = 0;
  const restless = (): Environment<readonly number[], number> => {
    const inner = cartPole();
    const moved = (numbers: readonly number[]): readonly number[] => numbers.map((number) => number + drawn / 1e4);
    const reset = (context: ResetContext): readonly number[] => {
      drawn += 1;
      return moved(inner.reset(context));
    };
    const step = (action: number): Step<readonly number[]> => {
      const answer = inner.step(action);
      return { ...answer, observation: moved(answer.observation) };
    };
    return { ...inner, reset, step } as Environment<readonly number[], number>;
  };
  for (const environment of [plain, restless]) {
    await inFolder(async (folder) => {
      const { again } = await interrupted(join(folder, 'run'), environment);
      t.deepEqual(again.warnings, ['not-exact']);
    });
  }
});

test('an environment with a state of its own is not stepped again, and one without is', async (t) => {
  for (const offers of [true, false]) {
    const [first, second] = [{ steps: 0 }, { steps: 0 }];
    const next = (row: number): ResetContext => ({ random: new Random(row + 1), stage: 0 });
    const vector = await makeVector(() => stateful(first, offers), { size: 2 }, true);
    await vector.reset(next);
    for (let k = 0; k < 10; k += 1) {
      await vector.step(Int32Array.of(k % 2, 1));
    }
    const other = await makeVector(() => stateful(second, offers), { size: 2 }, true);
    t.deepEqual(await other.restore(structuredClone(vector.save()), next), []);
    t.is(second.steps, offers ? 0 : 2 * 3, 'three steps of the second episode of each');
    for (let k = 0; k < 9; k += 1) {
      t.deepEqual(
        [other.dense, other.rewards, other.terminated],
        k === 0 ? [vector.dense, other.rewards, other.terminated] : [vector.dense, vector.rewards, vector.terminated],
      );
      await vector.step(Int32Array.of(1, k % 2));
      await other.step(Int32Array.of(1, k % 2));
    }
  }
});

test('the state of other environments is refused', async (t) => {
  const next = (row: number): ResetContext => ({ random: new Random(row), stage: 0 });
  const vector = await makeVector(() => cartPole(), { size: 2 }, true);
  await vector.reset(next);
  const good = vector.save() as { rows: unknown[] };
  for (const state of [
    undefined,
    3,
    {},
    { ...good, rows: [] },
    { ...good, dense: new Float32Array(3) },
    { ...good, rows: [{}, {}] },
    { ...good, steps: [] },
  ]) {
    await t.throwsAsync(vector.restore(state, next), { instanceOf: EnvironmentError, message: /state of other environments/ });
  }
  const unrecorded = (await vectorize(() => cartPole(), { size: 2 })) as unknown as { save(): unknown };
  t.is(unrecorded.save(), undefined, 'nothing is written down where nobody asks for it');
});

test.serial('a state that cannot be taken out, or is no plain data, is said, and training goes on', async (t) => {
  class Odd {
    readonly value = 1;
  }
  for (const [getState, message] of [
    [(): unknown => ({ odd: (): Odd => new Odd() }), /rows\[0\]\.state\.odd is a function/],
    [
      (): never => {
        throw new RangeError('not now');
      },
      /not now/,
    ],
  ] as const) {
    await inFolder(async (folder) => {
      const warnings: string[] = [];
      const progress = (event: TrainingEvent<'environment'>): void => {
        if (event.type === 'warning') {
          warnings.push(`${event.code}: ${event.message}`);
        }
      };
      const environment = (): Environment => ({ ...stateful({ steps: 0 }, true), getState }) as Environment;
      const trainer = await Trainer.create({ ...options, environment, checkpoint: { folder, every: 1 }, progress });
      const { iterations } = await trainer.run(stages);
      t.is(iterations, 8);
      await trainer.close();
      // Between stages there is no environment to be saved: the last checkpoint is a good one.
      t.is(warnings.length, 1, 'said once');
      t.regex(warnings[0] ?? '', /^checkpoint-failed: /);
      t.regex(warnings[0] ?? '', message);
    });
  }
});
