// TensorFlow.js, wasm backend: one update with forced actions. It does not sample and does not score, so it does less than the others.
import { createRequire } from 'node:module';
import type { StateDict } from 'innate';
import { golden } from '../../__test__/support/safetensors.js';
import { GOLDEN, settings } from '../lib/agents.js';
import { peersFolder } from '../lib/peers.js';
import { type CheckAnswer, serve } from '../lib/serve.js';

// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js, with its types, is not installed where this is compiled.
type Tensor = any;
type Step = Readonly<Record<'logits' | 'value' | 'logProb' | 'entropy', Tensor>>;

interface Batch {
  readonly contexts: Tensor;
  readonly stages: Tensor;
  /** Column t holds the actions of step t. */
  readonly actions: Tensor[];
  readonly rewards: Tensor;
}

const [VOCAB, HORIZON, CTX] = [18, 6, 10] as const;
const require = createRequire(peersFolder('tfjs'));
const tf = require('@tensorflow/tfjs');
const { version_wasm: version } = require('@tensorflow/tfjs-backend-wasm');
await tf.setBackend('wasm');
await tf.ready();

class Network {
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly #optimizer = tf.train.adam(3e-4, 0.9, 0.999, 1e-8);

  constructor(name: string, given: StateDict) {
    const entries = Object.entries(given).map(([key, { data, shape }]) => [
      key,
      tf.variable(tf.tensor(data, shape), true, `${name}/${key}`),
    ]);
    this.weights = Object.fromEntries(entries);
  }

  /** One-hot products where a table would do: the wasm backend has no gradient for gather. */
  forward({ contexts, stages, actions }: Batch): Step[] {
    const w = this.weights;
    const hot = (ids: Tensor, depth: number): Tensor => tf.oneHot(ids, depth).toFloat();
    const linear = (x: Tensor, weight: string, bias: string): Tensor => x.matMul(w[weight], false, true).add(w[bias]);
    const shown = hot(contexts, VOCAB).mean(1).matMul(w['emb.weight']);
    let h = shown.add(hot(stages, 3).matMul(w['stage_emb.weight'])).tanh();
    const table = linear(w['emb.weight'], 'rnn.weight_ih_l0', 'rnn.bias_ih_l0');
    let token = hot(tf.fill([stages.shape[0] ?? 0], CTX, 'int32'), VOCAB);
    return actions.map((action) => {
      const [xr, xz, xn] = tf.split(token.matMul(table), 3, 1);
      const [yr, yz, yn] = tf.split(linear(h, 'rnn.weight_hh_l0', 'rnn.bias_hh_l0'), 3, 1);
      const n = xn.add(xr.add(yr).sigmoid().mul(yn)).tanh();
      h = n.add(xz.add(yz).sigmoid().mul(h.sub(n)));
      token = hot(action, VOCAB);
      const logits = linear(h, 'pi.weight', 'pi.bias');
      const logProbs = tf.logSoftmax(logits);
      const probs = logProbs.exp();
      const entropy = probs.mul(probs.add(1e-9).log()).sum(1).neg();
      return { logits, value: linear(h, 'v.weight', 'v.bias').squeeze([1]), logProb: logProbs.mul(token).sum(1), entropy };
    });
  }

  /** One update. Loss and norm are read back, so that nothing is left to be done later. */
  update(batch: Batch): { loss: number; gradNorm: number } {
    return tf.tidy(() => {
      const { value: loss, grads } = tf.variableGrads(() => this.#loss(batch));
      const gradients: [string, Tensor][] = Object.entries(grads);
      const norm = tf.sqrt(tf.addN(gradients.map(([, gradient]) => gradient.square().sum())));
      const scale = tf.minimum(1, tf.div(1, norm.add(1e-6)));
      this.#optimizer.applyGradients(Object.fromEntries(gradients.map(([name, gradient]) => [name, gradient.mul(scale)])));
      return { loss: loss.dataSync()[0] ?? NaN, gradNorm: norm.dataSync()[0] ?? NaN };
    });
  }

  #loss(batch: Batch): Tensor {
    const steps = this.forward(batch);
    const total = (key: keyof Step): Tensor => tf.addN(steps.map((step) => step[key]));
    const value = total('value');
    // No gradient may flow through the advantage: it is made of numbers that were read.
    const advantage = batch.rewards.sub(tf.tensor(value.dataSync()));
    const policyLoss = total('logProb').mul(advantage).mean().neg();
    const valueLoss = value.sub(batch.rewards).square().mean();
    const entropy = total('entropy').mean();
    return policyLoss.add(valueLoss.mul(0.5)).sub(entropy.mul(0.01 / HORIZON));
  }
}

function ints(values: ArrayLike<number>, shape?: readonly number[]): Tensor {
  return tf.tensor(values, shape, 'int32');
}

function columns(programs: ArrayLike<number>): Tensor[] {
  const count = programs.length / HORIZON;
  return Array.from({ length: HORIZON }, (_, t) => ints(Array.from({ length: count }, (__, i) => programs[i * HORIZON + t] as number)));
}

async function check(): Promise<CheckAnswer> {
  const network = new Network('checked', file.weights('init.'));
  const stages = file.ints('step0.stage');
  const contexts = file.ints('step0.context');
  const batch = {
    contexts: ints(contexts, [stages.length, contexts.length / stages.length]),
    stages: ints(stages),
    actions: columns(file.ints('step0.actions')),
    rewards: tf.tensor(file.floats('step0.reward')),
  };
  const logits = tf.tidy(() => {
    const steps = network.forward(batch).map((step) => step.logits);
    return tf.stack(steps, 1).dataSync();
  });
  const { loss, gradNorm } = network.update(batch);
  const weights = Object.entries(network.weights).map(([name, tensor]) => [name, tensor.dataSync()]);
  return { loss, gradNorm, logits, weights: Object.fromEntries(weights) };
}

function random(count: number, below: number): number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * below));
}

const { batchSize, stage } = settings;
const file = golden(GOLDEN);
const trained = new Network('trained', file.weights('init.'));

async function run(iterations: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < iterations; i += 1) {
    const begun = performance.now();
    const digits = Array.from({ length: batchSize }, () => [...random(3 + stage, 10), CTX]);
    const contexts = ints(digits.flat(), [batchSize, 4 + stage]);
    const stages = tf.fill([batchSize], stage, 'int32');
    const actions = columns(random(batchSize * HORIZON, VOCAB));
    const rewards = tf.tensor(Array.from({ length: batchSize }, Math.random));
    trained.update({ contexts, stages, actions, rewards });
    tf.dispose([contexts, stages, rewards, ...actions]);
    taken.push(performance.now() - begun);
  }
  return taken;
}

await serve(`tfjs-backend-wasm ${version}`, {
  check,
  run: async ({ iterations }) => ({ milliseconds: await run(Number(iterations)) }),
});
