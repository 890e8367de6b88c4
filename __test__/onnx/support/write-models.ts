// Writes models of every kind, and what the agent itself says beside them, into a folder: for tools/onnx/check.py.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, arithmetic, box } from 'innate';
import { repeatFirst } from 'innate/environments';
import { Random } from '#dist/util/random.js';
import { shake } from './shaken.js';

const [folder = '.'] = process.argv.slice(2);
const at = (name: string) => join(folder, name);

interface Native {
  normalize(dense: Float32Array, count: boolean): Promise<Float32Array>;
}

/** Those of the page. */
async function writeArithmetic(): Promise<void> {
  await using agent = await Agent.create({ task: arithmetic, seed: 1 });
  await shake(agent);
  await agent.export(at('program.onnx'), { form: 'program' });
  await agent.export(at('sampled.onnx'), { form: 'program', deterministic: false });
  await agent.export(at('encoder.onnx'), { form: 'encoder' });
  await agent.export(at('step.onnx'));
  await agent.save(at('agent.safetensors'));
  const { contexts, contextLength, stages } = arithmetic.sample(Int32Array.of(0, 1, 0, 1, 1, 0, 1), new Random(2));
  const { actions, logProbs, values } = await agent.act({ contexts, stages, deterministic: true });
  const said = { contexts, stages, actions, logProbs, values };
  const plain = Object.fromEntries(Object.entries(said).map(([name, numbers]) => [name, Array.from(numbers)]));
  writeFileSync(at('said.json'), JSON.stringify({ ...plain, contextLength, horizon: arithmetic.horizon }));
}

async function writeActors(): Promise<void> {
  const { observationSpace, actionSpace } = repeatFirst();
  await using actor = await Agent.create({ observationSpace, actionSpace });
  await actor.export(at('actor.onnx'));
  const numbers = box({ shape: [2], low: -1, high: 1 });
  for (const [index, network] of [
    {},
    { layers: 2, clock: true },
    { attention: 'history', historyWindow: 1 },
    { memory: false },
  ].entries()) {
    await using other = await Agent.create({
      observationSpace: { ...{ card: actionSpace }, numbers },
      actionSpace,
      network: network as object,
    });
    await (Agent.nativeOf(other) as Native).normalize(Float32Array.of(0.5, 1, 0.25, -1), true);
    await other.export(at(`actor-${index}.onnx`));
  }
}

async function writeVariants(): Promise<void> {
  const task = { vocabulary: 6, stages: 2, horizon: 4, startToken: 5, hiddenSize: 8, contextLength: 3 };
  const networks = [
    { encoder: 'gru', attention: 'both', historyWindow: 2, clock: true, layers: 2 },
    { encoder: 'gru', direction: 'forward' },
    { encoder: 'mean', attention: 'prompt' },
    { encoder: 'mean', memory: false },
  ] as const;
  for (const [index, network] of networks.entries()) {
    await using agent = await Agent.create({ ...task, network, actionMask: Uint8Array.of(1, 0, 1, 1, 1, 1), contextValues: index < 2 });
    for (const form of ['encoder', 'step', 'program'] as const) {
      await agent.export(at(`variant-${index}-${form}.onnx`), { form });
    }
    await agent.export(at(`variant-${index}-sampled.onnx`), { form: 'program', deterministic: false });
  }
  await using pooled = await Agent.create({ ...task, pooling: 'batch' });
  await pooled.export(at('variant-batch-program.onnx'), { form: 'program' });
}

await writeArithmetic();
await writeActors();
await writeVariants();
