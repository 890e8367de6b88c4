import { type Attributes, type Constant, type ElementType, type ModelFile, type Node, type Port, TYPES } from './model-file.js';

/** A tensor within a graph, by its name. */
export type Value = string;

/** A tensor of weights, row-major. */
export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A graph of ONNX operators that is being put together. */
export class Graph {
  readonly #weights: Readonly<Record<string, Weights>>;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];

  /** @param weights - Tensors by PyTorch's names, under which they are in the model too. */
  constructor(weights: Readonly<Record<string, Weights>>) {
    this.#weights = weights;
  }

  /**
   * @param type - Of the operator.
   * @param inputs - Its inputs.
   * @param attributes - Its attributes.
   * @returns Its output.
   */
  op(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.ops(type, inputs, 1, attributes)[0] as Value;
  }

  /**
   * @param type - Of the operator.
   * @param inputs - Its inputs.
   * @param count - How many outputs it has.
   * @param attributes - Its attributes.
   * @returns Its outputs.
   */
  ops(type: string, inputs: readonly Value[], count: number, attributes: Attributes = {}): readonly Value[] {
    const name = `${type.toLowerCase()}_${this.#nodes.length}`;
    const outputs = Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}_${index}`));
    this.#nodes.push({ type, inputs, outputs, attributes });
    return outputs;
  }

  /**
   * @param port - An input of the model.
   * @returns Its value.
   */
  input(port: Port): Value {
    this.#inputs.push(port);
    return port.name;
  }

  /**
   * Makes a value an output of the model.
   *
   * @param port - The output.
   * @param value - What it is.
   */
  output(port: Port, value: Value): void {
    this.#nodes.push({ type: 'Identity', inputs: [value], outputs: [port.name], attributes: {} });
    this.#outputs.push(port);
  }

  /**
   * @param name - PyTorch's.
   * @returns The weight.
   */
  weight(name: string): Value {
    const { shape, data } = this.#weights[name] as Weights;
    return this.#constant(name, 'float', shape, data);
  }

  /**
   * @param name - PyTorch's, of a matrix.
   * @returns The numbers of the weight, to make a constant of.
   */
  numbersOf(name: string): Float32Array {
    return (this.#weights[name] as Weights).data;
  }

  /**
   * @param values - The numbers.
   * @param shape - Their shape; a list where absent.
   * @returns A constant of 32-bit floats.
   */
  floats(values: readonly number[] | Float32Array, shape: readonly number[] = [values.length]): Value {
    return this.#unnamed('float', shape, Float32Array.from(values));
  }

  /**
   * @param values - The numbers.
   * @param shape - Their shape; a list where absent.
   * @returns A constant of 32-bit integers.
   */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#unnamed('int32', shape, Int32Array.from(values));
  }

  /**
   * @param values - The numbers.
   * @param shape - Their shape; a list where absent.
   * @returns A constant of 64-bit integers: axes, shapes and places.
   */
  longs(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#unnamed('int64', shape, BigInt64Array.from(values, BigInt));
  }

  /**
   * @param values - The truth of each.
   * @returns A constant list.
   */
  bools(values: readonly boolean[]): Value {
    return this.#unnamed('bool', [values.length], Uint8Array.from(values, Number));
  }

  /**
   * @param value - Of another type.
   * @param type - What it is to be.
   * @returns The same numbers.
   */
  cast(value: Value, type: ElementType): Value {
    return this.op('Cast', [value], { to: TYPES[type] });
  }

  /**
   * @param value - A tensor.
   * @param axis - Where a dimension of 1 is put.
   * @returns The same numbers.
   */
  unsqueeze(value: Value, axis: number): Value {
    return this.op('Unsqueeze', [value, this.longs([axis])]);
  }

  /**
   * @param value - A tensor.
   * @param axis - A dimension of 1.
   * @returns The tensor without that dimension.
   */
  squeeze(value: Value, axis: number): Value {
    return this.op('Squeeze', [value, this.longs([axis])]);
  }

  /**
   * @param parts - One at least.
   * @param axis - Where they are put side by side.
   * @returns The whole.
   */
  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? (parts[0] as Value) : this.op('Concat', parts, { axis });
  }

  /**
   * @param value - A tensor.
   * @param count - Parts of one size.
   * @param axis - What is cut.
   * @returns The parts.
   */
  split(value: Value, count: number, axis: number): readonly Value[] {
    return count === 1 ? [value] : this.ops('Split', [value], count, { axis });
  }

  /**
   * @param x - `[n, in]`.
   * @param weight - `[out, in]`, as PyTorch has it.
   * @param bias - `[out]`; absent: none.
   * @returns `[n, out]`.
   */
  linear(x: Value, weight: Value, bias?: Value): Value {
    return this.op('Gemm', bias === undefined ? [x, weight] : [x, weight, bias], { transB: 1 });
  }

  /**
   * @param about - What is said beside the graph.
   * @returns The model, without the constants that nothing uses.
   */
  finish(about: Pick<ModelFile, 'name' | 'doc' | 'metadata'>): ModelFile {
    const used = new Set(this.#nodes.flatMap(({ inputs }) => inputs));
    const constants = [...this.#constants.values()].filter(({ name }) => used.has(name));
    return { ...about, nodes: this.#nodes, constants, inputs: this.#inputs, outputs: this.#outputs };
  }

  /** Equal constants are one. */
  #unnamed(type: ElementType, shape: readonly number[], data: Float32Array | Int32Array | BigInt64Array | Uint8Array): Value {
    const short = data.length <= 16;
    const name = short ? `${type}[${shape.join(',')}](${data.join(',')})` : `${type}_${this.#constants.size}`;
    return this.#constant(name, type, shape, data);
  }

  #constant(name: string, type: ElementType, shape: readonly number[], data: ArrayBufferView): Value {
    if (!this.#constants.has(name)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#constants.set(name, { name, type, shape, bytes });
    }
    return name;
  }
}
