import { writeClock } from '../checkpoint/clock.js';
import { CLOCK, type InputSpec, type ModelSpec } from '../checkpoint/model-spec.js';
import type { Graph, Value } from './graph.js';

/** Steps after which it shows the same. */
export const AROUND = 512;

/**
 * @param step - Within the episode, counted from 0.
 * @returns What the clock shows, `[16]`.
 */
export function clockAt(step: number): number[] {
  const shown = new Float64Array(CLOCK);
  writeClock(step, shown, 0);
  return [...shown];
}

/** What a step reads beside its states: values of the graph, `n` rows each. */
export interface StepInputs {
  /** The token before, `[n]`. */
  readonly previousAction: Value | undefined;
  /** 1 where an episode begins, `[n, 1]`. */
  readonly episodeStart: Value | undefined;
  /** What the clock shows, `[n, 16]`. */
  readonly clock: Value | undefined;
  /** Ids observed, `[n, K]`. */
  readonly discrete: Value | undefined;
  /** Numbers observed, as the network reads them, `[n, D]`. */
  readonly dense: Value | undefined;
}

/**
 * One step of a GRU, written out. ONNX has an operator for it, but not every runtime does, and its default differs from PyTorch's at the reset
 * gate: there the gate is applied to the state before the product, in PyTorch to W·h + b after it.
 *
 * @param graph - Where it is put.
 * @param prefix - Of the weights' names: `rnn` or `encoder`.
 * @param layer - Which layer.
 * @param x - What is read, `[n, I]`.
 * @param h - The state before, `[n, H]`.
 * @returns The state after, `[n, H]`.
 */
export function gruStep(graph: Graph, prefix: string, layer: number, x: Value, h: Value): Value {
  const of = (name: string): Value => graph.weight(`${prefix}.${name}_l${layer}`);
  const input = graph.split(graph.linear(x, of('weight_ih'), of('bias_ih')), 3, 1) as [Value, Value, Value];
  const own = graph.split(graph.linear(h, of('weight_hh'), of('bias_hh')), 3, 1) as [Value, Value, Value];
  const r = graph.op('Sigmoid', [graph.op('Add', [input[0], own[0]])]);
  const z = graph.op('Sigmoid', [graph.op('Add', [input[1], own[1]])]);
  const n = graph.op('Tanh', [graph.op('Add', [input[2], graph.op('Mul', [r, own[2]])])]);
  return graph.op('Add', [n, graph.op('Mul', [z, graph.op('Sub', [h, n])])]);
}

/**
 * @param graph - Where it is put.
 * @param spec - The network.
 * @param inputs - What is read.
 * @returns The first layer's input, `[n, I]`.
 */
export function readInputs(graph: Graph, spec: ModelSpec, inputs: StepInputs): Value {
  const part = (input: InputSpec): Value => {
    switch (input.kind) {
      case 'previousAction':
        return graph.op('Gather', [graph.weight('emb.weight'), inputs.previousAction as Value], { axis: 0 });
      case 'discrete':
        return oneHot(graph, inputs.discrete as Value, input.sizes);
      default:
        return inputs[input.kind] as Value;
    }
  };
  return graph.concat(spec.inputs.map(part), 1);
}

/** The ids `[n, K]` as one-hot of each size, `[n, Σ sizes]`. */
function oneHot(graph: Graph, ids: Value, sizes: readonly number[]): Value {
  const which = graph.ints(sizes.flatMap((size, index) => new Array<number>(size).fill(index)));
  const values = graph.ints(sizes.flatMap((size) => Array.from({ length: size }, (_, value) => value)));
  return graph.cast(graph.op('Equal', [graph.op('Gather', [ids, which], { axis: 1 }), values]), 'float');
}

/**
 * Runs the layers once.
 *
 * @param graph - Where it is put.
 * @param spec - The network.
 * @param x - The first layer's input, `[n, I]`.
 * @param states - The states before, `[n, H]` each.
 * @returns The states after, `[n, H]` each.
 */
export function runLayers(graph: Graph, spec: ModelSpec, x: Value, states: readonly Value[]): readonly Value[] {
  let below = x;
  return states.slice(0, spec.layers).map((state, layer) => {
    below = gruStep(graph, 'rnn', layer, below, state);
    return below;
  });
}

/** What a step decides. */
export interface Heads {
  /** `[n, A]`, −∞ where an action is not allowed. */
  readonly logits: Value;
  /** `[n]` */
  readonly value: Value;
}

/**
 * @param graph - Where it is put.
 * @param read - What the heads read, `[n, _]` each.
 * @param allowed - What may be chosen, `[A]` or `[n, A]`; absent: everything.
 * @returns Logits and value.
 */
export function runHeads(graph: Graph, read: readonly Value[], allowed: Value | undefined): Heads {
  const x = graph.concat(read, 1);
  const logits = graph.linear(x, graph.weight('pi.weight'), graph.weight('pi.bias'));
  const value = graph.squeeze(graph.linear(x, graph.weight('v.weight'), graph.weight('v.bias')), 1);
  return { value, logits: allowed === undefined ? logits : graph.op('Where', [allowed, logits, graph.floats([-Infinity], [])]) };
}
