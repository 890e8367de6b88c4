import { InnateError } from '../errors/innate-error.js';
import { InputError } from '../errors/input-error.js';
import type { AttentionOption, EncoderOption } from '../infer/info.js';
import type { SpaceLayout } from '../spaces/layout.js';
import { Issues } from '../util/issues.js';
import { isArray, isFloat32Array, isRecord } from '../util/kind.js';
import { show } from '../util/show.js';
import { looksUpPrompt } from './architecture.js';

/** One tensor, row-major. */
export interface Tensor {
  /** Length of each dimension. */
  readonly shape: readonly number[];
  /** The numbers, as many as the product of `shape`. */
  readonly data: Float32Array;
}

/**
 * Weights by PyTorch's names. `V` tokens, `S` stages, `H` hidden; GRU gates in the order r, z, n.
 *
 * | name | shape |
 * |---|---|
 * | `emb.weight` | `[V, H]`; absent with neither prompts nor memory |
 * | `stage_emb.weight` | `[S, H]`; absent without prompts, in environments |
 * | with numbers beside the tokens of prompts: `value_emb.weight` | `[H, 1]` |
 * | with the encoder `gru`: `encoder.weight_ih_l0`, `encoder.weight_hh_l0` | `[3H, H]` |
 * | `encoder.bias_ih_l0`, `encoder.bias_hh_l0` | `[3H]` |
 * | `rnn.weight_ih_l0` | `[3H, I]`; I is H with memory, and beside it what is observed: 1 for where episodes begin, 16 for the clock, numbers and ids |
 * | `rnn.weight_hh_l0` | `[3H, H]` |
 * | `rnn.bias_ih_l0`, `rnn.bias_hh_l0` | `[3H]` |
 * | with attention to the prompt: `attn.prompt.query.weight` | `[H, H]` |
 * | with attention over the past: `attn.history.query.weight`, `attn.history.key.weight` | `[64, H + C]`; C is 16 with the clock, else 0 |
 * | `attn.history.value.weight`, `attn.history.bias` | `[64, H]`, `[2, window]` |
 * | `pi.weight`, `pi.bias` | `[A, R]`, `[A]`; A is V, in environments one less; R is H, H more with attention to the prompt, and 64 more with attention over the past |
 * | `v.weight`, `v.bias` | `[1, R]`, `[1]` |
 */
export type StateDict = Readonly<Record<string, Tensor>>;

/** What decides the shapes of the weights. */
export interface NetworkShape {
  /** Tokens, `V`. */
  readonly vocabSize: number;
  /** Stages, `S`. */
  readonly stageCount: number;
  /** Width, `H`. */
  readonly hiddenSize: number;
  /** Layers of the GRU. */
  readonly layers: number;
  /** How prompts are read. */
  readonly encoder: EncoderOption | undefined;
  /** What each step looks up. */
  readonly attention: AttentionOption;
  /** Whether it reads a number beside each token of a context. */
  readonly contextValues: boolean;
  /** How many steps back it looks up its own past, where it does. */
  readonly historyWindow: number | undefined;
  /** Whether it reads the step within the episode. */
  readonly clock: boolean;
  /** Whether it reads the action before. */
  readonly memory: boolean;
  /** What is observed before each step. */
  readonly observed: Pick<SpaceLayout, 'dense' | 'discrete'>;
}

/**
 * @param network - Sizes.
 * @returns The shape of each weight by name.
 */
export function weightShapes(network: NetworkShape): ReadonlyMap<string, readonly number[]> {
  const { vocabSize, stageCount, hiddenSize, layers, encoder, attention, contextValues, historyWindow, clock, memory, observed } = network;
  const attends = looksUpPrompt(attention);
  const clockSize = clock ? 16 : 0;
  // An environment's agent has a token more than actions, which stands before the first.
  const actions = encoder === undefined ? vocabSize - 1 : vocabSize;
  const starts = encoder === undefined || !memory ? 1 : 0;
  const seen = observed.dense + observed.discrete.reduce((sum, size) => sum + size, 0);
  const input = (memory ? hiddenSize : 0) + starts + clockSize + seen;
  const read = (attends ? 2 * hiddenSize : hiddenSize) + (historyWindow === undefined ? 0 : 64);
  const gru = (name: string, layer: number, width = hiddenSize): [string, number[]][] => [
    [`${name}.weight_ih_l${layer}`, [3 * hiddenSize, width]],
    [`${name}.weight_hh_l${layer}`, [3 * hiddenSize, hiddenSize]],
    [`${name}.bias_ih_l${layer}`, [3 * hiddenSize]],
    [`${name}.bias_hh_l${layer}`, [3 * hiddenSize]],
  ];
  return new Map<string, readonly number[]>([
    ...(encoder === undefined && !memory ? [] : [['emb.weight', [vocabSize, hiddenSize]] as const]),
    ...(encoder === undefined ? [] : [['stage_emb.weight', [stageCount, hiddenSize]] as const]),
    ...(contextValues ? [['value_emb.weight', [hiddenSize, 1]] as const] : []),
    ...(encoder === 'gru' ? gru('encoder', 0) : []),
    ...Array.from({ length: layers }, (_, layer) => gru('rnn', layer, layer === 0 ? input : hiddenSize)).flat(),
    ...(attends ? [['attn.prompt.query.weight', [hiddenSize, hiddenSize]] as const] : []),
    ...(historyWindow === undefined
      ? []
      : ([
          ['attn.history.query.weight', [64, hiddenSize + clockSize]],
          ['attn.history.key.weight', [64, hiddenSize + clockSize]],
          ['attn.history.value.weight', [64, hiddenSize]],
          ['attn.history.bias', [2, historyWindow]],
        ] as const)),
    ['pi.weight', [actions, read]],
    ['pi.bias', [actions]],
    ['v.weight', [1, read]],
    ['v.bias', [1]],
  ]);
}

/** A tensor with its name, as the binding takes it. */
export interface NamedTensor {
  name: string;
  shape: number[];
  data: Float32Array;
}

/**
 * Checks a record of weights against the network: every name, every shape, every length, every weight finite; all that is wrong at once.
 *
 * @param value - What the caller passed.
 * @param network - Sizes.
 * @param name - What the caller calls the record.
 * @returns The tensors in the network's order.
 * @throws {@link InputError} with paths such as `stateDict['emb.weight'].shape`.
 */
export function readStateDict(value: unknown, network: NetworkShape, name = 'stateDict'): NamedTensor[] {
  const issues = new Issues(name);
  try {
    const tensors = readTensors(value, network, issues);
    issues.throwIfAny(InputError);
    return tensors;
  } catch (error) {
    if (InnateError.isInstance(error)) {
      throw error;
    }
    // A getter or a proxy of the caller's.
    const unread = new Issues(name);
    unread.unreadable('', error, 'Pass a plain record of tensors by name.');
    throw new InputError(unread.list, { cause: error });
  }
}

function readTensors(value: unknown, network: NetworkShape, issues: Issues): NamedTensor[] {
  const remedy = `Pass what stateDict() of an agent with hiddenSize ${network.hiddenSize} and the same task returns.`;
  if (!isRecord(value)) {
    issues.add('', `must be a record of tensors by name, got ${show(value)}.`, remedy);
    return [];
  }
  const shapes = weightShapes(network);
  const tensors = [...shapes].flatMap(([name, shape]) => readTensor(value[name], name, shape, issues.at(`['${name}']`), remedy) ?? []);
  for (const name of Object.keys(value)) {
    if (!shapes.has(name)) {
      issues.add(`['${name}']`, 'is not a weight of this network.', remedy);
    }
  }
  return tensors;
}

function readTensor(tensor: unknown, name: string, shape: readonly number[], issues: Issues, remedy: string): NamedTensor | undefined {
  if (!isRecord(tensor)) {
    issues.add('', tensor === undefined ? 'is missing.' : `must be { shape, data }, got ${show(tensor)}.`, remedy);
    return undefined;
  }
  const given = tensor['shape'];
  if (!isArray(given) || given.length !== shape.length || given.some((length, i) => length !== shape[i])) {
    const got = isArray(given) ? `[${given.join(', ')}]` : show(given);
    issues.add('shape', `must be [${shape.join(', ')}], got ${got}.`, remedy);
  }
  const data = tensor['data'];
  const size = shape.reduce((product, length) => product * length, 1);
  if (!isFloat32Array(data)) {
    issues.add('data', `must be a Float32Array, got ${show(data)}.`, remedy);
    return undefined;
  }
  if (data.length !== size) {
    issues.add('data', `must hold ${size} numbers, got ${data.length}.`, remedy);
    return undefined;
  }
  const bad = data.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0) {
    issues.add(`data[${bad}]`, `must be a finite number, got ${data[bad]}.`, remedy);
  }
  return { name, shape: [...shape], data };
}

/**
 * @param tensors - From the binding.
 * @returns The same by name.
 */
export function toStateDict(tensors: readonly NamedTensor[]): StateDict {
  return Object.fromEntries(tensors.map(({ name, shape, data }) => [name, { shape, data }]));
}
