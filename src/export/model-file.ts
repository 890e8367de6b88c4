import { bytes, type Field, integer, join, message, string } from './protobuf.js';

/** Numbers of the element types of onnx.proto. */
export const TYPES = { float: 1, int32: 6, int64: 7, bool: 9 } as const;

/** What a tensor's elements are. */
export type ElementType = keyof typeof TYPES;

/** The version of the default operator set. */
export const OPSET = 13;

/** The version of the file format that came with {@link OPSET}. */
const IR_VERSION = 7;

/** An input or an output of a model. A dimension with a name is as long as the caller makes it. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
  /** What it is. */
  readonly doc: string;
}

/** A number or a list of numbers, all whole: no operator that is used here has attributes of another kind. */
export type Attributes = Readonly<Record<string, number | readonly number[]>>;

/** One operator at its place. */
export interface Node {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A constant. */
export interface Constant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row-major, little-endian. */
  readonly bytes: Uint8Array;
}

/** A model, ready to be written. */
export interface ModelFile {
  readonly name: string;
  readonly doc: string;
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Texts by name, for whoever loads the model. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Writes a model as onnx.proto lays it down; the numbers of the fields are its.
 *
 * @param model - The model.
 * @returns The file.
 */
export function writeModel(model: ModelFile): Uint8Array {
  const graph = message([
    ...model.nodes.map((node, index) => bytes(1, writeNode(node, `${node.type}_${index}`))),
    string(2, model.name),
    ...model.constants.map((constant) => bytes(5, writeConstant(constant))),
    ...model.inputs.map((port) => bytes(11, writePort(port))),
    ...model.outputs.map((port) => bytes(12, writePort(port))),
  ]);
  const entries = Object.entries(model.metadata);
  return join(
    message([
      integer(1, IR_VERSION),
      string(2, 'innate'),
      string(6, model.doc),
      bytes(7, graph),
      bytes(8, message([string(1, ''), integer(2, OPSET)])),
      ...entries.map(([key, value]) => bytes(14, message([string(1, key), string(2, value)]))),
    ]),
  );
}

function writeNode({ type, inputs, outputs, attributes }: Node, name: string): Field {
  return message([
    ...inputs.map((input) => string(1, input)),
    ...outputs.map((output) => string(2, output)),
    string(3, name),
    string(4, type),
    ...Object.entries(attributes).map(([key, value]) => bytes(5, writeAttribute(key, value))),
  ]);
}

function writeAttribute(name: string, value: number | readonly number[]): Field {
  return typeof value === 'number'
    ? message([string(1, name), integer(3, value), integer(20, 2)])
    : message([string(1, name), ...value.map((each) => integer(8, each)), integer(20, 7)]);
}

function writeConstant({ name, type, shape, bytes: raw }: Constant): Field {
  return message([...shape.map((length) => integer(1, length)), integer(2, TYPES[type]), string(8, name), bytes(9, raw)]);
}

function writePort({ name, type, shape, doc }: Port): Field {
  const dimensions = shape.map((length) => bytes(1, typeof length === 'number' ? integer(1, length) : string(2, length)));
  const tensor = message([integer(1, TYPES[type]), bytes(2, message(dimensions))]);
  return message([string(1, name), bytes(2, bytes(1, tensor)), string(3, doc)]);
}
