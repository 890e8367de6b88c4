import type { Graph, Value } from './graph.js';

/**
 * @param graph - Where it is put.
 * @param logits - `[n, A]`
 * @returns The most probable action, the lowest id on a tie, `[n]`.
 */
export function mostProbable(graph: Graph, logits: Value): Value {
  return graph.cast(graph.op('ArgMax', [logits], { axis: 1, keepdims: 0 }), 'int32');
}

/**
 * Inverse transform sampling as the addon does it: the first action whose cumulative probability exceeds the uniform, or, where rounding lets none,
 * the last one that has any.
 *
 * @param graph - Where it is put.
 * @param logits - `[n, A]`
 * @param actions - How many there are, `A`.
 * @param uniform - In [0, 1), `[n, 1]`.
 * @returns The action, `[n]`.
 */
export function sampled(graph: Graph, logits: Value, actions: number, uniform: Value): Value {
  const probabilities = graph.op('Softmax', [logits], { axis: 1 });
  const cumulative = graph.op('CumSum', [probabilities, graph.longs([1], [])]);
  const before = graph.cast(graph.op('LessOrEqual', [cumulative, uniform]), 'float');
  const first = graph.op('ReduceSum', [before, graph.longs([1])], { keepdims: 0 });
  const possible = graph.cast(graph.op('Greater', [probabilities, graph.floats([0], [])]), 'float');
  const ids = graph.floats(Array.from({ length: actions }, (_, id) => id));
  const last = graph.op('ReduceMax', [graph.op('Mul', [possible, ids])], { axes: [1], keepdims: 0 });
  return graph.cast(graph.op('Min', [first, last]), 'int32');
}

/**
 * @param graph - Where it is put.
 * @param logits - `[n, A]`
 * @param action - `[n]`
 * @returns log π of the action, `[n]`.
 */
export function logProb(graph: Graph, logits: Value, action: Value): Value {
  const all = graph.op('LogSoftmax', [logits], { axis: 1 });
  return graph.squeeze(graph.op('GatherElements', [all, graph.unsqueeze(action, 1)], { axis: 1 }), 1);
}
