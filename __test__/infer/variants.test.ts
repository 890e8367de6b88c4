import { readdir, readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { Agent, box, discrete, InputError, multiDiscrete, type Prompts, Trainer } from 'innate';
import { cartPole } from 'innate/environments';
import { Agent as Read } from 'innate/infer';
import { Random } from '#dist/util/random.js';
import { device } from '../support/device.js';
import { Pair, readBack } from './support/compare.js';

const NETWORK = { vocabulary: 9, stages: 3, horizon: 8, startToken: 8, device } as const;
const ROWS = 40;

function check(t: ExecutionContext, { result }: Pair, what: string): void {
  t.is(result.different, 0, what);
  t.true(result.steps > 0);
  t.true(result.distance <= 1e-5, `${what}: ${result.distance}`);
}

function prompts(random: Random, length: number, valued: boolean, rows: number = ROWS): Prompts {
  const draw = (count: number, bound: number, least = 0): Int32Array => Int32Array.from({ length: count }, () => least + random.int(bound));
  const shown = { contexts: draw(rows * length, 9), stages: draw(rows, 3), contextLengths: draw(rows, length, 1) };
  return valued ? { ...shown, contextValues: Float32Array.from(shown.contexts, () => 6 * random.float() - 3) } : shown;
}

/** Biases begin at 0, where a file read without them would act the same. */
async function fillZeros(agent: Agent): Promise<void> {
  const random = new Random(9);
  const weights = await agent.stateDict();
  for (const { data } of Object.values(weights)) {
    if (data.every((weight) => weight === 0)) {
      data.forEach((_, place) => {
        data[place] = 2 * random.float() - 1;
      });
    }
  }
  await agent.loadStateDict(weights);
}

const PROMPTED = [
  {},
  { hiddenSize: 1 },
  { layers: 3, hiddenSize: 13 },
  { memory: false },
  { memory: false, network: { encoder: 'gru', attention: 'prompt' } },
  { pooling: 'batch' },
  { pooling: 'batch', network: { attention: 'prompt' } },
  { actionMask: Uint8Array.of(1, 0, 1, 1, 0, 0, 1, 1, 0) },
  { network: { encoder: 'gru' } },
  { network: { encoder: 'gru', direction: 'forward' } },
  { network: { encoder: 'gru', direction: 'backward', attention: 'none' } },
  { contextValues: true },
  { contextValues: true, pooling: 'batch', network: { attention: 'prompt' } },
  { contextValues: true, network: { encoder: 'mean', attention: 'prompt', layers: 2 } },
  { contextValues: true, network: { encoder: 'gru', direction: 'forward', attention: 'both' } },
  { contextValues: true, network: { encoder: 'gru', direction: 'backward' } },
  { network: { encoder: 'gru', attention: 'none', layers: 2 } },
  { network: { encoder: 'mean', attention: 'prompt', clock: true } },
  { network: { clock: true } },
  { network: { attention: 'history', historyWindow: 1 } },
  { network: { attention: 'history', historyWindow: 3, clock: true } },
  { network: { encoder: 'gru', attention: 'both', historyWindow: 300, clock: true, layers: 2 } },
] as const;

for (const options of PROMPTED) {
  test(`${JSON.stringify(options)}: the same programs, fed, sampled, warm and masked too`, async (t) => {
    await using agent = await Agent.create({ hiddenSize: 24, seed: 5, ...NETWORK, ...options } as never);
    await fillZeros(agent);
    const read = await readBack(agent);
    const { seed: _, device: __, deviceReason: ___, engine: ____, threads: _____, update: ______, ...said } = agent.info;
    t.deepEqual({ ...read.info }, said);
    const pair = await Pair.of(agent, read, ROWS);
    const random = new Random(1);
    for (const [round, length] of [6, 1, 9].entries()) {
      const shown = prompts(random, length, agent.info.contextValues);
      pair.each((session) => session.begin(shown));
      for (let step = 0; step < 12; step += 1) {
        const actionMask = Array.from({ length: ROWS }, (_row, row) =>
          row % 3 === 0 ? undefined : Array.from({ length: 9 }, (_token, token) => token === 0 || random.int(2) === 1),
        );
        pair.step({ deterministic: round === 0, ...(round === 2 ? { temperature: 0.7, actionMask } : {}) });
        if (step % 4 === 3 && agent.info.memory) {
          const tokens = Int32Array.from({ length: ROWS }, () => random.int(9));
          pair.each((session) => session.feed(tokens));
        }
      }
      pair.count(ROWS);
    }
    check(t, pair, 'programs');
  });
}

const ACTING = [
  { observationSpace: discrete(7), actionSpace: discrete(4) },
  { observationSpace: multiDiscrete([3, 5]), actionSpace: multiDiscrete([2, 3]), layers: 2 },
  { observationSpace: box({ shape: [2, 3], low: -1, high: 1 }), actionSpace: discrete(3), memory: false },
  { observationSpace: { a: box({ shape: [4] }), b: discrete(3) }, actionSpace: discrete(5), network: { clock: true } },
  { observationSpace: discrete(7), actionSpace: discrete(4), network: { attention: 'history', historyWindow: 5 } },
  {
    observationSpace: { where: box({ shape: [3], low: 0, high: 1 }), what: multiDiscrete([2, 2, 4]) },
    actionSpace: discrete(4),
    network: { attention: 'history', historyWindow: 200, clock: true },
  },
] as const;

for (const options of ACTING) {
  test(`${JSON.stringify(options, (_, value) => (value instanceof Float32Array ? undefined : value))}: the same actions`, async (t) => {
    await using agent = await Agent.create({ hiddenSize: 16, seed: 5, device, ...options } as never);
    await using other = await Agent.create({ hiddenSize: 16, seed: 6, device, ...options } as never);
    await fillZeros(agent);
    const read = await readBack(agent);
    t.deepEqual(read.info.observationSpace, agent.info.observationSpace);
    t.deepEqual(read.info.observed, agent.info.observed);
    const random = new Random(3);
    const value = (space: Readonly<Record<string, unknown>>): unknown => {
      if (space['kind'] === 'discrete') {
        return random.int(space['n'] as number);
      }
      const { sizes, low } = space as { readonly sizes?: readonly number[]; readonly low?: Float32Array };
      return sizes?.map((size) => random.int(size)) ?? Array.from(low ?? [], () => random.float());
    };
    const observe = (): unknown => {
      const space = options.observationSpace as Readonly<Record<string, unknown>>;
      const part = ([key, of]: [string, unknown]) => [key, value(of as Readonly<Record<string, unknown>>)];
      return typeof space['kind'] === 'string' ? value(space) : Object.fromEntries(Object.entries(space).map(part));
    };
    const pair = await Pair.of(agent, read, 3);
    for (let step = 0; step < 450; step += 1) {
      pair.step({ observation: [observe(), observe(), observe()], deterministic: step % 2 === 0 });
      if (step % 100 === 60) {
        pair.each((session) => session.reset([1]));
      }
    }
    pair.each((session) => session.action(2));
    pair.count(3);
    check(t, pair, 'actions');
    // Other weights, in the middle of episodes: what is attended to is made of them again.
    const [native, pure] = [await agent.session(), await read.session()];
    for (let step = 0; step < 30; step += 1) {
      const step1 = { observation: observe(), deterministic: true };
      const [a, b] = [native.step(step1), pure.step(step1)];
      t.true(Math.abs((a.values[0] ?? Number.NaN) - (b.values[0] ?? Number.NaN)) < 1e-5);
      t.deepEqual(native.action(), pure.action());
      if (step === 12) {
        await native.sync(other);
        await pure.sync(await readBack(other));
      }
    }
    await t.throwsAsync(pure.sync(agent), { instanceOf: InputError });
    await t.throwsAsync(native.sync(read), { instanceOf: InputError });
  });
}

test('observations are normalized by the statistics of the file', async (t) => {
  const environment = () => cartPole();
  const options = { environment, device, seed: 1, hiddenSize: 16, envCount: 4, rolloutSteps: 32, progress: false } as const;
  await using trainer = await Trainer.create({ ...options, normalizeObservations: true, normalizeRewards: true });
  await trainer.run([{ stage: 0, steps: 512 }]);
  const read = await readBack(trainer.agent);
  const pair = await Pair.of(trainer.agent, read, 1);
  const random = new Random(3);
  for (let step = 0; step < 200; step += 1) {
    pair.step({ observation: [0, 1, 2, 3].map(() => (random.float() - 0.5) * (step % 10 === 0 ? 0.8 : 0.01)) });
  }
  pair.count(1);
  check(t, pair, 'actions');
});

test('files of version 1 are read', async (t) => {
  const folder = '__test__/golden/checkpoints';
  const files = await readdir(folder);
  t.true(files.length >= 3);
  for (const file of files) {
    await using agent = await Agent.load(`${folder}/${file}`, { device });
    const read = await Read.load(await readFile(`${folder}/${file}`));
    const { vocabSize, stageCount, contextLength = 5, horizon } = agent.info;
    const random = new Random(2);
    const pair = await Pair.of(agent, read, ROWS);
    const contexts = Int32Array.from({ length: ROWS * contextLength }, () => random.int(vocabSize));
    pair.each((session) => session.begin({ contexts, stages: Int32Array.from({ length: ROWS }, (_, row) => row % stageCount) }));
    for (let step = 0; step < horizon; step += 1) {
      pair.step({ deterministic: true });
    }
    pair.count(ROWS);
    check(t, pair, file);
  }
});
