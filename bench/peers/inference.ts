// Greedy inference with the golden weights: `node inference.js session|act|plain|onnxruntime|onnxruntimeTwo <batch size>`. Programs of 6 tokens, and single decisions.
import { createRequire } from 'node:module';
import { Agent } from 'innate';
import { golden } from '../../__test__/support/safetensors.js';
import { sizedTask, task } from '../lib/agents.js';
import { peersFolder } from '../lib/peers.js';
import { serve } from '../lib/serve.js';

/** Someone who infers. */
interface Inferrer {
  readonly name: string;
  /** Whole greedy programs, `[n, 6]`. */
  program(): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** One greedy decision. */
  decide(): unknown;
}

const HIDDEN = 96;
const kind = process.argv[2];
const batch = Number(process.argv[3] ?? 1);
const file = golden('own_context_stage0');
const given = file.ints('step0.context');
const contexts = Int32Array.from({ length: 4 * batch }, (_, i) => given[i % given.length] ?? 0);
const stages = new Int32Array(batch);
const prompts = { contexts, stages, deterministic: true };
const weights = file.weights('init.');

async function session(): Promise<Inferrer> {
  const agent = await Agent.create({ task });
  await agent.loadStateDict(weights);
  const rows = await agent.session({ size: batch });
  const greedy = { deterministic: true };
  rows.begin({ contexts, stages });
  const actions = new Int32Array(6 * batch);
  return {
    name: 'innate, session',
    decide: () => rows.step(greedy),
    program: () => {
      rows.begin({ contexts, stages });
      for (let t = 0; t < 6; t += 1) {
        const chosen = rows.step(greedy).actions;
        for (let i = 0; i < batch; i += 1) {
          actions[6 * i + t] = chosen[i] as number;
        }
      }
      return actions;
    },
  };
}

/** Off the JavaScript thread. A decision is a program of one token: the context is read anew each time. */
async function act(engine: 'fused' | 'plain'): Promise<Inferrer> {
  const agent = await Agent.create({ task, engine });
  const single = await Agent.create({ task: sizedTask(1), engine });
  await agent.loadStateDict(weights);
  await single.loadStateDict(weights);
  return {
    name: `innate, ${engine}, act`,
    decide: () => single.act(prompts),
    program: async () => (await agent.act(prompts)).actions,
  };
}

async function onnxruntime(threads: number): Promise<Inferrer> {
  const { Tensor, InferenceSession, env } = createRequire(peersFolder('onnxruntime'))('onnxruntime-node');
  const options = { intraOpNumThreads: threads, interOpNumThreads: 1, logSeverityLevel: 3 };
  const decision = await InferenceSession.create(`${peersFolder('models')}decision.onnx`, options);
  const program = await InferenceSession.create(`${peersFolder('models')}program.onnx`, options);
  const inputs = {
    contexts: new Tensor('int64', BigInt64Array.from(contexts, BigInt), [batch, 4]),
    stages: new Tensor('int64', new BigInt64Array(batch), [batch]),
  };
  let token = new Tensor('int64', new BigInt64Array(batch).fill(10n), [batch]);
  let state = new Tensor('float32', new Float32Array(batch * HIDDEN), [1, batch, HIDDEN]);
  return {
    name: `onnxruntime-node ${env.versions.common}`,
    decide: async () => {
      ({ action: token, next_state: state } = await decision.run({ token, state }));
    },
    program: async () => {
      const { actions } = await program.run(inputs);
      return Array.from(actions.data as BigInt64Array, Number);
    },
  };
}

const makers: Readonly<Record<string, () => Promise<Inferrer>>> = {
  session,
  act: () => act('fused'),
  plain: () => act('plain'),
  onnxruntime: () => onnxruntime(1),
  onnxruntimeTwo: () => onnxruntime(2),
};
const inferrer = await (makers[kind ?? ''] ?? session)();

/** Calls for so long; milliseconds of each, as means of a few in a row. */
async function time(call: () => unknown, milliseconds: number): Promise<{ milliseconds: number[] }> {
  const samples: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    const begun = performance.now();
    for (let i = 0; i < 16; i += 1) {
      const result = call();
      if (result instanceof Promise) {
        await result;
      }
    }
    samples.push((performance.now() - begun) / 16);
  }
  return { milliseconds: samples };
}

await serve(inferrer.name, {
  answers: async () => ({ actions: Array.from(await inferrer.program()) }),
  program: ({ milliseconds }) => time(() => inferrer.program(), Number(milliseconds)),
  decision: ({ milliseconds }) => time(() => inferrer.decide(), Number(milliseconds)),
});
process.exit();
