import { ProtobufWriter } from './protobuf.js';

/** Element types by ONNX' TensorProto numbers. */
export const elementTypes = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 } as const;
export type ElementType = keyof typeof elementTypes;

export type OnnxAttribute =
  | { kind: 'int'; value: number }
  | { kind: 'ints'; value: readonly number[] }
  | { kind: 'float'; value: number }
  | { kind: 'floats'; value: readonly number[] }
  | { kind: 'text'; value: string };

export interface OnnxNode {
  /** What ONNX Runtime's messages call it. */
  name: string;
  op: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxConstant {
  name: string;
  type: ElementType;
  shape: readonly number[];
  bytes: Uint8Array;
}

export interface OnnxPort {
  name: string;
  /** `'list'` is one of float32 arrays. */
  type: ElementType | 'list';
  /** Null where only the run tells it. */
  shape: readonly number[] | null;
}

export interface OnnxGraph {
  nodes: OnnxNode[];
  constants: OnnxConstant[];
  inputs: OnnxPort[];
  outputs: OnnxPort[];
}

const irVersion = 8;
const domains: readonly (readonly [domain: string, opset: number])[] = [
  ['', 17],
  ['com.microsoft', 1],
  ['com.microsoft.nchwc', 1],
];

/** The bytes of an ONNX ModelProto. */
export function encodeModel(graph: OnnxGraph): Uint8Array {
  const model = new ProtobufWriter();
  model.integer(1, irVersion);
  model.message(7, (writer) => {
    for (const node of graph.nodes) writer.message(1, (inner) => encodeNode(inner, node));
    writer.text(2, 'recorded');
    for (const constant of graph.constants) writer.message(5, (inner) => encodeConstant(inner, constant));
    for (const port of graph.inputs) writer.message(11, (inner) => encodePort(inner, port));
    for (const port of graph.outputs) writer.message(12, (inner) => encodePort(inner, port));
  });
  for (const [domain, opset] of domains) model.message(8, (writer) => writer.text(1, domain).integer(2, opset));
  return model.finish();
}

function encodeNode(writer: ProtobufWriter, node: OnnxNode): void {
  for (const input of node.inputs) writer.text(1, input);
  for (const output of node.outputs) writer.text(2, output);
  writer.text(3, node.name).text(4, node.op);
  for (const name in node.attributes)
    writer.message(5, (inner) => encodeAttribute(inner, name, node.attributes[name]!));
  if (node.domain !== '') writer.text(7, node.domain);
}

function encodeAttribute(writer: ProtobufWriter, name: string, attribute: OnnxAttribute): void {
  writer.text(1, name);
  switch (attribute.kind) {
    case 'float':
      writer.float(2, attribute.value).integer(20, 1);
      return;
    case 'int':
      writer.integer(3, attribute.value).integer(20, 2);
      return;
    case 'text':
      writer.text(4, attribute.value).integer(20, 3);
      return;
    case 'floats':
      for (const value of attribute.value) writer.float(7, value);
      writer.integer(20, 6);
      return;
    case 'ints':
      for (const value of attribute.value) writer.integer(8, value);
      writer.integer(20, 7);
  }
}

function encodeConstant(writer: ProtobufWriter, constant: OnnxConstant): void {
  for (const extent of constant.shape) writer.integer(1, extent);
  writer.integer(2, elementTypes[constant.type]).text(8, constant.name).raw(9, constant.bytes);
}

function encodePort(writer: ProtobufWriter, { name, type, shape }: OnnxPort): void {
  writer.text(1, name).message(2, (outer) => {
    if (type === 'list')
      outer.message(4, (list) => list.message(1, (inner) => encodeTensorType(inner, 'float32', null)));
    else encodeTensorType(outer, type, shape);
  });
}

function encodeTensorType(writer: ProtobufWriter, type: ElementType, extents: readonly number[] | null): void {
  writer.message(1, (tensor) => {
    tensor.integer(1, elementTypes[type]);
    if (extents === null) return;
    tensor.message(2, (shape) => {
      for (const extent of extents) shape.message(1, (dimension) => dimension.integer(1, extent));
    });
  });
}
