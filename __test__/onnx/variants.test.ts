import test from 'ava';
import { Agent, box, discrete, multiDiscrete } from 'innate';
import { Random } from '#dist/util/random.js';
import { distance } from '../support/weights.js';
import { exported, RUNTIMES } from './support/runtimes.js';
import { shake } from './support/shaken.js';
import { Stepping } from './support/stepping.js';
import { uniforms } from './support/uniforms.js';

const WITHIN = 1e-5;
const TASK = { vocabulary: 6, stages: 2, horizon: 6, startToken: 5, seed: 3, hiddenSize: 9 } as const;
const LENGTH = 5;

const NETWORKS = [
  {},
  { layers: 3 },
  { clock: true },
  { attention: 'prompt' },
  { attention: 'history' },
  { attention: 'history', historyWindow: 1, clock: true },
  { attention: 'both', historyWindow: 2, clock: true, layers: 2 },
  { encoder: 'gru' },
  { encoder: 'gru', direction: 'forward' },
  { encoder: 'gru', attention: 'none', layers: 2 },
  { encoder: 'gru', attention: 'both', historyWindow: 3, clock: true },
  { memory: false },
  { memory: false, encoder: 'gru', clock: true, layers: 2 },
] as const;

const USES = [{}, { actionMask: Uint8Array.of(1, 0, 1, 1, 0, 1) }, { pooling: 'batch' }, { contextValues: true }] as const;

function draw(random: Random, size: number) {
  const ids = (count: number, limit: number) => Int32Array.from({ length: count }, () => random.int(limit));
  return {
    contexts: ids(size * LENGTH, TASK.vocabulary),
    contextLengths: ids(size, LENGTH).map((length) => length + 1),
    stages: ids(size, TASK.stages),
    contextValues: Float32Array.from({ length: size * LENGTH }, () => random.float() - 0.5),
  };
}

for (const runtime of RUNTIMES) {
  for (const use of USES) {
    for (const network of NETWORKS.filter((each) => !('pooling' in use && 'encoder' in each))) {
      test.serial(`${runtime}, ${JSON.stringify(network)}, ${Object.keys(use)[0] ?? 'plain'}: programs, and steps`, async (t) => {
        await using agent = await Agent.create({ ...TASK, ...use, network });
        await shake(agent, 0.4);
        const contextLength = 'encoder' in network ? { contextLength: LENGTH } : {};
        const greedy = await exported(runtime, agent, { form: 'program', ...contextLength });
        const sampled = await exported(runtime, agent, { form: 'program', deterministic: false, ...contextLength });
        const encoder = await exported(runtime, agent, { form: 'encoder', ...contextLength });
        const step = await exported(runtime, agent, contextLength);
        const random = new Random(4);
        for (const [rollout, size] of [1, 7].entries()) {
          const { contextValues, ...without } = draw(random, size);
          const prompts = 'contextValues' in use ? { ...without, contextValues } : without;
          const tensors = {
            contexts: greedy.tensor(prompts.contexts, size, LENGTH),
            context_lengths: greedy.tensor(prompts.contextLengths, size),
            stages: greedy.tensor(prompts.stages, size),
            ...('contextValues' in use ? { context_values: greedy.tensor(contextValues, size, LENGTH) } : {}),
          };
          const { horizon } = TASK;
          const native = await agent.act({ ...prompts, deterministic: true });
          const said = await greedy.run(tensors);
          t.deepEqual(said['actions']?.data, native.actions);
          t.true(distance(said['log_probs']?.data ?? [], native.logProbs) <= WITHIN);
          t.true(distance(said['values']?.data ?? [], native.values) <= WITHIN);

          const drawn = sampled.tensor(uniforms('actions', TASK.seed, rollout, size, horizon), size, horizon);
          t.deepEqual((await sampled.run({ ...tensors, uniforms: drawn }))['actions']?.data, (await agent.act(prompts)).actions);

          // Steps, fed with what no policy chose.
          const fed = Int32Array.from({ length: size * horizon }, () => [0, 2, 3, 5][random.int(4)] as number);
          const inputs = fed.map((_, at) => (at % horizon === 0 ? TASK.startToken : (fed[at - 1] as number)));
          const { logits, values } = await agent.evaluateActions({ ...prompts, actions: fed, ...(agent.info.memory ? { inputs } : {}) });
          const stepping = new Stepping(step, size, TASK.vocabulary, await encoder.run(tensors));
          for (let at = 0; at < horizon; at += 1) {
            const { logits: own, values: ownValues } = await stepping.step({});
            const rows = Array.from({ length: size }, (_, row) => row * horizon + at);
            const expected = rows.flatMap((cell) => Array.from(logits.subarray(cell * TASK.vocabulary, (cell + 1) * TASK.vocabulary)));
            t.true(distance(own, expected) <= WITHIN, `logits of step ${at}: ${distance(own, expected)}`);
            t.true(
              distance(
                ownValues,
                Float32Array.from(rows, (cell) => values[cell] as number),
              ) <= WITHIN,
            );
            stepping.feed(Int32Array.from(rows, (cell) => fed[cell] as number));
          }
        }
        await Promise.all([greedy, sampled, encoder, step].map((model) => model.release()));
      });
    }
  }
}

const SPACES = {
  observationSpace: {
    place: box({ shape: [3], low: -1e9, high: 1e9 }),
    cards: multiDiscrete([4, 3]),
    suit: discrete(5),
  },
  actionSpace: multiDiscrete([2, 3]),
};

const ACTING = [
  {},
  { layers: 2, clock: true },
  { attention: 'history', historyWindow: 1 },
  { attention: 'history', historyWindow: 3, clock: true, layers: 2 },
  { attention: 'history', historyWindow: 64 },
  { memory: false },
  { memory: false, clock: true, layers: 2 },
] as const;

interface Native {
  normalize(dense: Float32Array, count: boolean): Promise<Float32Array>;
}

for (const runtime of RUNTIMES) {
  for (const network of ACTING) {
    for (const normalized of [false, true]) {
      test.serial(
        `${runtime}, ${JSON.stringify(network)}, ${normalized ? 'normalized' : 'as observed'}: steps with starts and masks`,
        async (t) => {
          await using agent = await Agent.create({ ...SPACES, seed: 2, hiddenSize: 10, network });
          await shake(agent, 0.4);
          const random = new Random(6);
          // Where numbers are large beside their deviation, their mean must not be rounded to 32 bits.
          const centre = normalized ? 1_000_003.3 : 0;
          const numbers = (rows: number) => Float32Array.from({ length: 3 * rows }, () => centre + 4 * random.float() - 2);
          if (normalized) {
            await (Agent.nativeOf(agent) as Native).normalize(numbers(50), true);
          }
          const step = await exported(runtime, agent);
          for (const size of [1, 7]) {
            using session = await agent.session({ size });
            const zeros = { hidden_state: step.tensor(new Float32Array(size * 10 * agent.info.layers), size, agent.info.layers, 10) };
            const window = agent.info.historyWindow ?? 0;
            const stepping = new Stepping(step, size, 6, {
              ...zeros,
              previous_action: step.tensor(new Int32Array(size), size),
              step: step.tensor(new Int32Array(size).fill(9), size),
              history: step.tensor(new Float32Array(size * window * 128).fill(1), size, window, 128),
            });
            const starts = new Uint8Array(size).fill(1);
            for (let at = 0; at < 40; at += 1) {
              const dense = numbers(size);
              const ids = Int32Array.from({ length: 3 * size }, (_, index) => random.int([4, 3, 5][index % 3] as number));
              const allowed = Uint8Array.from({ length: 6 * size }, (_, index) => Number(index % 6 === at % 6 || random.float() < 0.6));
              const observed = { dense, discrete: ids, allowed };
              const native = session.advance(dense, ids, allowed, starts, true);
              const said = await stepping.step({ ...observed, starts });
              t.deepEqual(said.actions, native.actions, `step ${at}`);
              t.true(distance(said.values, native.values) <= WITHIN, `values of step ${at}: ${distance(said.values, native.values)}`);
              t.true(said.logits.every((logit, index) => (logit === -Infinity) === (allowed[index] === 0)));
              for (let row = 0; row < size; row += 1) {
                starts[row] = Number(random.float() < 0.1);
              }
            }
          }
          await step.release();
        },
      );
    }
  }
}
