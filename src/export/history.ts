import { HEAD_WIDTH, HEADS, type ModelSpec, READ_OUT } from '../checkpoint/model-spec.js';
import type { Graph, Value } from './graph.js';

/** Numbers that are kept of a step: the keys of both heads, then their values. */
export const KEPT = 2 * READ_OUT;

/** A step's queries, and what is kept of it for those after it. */
export interface Look {
  /** `[n, 1, 32]` of each head. */
  readonly queries: readonly Value[];
  /** `[n, 1, 128]` */
  readonly kept: Value;
}

/**
 * @param graph - Where it is put.
 * @param state - The last layer's state, `[n, H]`.
 * @param clock - What the clock shows, `[n, 16]`, where it is read.
 * @returns What the step asks, and what it answers later ones.
 */
export function look(graph: Graph, state: Value, clock: Value | undefined): Look {
  const timed = clock === undefined ? state : graph.concat([state, clock], 1);
  const of = (name: string, x: Value): Value => graph.linear(x, graph.weight(`attn.history.${name}.weight`));
  const queries = graph.split(of('query', timed), HEADS, 1).map((query) => graph.unsqueeze(query, 1));
  return { queries, kept: graph.unsqueeze(graph.concat([of('key', timed), of('value', state)], 1), 1) };
}

/**
 * Attention over the past.
 *
 * @param graph - Where it is put.
 * @param spec - The network.
 * @param queries - Of the present step.
 * @param past - What was kept, the latest last, `[n, steps, 128]`.
 * @param steps - How many that are, at most the window.
 * @param seen - Which of them belong to the episode, `[n, 1, steps]`; absent: all do.
 * @returns What is read out, `[n, 64]`; zeros where nothing is seen.
 */
export function lookBack(
  graph: Graph,
  spec: ModelSpec,
  queries: readonly Value[],
  past: Value,
  steps: number,
  seen: Value | undefined,
): Value {
  const { window } = spec;
  const parts = graph.split(past, 2 * HEADS, 2);
  const bias = graph.numbersOf('attn.history.bias');
  const heads = queries.map((query, head) => {
    const [keys, values] = [parts[head] as Value, parts[HEADS + head] as Value];
    const products = graph.op('MatMul', [query, graph.op('Transpose', [keys], { perm: [0, 2, 1] })]);
    const scaled = graph.op('Mul', [products, graph.floats([1 / Math.sqrt(HEAD_WIDTH)], [])]);
    // One step back is the last of the past and the first of the bias.
    const ofHead = bias.slice(head * window, head * window + steps).reverse();
    const scores = graph.op('Add', [scaled, graph.floats(ofHead, [1, 1, steps])]);
    return graph.squeeze(graph.op('MatMul', [weigh(graph, scores, seen), values]), 1);
  });
  return graph.concat(heads, 1);
}

/** Softmax over what is seen, and 0 elsewhere, also where nothing is. */
function weigh(graph: Graph, scores: Value, seen: Value | undefined): Value {
  if (seen === undefined) {
    return graph.op('Softmax', [scores], { axis: 2 });
  }
  const weights = graph.op('Softmax', [graph.op('Where', [seen, scores, graph.floats([-1e30], [])])], { axis: 2 });
  return graph.op('Mul', [weights, graph.cast(seen, 'float')]);
}
