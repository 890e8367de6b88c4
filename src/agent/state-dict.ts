import { InnateError } from '../errors/innate-error.js';
import { InputError } from '../errors/input-error.js';
import type { Problem } from '../errors/problem.js';
import { isArray, isFloat32Array } from '../util/kind.js';
import { isRecord, show, unreadable } from '../util/option-reader.js';

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
 * | `emb.weight` | `[V, H]` |
 * | `stage_emb.weight` | `[S, H]` |
 * | `rnn.weight_ih_l0`, `rnn.weight_hh_l0` | `[3H, H]` |
 * | `rnn.bias_ih_l0`, `rnn.bias_hh_l0` | `[3H]` |
 * | `pi.weight`, `pi.bias` | `[V, H]`, `[V]` |
 * | `v.weight`, `v.bias` | `[1, H]`, `[1]` |
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
}

/**
 * @param network - Sizes.
 * @returns The shape of each weight by name.
 */
export function weightShapes({ vocabSize, stageCount, hiddenSize }: NetworkShape): ReadonlyMap<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    ['emb.weight', [vocabSize, hiddenSize]],
    ['stage_emb.weight', [stageCount, hiddenSize]],
    ['rnn.weight_ih_l0', [3 * hiddenSize, hiddenSize]],
    ['rnn.weight_hh_l0', [3 * hiddenSize, hiddenSize]],
    ['rnn.bias_ih_l0', [3 * hiddenSize]],
    ['rnn.bias_hh_l0', [3 * hiddenSize]],
    ['pi.weight', [vocabSize, hiddenSize]],
    ['pi.bias', [vocabSize]],
    ['v.weight', [1, hiddenSize]],
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
 * Checks a record of weights against the network: every name, every shape, every length, every weight finite; all problems at once.
 *
 * @param value - What the caller passed.
 * @param network - Sizes.
 * @returns The tensors in the network's order.
 * @throws {@link InputError} with paths such as `stateDict['emb.weight'].shape`.
 */
export function readStateDict(value: unknown, network: NetworkShape): NamedTensor[] {
  try {
    return readTensors(value, network);
  } catch (error) {
    if (InnateError.isInstance(error)) {
      throw error;
    }
    // A getter or a proxy of the caller's.
    throw new InputError([unreadable('stateDict', error, 'Pass a plain record of tensors by name.')], { cause: error });
  }
}

function readTensors(value: unknown, network: NetworkShape): NamedTensor[] {
  const problems: Problem[] = [];
  const remedy = `Pass what stateDict() of an agent with hiddenSize ${network.hiddenSize} and the same task returns.`;
  if (!isRecord(value)) {
    throw new InputError([{ path: 'stateDict', message: `must be a record of tensors by name, got ${show(value)}.`, remedy }]);
  }
  const shapes = weightShapes(network);
  const tensors: NamedTensor[] = [];
  for (const [name, shape] of shapes) {
    const path = `stateDict['${name}']`;
    const tensor = value[name];
    if (tensor === undefined) {
      problems.push({ path, message: 'is missing.', remedy });
      continue;
    }
    if (!isRecord(tensor)) {
      problems.push({ path, message: `must be { shape, data }, got ${show(tensor)}.`, remedy });
      continue;
    }
    const given = tensor['shape'];
    if (!isArray(given) || given.length !== shape.length || given.some((length, i) => length !== shape[i])) {
      const got = isArray(given) ? `[${given.join(', ')}]` : show(given);
      problems.push({ path: `${path}.shape`, message: `must be [${shape.join(', ')}], got ${got}.`, remedy });
    }
    const data = tensor['data'];
    const size = shape.reduce((product, length) => product * length, 1);
    if (!isFloat32Array(data)) {
      problems.push({ path: `${path}.data`, message: `must be a Float32Array, got ${show(data)}.`, remedy });
    } else if (data.length !== size) {
      problems.push({ path: `${path}.data`, message: `must hold ${size} numbers, got ${data.length}.`, remedy });
    } else {
      const bad = data.findIndex((weight) => !Number.isFinite(weight));
      if (bad >= 0) {
        problems.push({ path: `${path}.data[${bad}]`, message: `must be a finite number, got ${data[bad]}.`, remedy });
      }
      tensors.push({ name, shape: [...shape], data });
    }
  }
  for (const name of Object.keys(value)) {
    if (!shapes.has(name)) {
      problems.push({ path: `stateDict['${name}']`, message: 'is not a weight of this network.', remedy });
    }
  }
  if (problems.length > 0) {
    throw new InputError(problems);
  }
  return tensors;
}

/**
 * @param tensors - From the binding.
 * @returns The same by name.
 */
export function toStateDict(tensors: readonly NamedTensor[]): StateDict {
  return Object.fromEntries(tensors.map(({ name, shape, data }) => [name, { shape, data }]));
}
