import { Writer } from './writer.js';

/** Whole numbers unless said otherwise. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

export interface Constant {
  readonly name: string;
  readonly type: 'float32' | 'int32' | 'int64' | 'bool';
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface Port {
  readonly name: string;
  /** The first side is a name: any batch. */
  readonly dims: readonly (number | string)[];
}

/** What a file holds. */
export interface ModelParts {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly input: Port;
  readonly output: Port;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The newest opset that every runtime of the last years knows. */
export const writtenOpset = 17;
const irVersion = 8;
const types = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

/** The bytes of a model. */
export function encodeParts({ nodes, constants, input, output, metadata }: ModelParts): Uint8Array {
  const writer = new Writer();
  writer.integer(1, irVersion).text(2, 'advrob');
  writer.message(7, (graph) => {
    nodes.forEach((node, i) => graph.message(1, (inner) => writeNode(inner, node, i)));
    graph.text(2, 'advrob');
    for (const each of constants) graph.message(5, (inner) => writeConstant(inner, each));
    graph.message(11, (inner) => writePort(inner, input));
    graph.message(12, (inner) => writePort(inner, output));
  });
  writer.message(8, (opset) => opset.text(1, '').integer(2, writtenOpset));
  for (const [key, value] of Object.entries(metadata)) writer.message(14, (entry) => entry.text(1, key).text(2, value));
  return writer.finish();
}

function writeNode(writer: Writer, { operator, inputs, output, attributes }: Node, index: number): void {
  for (const name of inputs) writer.text(1, name);
  writer.text(2, output).text(3, `${operator}_${index}`).text(4, operator);
  for (const [name, value] of Object.entries(attributes))
    writer.message(5, (inner) => writeAttribute(inner.text(1, name), value));
}

function writeAttribute(writer: Writer, value: AttributeValue): void {
  if (typeof value === 'number') writer.integer(3, value).integer(20, 2);
  else if (typeof value === 'string') writer.text(4, value).integer(20, 3);
  else if ('float' in value) writer.float(2, value.float).integer(20, 1);
  else {
    for (const each of value) writer.integer(8, each);
    writer.integer(20, 7);
  }
}

function writeConstant(writer: Writer, { name, type, dims, data }: Constant): void {
  for (const side of dims) writer.integer(1, side);
  writer.integer(2, types[type]).text(8, name).raw(9, bytesOf(type, data));
}

/** Little end first, as the format wants it and every machine that runs this has it. */
function bytesOf(type: Constant['type'], data: ArrayLike<number>): Uint8Array {
  if (type === 'float32') {
    const { buffer, byteOffset, byteLength } = data instanceof Float32Array ? data : Float32Array.from(data);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (type === 'bool') return Uint8Array.from(data);
  if (type === 'int32') return new Uint8Array(Int32Array.from(data).buffer);
  return new Uint8Array(BigInt64Array.from(Array.from(data, (each) => BigInt(each))).buffer);
}

function writePort(writer: Writer, { name, dims }: Port): void {
  writer.text(1, name).message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.integer(1, types.float32);
      tensor.message(2, (shape) => {
        for (const side of dims)
          shape.message(1, (each) => (typeof side === 'string' ? each.text(2, side) : each.integer(1, side)));
      });
    }),
  );
}
