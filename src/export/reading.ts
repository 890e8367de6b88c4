import type { ModelSpec } from '../checkpoint/model-spec.js';
import type { Graph, Value } from './graph.js';
import { gruStep } from './network.js';
import { promptPorts } from './ports.js';

/** Prompts as they were read. */
export interface Reading {
  /** What is attended to: the tokens' embeddings, or the encoder's states after each of them, `[n, L, H]`. */
  readonly memory: Value;
  /** Whether a token counts, `[n, L]`. */
  readonly counts: Value;
  /** The states before the first step, `[n, H]` each. */
  readonly states: readonly Value[];
}

/** What prompts are made of. */
export interface PromptInputs {
  /** Ids, `[n, L]`. */
  readonly contexts: Value;
  /** Tokens that count, `[n]`. */
  readonly lengths: Value;
  /** `[n]` */
  readonly stages: Value;
  /** Numbers beside the tokens, `[n, L]`, where these are read. */
  readonly values: Value | undefined;
}

/**
 * @param graph - Where they are asked for.
 * @param spec - The network, which has an encoder.
 * @param length - Tokens of every context, where that is fixed.
 * @returns Prompts as inputs of the graph.
 */
export function promptInputs(graph: Graph, spec: ModelSpec, length: number | undefined): PromptInputs {
  const ports = promptPorts(length);
  const contexts = graph.input(ports.contexts);
  const values = spec.encoder.kind !== 'none' && spec.encoder.values ? graph.input(ports.values) : undefined;
  return { contexts, values, lengths: graph.input(ports.lengths), stages: graph.input(ports.stages) };
}

/**
 * Reads prompts.
 *
 * @param graph - Where it is put.
 * @param spec - The network, which has an encoder.
 * @param prompts - The prompts.
 * @param length - Tokens of every context, where that is fixed.
 * @returns What was read.
 */
export function readPrompts(graph: Graph, spec: ModelSpec, prompts: PromptInputs, length: number | undefined): Reading {
  const { contexts, lengths, stages } = prompts;
  const embedded = embed(graph, prompts);
  const counts = graph.op('Less', [positions(graph, contexts, length), graph.unsqueeze(lengths, 1)]);
  const read =
    spec.encoder.kind === 'recurrent'
      ? readInOrder(graph, embedded, counts, { length: length as number, backward: spec.encoder.backward })
      : { memory: embedded, context: mean(graph, embedded, counts, lengths, spec.encoder.kind === 'pooled' && spec.encoder.pooling) };
  const stage = graph.op('Gather', [graph.weight('stage_emb.weight'), stages], { axis: 0 });
  const first = graph.op('Tanh', [graph.op('Add', [stage, read.context])]);
  const others = Array.from({ length: spec.layers - 1 }, () => graph.op('Sub', [first, first]));
  return { memory: read.memory, counts, states: [first, ...others] };
}

/** What is read at each place, `[n, L, H]`. */
function embed(graph: Graph, { contexts, values }: PromptInputs): Value {
  const tokens = graph.op('Gather', [graph.weight('emb.weight'), contexts], { axis: 0 });
  if (values === undefined) {
    return tokens;
  }
  const each = graph.squeeze(graph.weight('value_emb.weight'), 1);
  return graph.op('Add', [tokens, graph.op('Mul', [graph.unsqueeze(values, 2), each])]);
}

/** 0, 1, … L − 1, as far as contexts `[n, L]` are long. */
function positions(graph: Graph, contexts: Value, length: number | undefined): Value {
  if (length !== undefined) {
    return graph.ints(Array.from({ length }, (_, index) => index));
  }
  const end = graph.op('Gather', [graph.op('Shape', [contexts]), graph.longs([1], [])], { axis: 0 });
  return graph.cast(graph.op('Range', [graph.longs([0], []), end, graph.longs([1], [])]), 'int32');
}

/** The mean of the vectors `[n, L, H]` that count, `[n, H]`, or `[1, H]` where it is that of all rows. */
function mean(graph: Graph, vectors: Value, counts: Value, lengths: Value, pooling: 'own' | 'batch' | false): Value {
  const counted = graph.op('Mul', [vectors, graph.unsqueeze(graph.cast(counts, 'float'), 2)]);
  const sum = graph.op('ReduceSum', [counted, graph.longs([1])], { keepdims: 0 });
  const many = graph.unsqueeze(graph.cast(lengths, 'float'), 1);
  const all = (value: Value): Value => (pooling === 'batch' ? graph.op('ReduceSum', [value, graph.longs([0])], { keepdims: 1 }) : value);
  return graph.op('Div', [all(sum), all(many)]);
}

/** A GRU over the vectors `[n, L, H]`, a node a token: `Loop`, `Scan` and `GRU` are not in every runtime. */
function readInOrder(
  graph: Graph,
  vectors: Value,
  counts: Value,
  { length, backward }: { readonly length: number; readonly backward: boolean },
): { memory: Value; context: Value } {
  const tokens = graph.split(vectors, length, 1).map((token) => graph.squeeze(token, 1));
  const flags = graph.split(counts, length, 1);
  let context = graph.op('Sub', [tokens[0] as Value, tokens[0] as Value]);
  const states: Value[] = [];
  const read = (index: number): void => {
    const state = gruStep(graph, 'encoder', 0, tokens[index] as Value, context);
    // Padding leaves the state as it was: from the end that is zero, until the last token.
    context = graph.op('Where', [flags[index] as Value, state, context]);
    states[index] = graph.unsqueeze(state, 1);
  };
  for (let turn = 0; turn < length; turn += 1) {
    read(backward ? length - 1 - turn : turn);
  }
  return { memory: graph.concat(states, 1), context };
}

/**
 * Attention of states to the prompt.
 *
 * @param graph - Where it is put.
 * @param spec - The network.
 * @param state - The last layer's state, `[n, H]`.
 * @param read - The prompt.
 * @returns What is read out, `[n, H]`.
 */
export function attendPrompt(graph: Graph, spec: ModelSpec, state: Value, read: Pick<Reading, 'memory' | 'counts'>): Value {
  const query = graph.unsqueeze(graph.linear(state, graph.weight('attn.prompt.query.weight')), 1);
  const products = graph.op('MatMul', [query, graph.op('Transpose', [read.memory], { perm: [0, 2, 1] })]);
  const scores = graph.op('Mul', [products, graph.floats([1 / Math.sqrt(spec.hidden)], [])]);
  const counted = graph.op('Where', [graph.unsqueeze(read.counts, 1), scores, graph.floats([-Infinity], [])]);
  return graph.squeeze(graph.op('MatMul', [graph.op('Softmax', [counted], { axis: 2 }), read.memory]), 1);
}
