import { OnnxError, refuseFile } from '../errors.js';
import {
  byteLength,
  elementType,
  halfToNumber,
  hostArray,
  isFloat,
  type ElementType,
  type HostArray,
} from './element-types.js';
import type { TensorMessage } from './messages.js';

/** Where data lies that a model keeps beside its file. */
export interface ExternalData {
  /** A path as the file says it: check it before anything is opened. */
  readonly location: string;
  readonly offset: number;
  /** Bytes; undefined to the end of the file. */
  readonly length: number | undefined;
}

/** Gives bytes that lie beside the file. The caller decides which locations it opens. */
export type ReadExternal = (data: ExternalData) => Uint8Array;

/** A tensor's values on the host, as the file has them. */
export interface HostTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: HostArray;
}

/** The most values that a tensor may announce without bytes for them. */
export const mostValues = 2 ** 28;

/**
 * @throws OnnxError `ADVROB_ONNX_FILE` when sizes and data disagree, `ADVROB_ONNX_OPERATOR` for
 *   types that are not supported, `ADVROB_ONNX_EXTERNAL` when data lies outside and is not given.
 */
export function readTensor(tensor: TensorMessage, readExternal?: ReadExternal): HostTensor {
  const what = `tensor '${tensor.name ?? ''}'`;
  const type = elementType(tensor.type ?? 0, what);
  const dims = tensor.dims ?? [];
  const count = countOf(dims, what);
  const raw = tensor.location === 1 ? external(tensor, what, byteLength(type, count), readExternal) : tensor.raw;
  const data = raw ? fromBytes(raw, type, count, what) : fromNumbers(tensor, type, count, what);
  return { type, dims, data };
}

/**
 * Moves the data of weights down to the next multiple of four bytes, over the length in front of
 * them, which has been read: two bytes at least, three where there are 128 bytes of data and more.
 */
export function alignWeights(tensors: readonly TensorMessage[]): void {
  for (const tensor of tensors) {
    const { raw } = tensor;
    const by = (raw?.byteOffset ?? 0) % 4;
    if (!raw || by === 0 || raw.length < 128 || tensor.type !== 1) continue;
    const moved = new Uint8Array(raw.buffer, raw.byteOffset - by, raw.length);
    moved.set(raw);
    tensor.raw = moved;
  }
}

/** How many values a shape has. */
export function countOf(dims: readonly number[], what: string): number {
  const count = dims.reduce((product, side) => product * side, 1);
  if (!dims.every((side) => Number.isSafeInteger(side) && side >= 0) || !Number.isSafeInteger(count))
    refuseFile(`${what} has the shape [${dims.join()}]`);
  return count;
}

function external(tensor: TensorMessage, what: string, bytes: number, read: ReadExternal | undefined): Uint8Array {
  const of = (key: string): string | undefined => tensor.external?.find((entry) => entry.key === key)?.value;
  const location = of('location');
  if (location === undefined) return refuseFile(`${what} lies outside of the file, but nothing says where`);
  if (!read)
    throw new OnnxError(
      'ADVROB_ONNX_EXTERNAL',
      `${what} lies in '${location}', outside of the file: give \`external\``,
    );
  const [offset, length] = [Number(of('offset') ?? 0), of('length') === undefined ? undefined : Number(of('length'))];
  const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  if (!isWhole(offset) || !isWhole(length ?? 0))
    refuseFile(`${what}: offset ${of('offset')} and length ${of('length')} in '${location}' are no positions`);
  if (length !== undefined && length < bytes)
    refuseFile(`${what} needs ${bytes} bytes, and has ${length} in '${location}'`);
  return read({ location, offset, length: length ?? bytes });
}

function fromBytes(raw: Uint8Array, type: ElementType, count: number, what: string): HostArray {
  const bytes = byteLength(type, count);
  if (raw.length < bytes) refuseFile(`${what} has ${raw.length} bytes, ${count} values of ${type} need ${bytes}`);
  if (type === 'float32') {
    // Aligned bytes are taken as they lie, so that weights are in memory once.
    if (raw.byteOffset % 4 === 0) return new Float32Array(raw.buffer, raw.byteOffset, count);
    return new Float32Array(raw.slice(0, bytes).buffer);
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const data = hostArray(type, count);
  const readOne = readers[type];
  for (let i = 0; i < count; i++) data[i] = readOne(view, i);
  return data;
}

const readers: Readonly<Record<ElementType, (view: DataView, i: number) => number>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  float64: (view, i) => view.getFloat64(8 * i, true),
  float16: (view, i) => halfToNumber(view.getUint16(2 * i, true)),
  bfloat16: (view, i) => bfloatToNumber(view.getUint16(2 * i, true)),
  bool: (view, i) => (view.getUint8(i) === 0 ? 0 : 1),
  int8: (view, i) => view.getInt8(i),
  uint8: (view, i) => view.getUint8(i),
  int16: (view, i) => view.getInt16(2 * i, true),
  uint16: (view, i) => view.getUint16(2 * i, true),
  int32: (view, i) => view.getInt32(4 * i, true),
  uint32: (view, i) => view.getUint32(4 * i, true),
  int64: (view, i) => view.getInt32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true),
  uint64: (view, i) => view.getUint32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true),
  // Two in a byte, the lower half first.
  uint4: (view, i) => (view.getUint8(i >> 1) >> (4 * (i & 1))) & 15,
  int4: (view, i) => (((view.getUint8(i >> 1) >> (4 * (i & 1))) & 15) << 28) >> 28,
};

function fromNumbers(tensor: TensorMessage, type: ElementType, count: number, what: string): HostArray {
  const lists = {
    float32: tensor.floatData,
    float64: tensor.doubleData,
    int64: tensor.int64Data,
    uint64: tensor.uint64Data,
    uint32: tensor.uint64Data,
  };
  const values = (type in lists ? lists[type as keyof typeof lists] : tensor.int32Data) ?? [];
  const isPacked = type === 'int4' || type === 'uint4';
  if (values.length !== (isPacked ? Math.ceil(count / 2) : count))
    refuseFile(`${what} has ${values.length} values for the shape [${(tensor.dims ?? []).join()}]`);
  const data = hostArray(type, count);
  if (isPacked) {
    const view = new DataView(Uint8Array.from(values).buffer);
    for (let i = 0; i < count; i++) data[i] = readers[type](view, i);
    return data;
  }
  const isBits = isFloat(type) && type !== 'float32' && type !== 'float64';
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (isBits) data[i] = type === 'float16' ? halfToNumber(value & 65535) : bfloatToNumber(value & 65535);
    else if (type === 'uint64' && value < 0) data[i] = value + 2 ** 64;
    else data[i] = type === 'bool' ? Number(value !== 0) : value;
  }
  return data;
}

const scratch = new DataView(new ArrayBuffer(4));
function bfloatToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
