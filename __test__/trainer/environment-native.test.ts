import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Agent, box, discrete, type Environment, type ResetContext, type Step, Trainer } from 'innate';
import { fails } from '../support/failure.js';
import { digest } from '../support/weights.js';

/** Shows a cue in the first observation alone, and pays for repeating it: in the last of `length` steps, or in each. */
class Recall implements Environment<{ cue: number; time: readonly number[] }, number> {
  readonly observationSpace = { cue: discrete(3), time: box({ shape: [1], low: 0, high: 1 }) };
  readonly actionSpace = discrete(2);
  readonly #length: number;
  readonly #delay: (() => Promise<void>) | undefined;
  readonly #each: boolean;
  #cue = 0;
  #t = 0;
  #right = true;

  constructor(length: number, delay?: () => Promise<void>, each = false) {
    this.#length = length;
    this.#delay = delay;
    this.#each = each;
  }

  reset({ random }: ResetContext) {
    this.#cue = random.int(2);
    this.#t = 0;
    this.#right = true;
    const first = { cue: this.#cue, time: [0] };
    return (this.#delay?.().then(() => first) ?? first) as typeof first;
  }

  step(action: number) {
    this.#t += 1;
    const over = this.#t === this.#length;
    const pays = over || this.#each;
    this.#right &&= !pays || action === this.#cue;
    const observation = { cue: 2, time: [this.#t / this.#length] };
    const reward = pays && action === this.#cue ? 1 : 0;
    const step = { observation, reward, terminated: over, truncated: false, success: this.#right };
    return (this.#delay?.().then(() => step) ?? step) as Step<{ cue: number; time: readonly number[] }>;
  }
}

const SMALL = { envCount: 8, rolloutSteps: 16, hiddenSize: 16, seed: 3, progress: false } as const;

test('what was shown once is recalled', async (t) => {
  const { stages, agent } = await Trainer.run([{ stage: 0, steps: 60_000 }], {
    environment: () => new Recall(8),
    ...SMALL,
    rolloutSteps: 64,
  });
  t.log(stages[0]);
  t.true((stages[0]?.successRate ?? 0) >= 0.99);
  await agent.close();
});

test('states carry over: what a rollout teaches to keep is kept through an episode of more than three', async (t) => {
  const options = { environment: () => new Recall(40, undefined, true), ...SMALL, rolloutSteps: 12 };
  const { stages, agent } = await Trainer.run([{ stage: 0, steps: 60_000 }], options);
  t.log(stages[0]);
  t.true((stages[0]?.successRate ?? 0) >= 0.99);
  await agent.close();
});

test('same seed, same bytes: any number of threads, environments at once or in any order, measured on the way or not', async (t) => {
  let ticks = 0;
  const shuffled = (): Promise<void> => {
    ticks += 1;
    return new Promise((resolve) => setTimeout(resolve, (ticks * 7) % 3));
  };
  const learned = async (options: object, delay?: () => Promise<void>, measures = false): Promise<string> => {
    await using trainer = await Trainer.create({ environment: () => new Recall(5, delay), ...SMALL, ...options });
    if (measures) {
      await trainer.evaluate({ episodes: 20 });
    }
    await trainer.run([{ stage: 0, steps: 512 }]);
    return digest(trainer.agent);
  };
  const first = await learned({ threads: 1 });
  for (const threads of [2, 3]) {
    t.is(await learned({ threads }), first, `${threads} threads`);
  }
  t.is(await learned({}, shuffled), first, 'in any order');
  t.is(await learned({ evaluateEvery: 1 }, undefined, true), first, 'measured');
  t.not(await learned({ seed: 4 }), first);
});

test('A2C learns too, and what differs between the algorithms is said in the numbers', async (t) => {
  const train = async (algorithm: 'a2c' | 'ppo'): Promise<object[]> => {
    const seen: object[] = [];
    const options = { environment: () => new Recall(3), ...SMALL, algorithm };
    const run = Trainer.run([{ stage: 0, steps: 256 }], options);
    for await (const event of run) {
      if (event.type === 'iteration') {
        seen.push(event.train);
      }
    }
    await (await run).agent.close();
    return seen;
  };
  const [a2c] = await train('a2c');
  const [ppo] = await train('ppo');
  t.like(a2c, { updates: 1, learningRate: 1e-3, entropyCoef: 0.02 });
  t.false('approxKl' in (a2c ?? {}));
  t.like(ppo, { updates: 16 });
  t.true('approxKl' in (ppo ?? {}));
});

test('a session in closed loop: by spaces, rows that forget, an agent from a file, new weights', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'innate-closed-loop-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const environment = (): Environment => new Recall(3);
  await using trainer = await Trainer.create({ environment, ...SMALL, normalizeObservations: true });
  await trainer.run([{ stage: 0, steps: 256 }]);
  const { agent } = trainer;
  const path = join(folder, 'agent.safetensors');
  await agent.save(path);
  await using loaded = await Agent.load(path);
  t.deepEqual([loaded.info.observationSpace, loaded.info.actionSpace], [agent.info.observationSpace, agent.info.actionSpace]);

  using one = await loaded.session();
  using two = await agent.session({ size: 2 });
  const first = { cue: 1, time: [0] };
  const later = { cue: 2, time: [0.5] };
  const alone = Array.from(one.step({ observation: first, deterministic: true }).logProbs);
  const pair = two.step({ observation: [first, later], deterministic: true });
  t.deepEqual([pair.logProbs[0]], alone, 'rows do not see each other');
  t.is(one.action(), pair.actions[0] ?? -1);
  one.reset();
  t.deepEqual(Array.from(one.step({ observation: first, deterministic: true }).logProbs), alone, 'a row that was reset has forgotten');
  t.notDeepEqual(Array.from(one.step({ observation: first, deterministic: true }).values), Array.from(pair.values.subarray(0, 1)));
  two.reset([0]);
  t.is(two.step({ observation: [first, later], deterministic: true }).logProbs[0], alone[0]);
  const masked = two.step({ observation: [first, first], actionMask: [[0, 1], undefined], temperature: 0.5 });
  t.deepEqual([masked.actions[0], masked.logProbs[0]], [1, 0]);

  await trainer.run([{ stage: 0, steps: 256 }]);
  using fresh = await agent.session();
  one.reset();
  await one.sync(agent);
  t.is(one.step({ observation: first, deterministic: true }).values[0], fresh.step({ observation: first, deterministic: true }).values[0]);

  await fails(t, () => one.step(), { code: 'ERR_INPUT', path: 'observation' });
  await fails(t, () => one.step({ observation: { cue: 3, time: [0] } }), { code: 'ERR_INPUT', path: 'observation.cue' });
  await fails(t, () => two.step({ observation: [first, { cue: 0, time: [NaN] }] }), { code: 'ERR_INPUT', path: 'observation[1].time[0]' });
  await fails(t, () => two.step({ observation: first }), { code: 'ERR_INPUT', path: 'observation' });
  await fails(t, () => one.step({ observation: first, actionMask: [0, 0] }), { code: 'ERR_INPUT', path: 'actionMask' });
  await fails(t, () => one.step({ observation: first, temperature: 0 }), { code: 'ERR_OPTIONS', path: 'temperature' });
  await fails(t, () => one.begin({ contexts: [0], stages: [0] }), { code: 'ERR_INPUT', path: 'session' });
  await fails(t, () => two.reset([2]), { code: 'ERR_INPUT', path: 'rows[0]' });
  await fails(t, () => agent.act({ contexts: [0], stages: [0] }), { code: 'ERR_INPUT', path: 'agent' });
});

test('an agent goes on in environments like its own, and in no others', async (t) => {
  await using agent = await Agent.create({ observationSpace: box({ shape: [1] }), actionSpace: discrete(2), hiddenSize: 8 });
  const options = { environment: () => new Recall(3), agent, progress: false } as const;
  await fails(t, () => Trainer.create(options), { code: 'ERR_OPTIONS', path: 'environment.observationSpace' });
  await using task = await Agent.create({ hiddenSize: 8 });
  await fails(t, () => Trainer.create({ ...options, agent: task }), { code: 'ERR_OPTIONS', path: 'environment.observationSpace' });
});
