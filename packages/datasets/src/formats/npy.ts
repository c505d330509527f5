import { AdvrobError } from '@advrob/core';

/** The arrays that a `.npy` file can hold, once read. */
export type NpyData =
  Uint8Array | Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
export type NpyType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

/** One NumPy array: row-major values and their dimensions. */
export interface NpyArray {
  readonly type: NpyType;
  readonly shape: readonly number[];
  /**
   * uint8 and bool data are a view of the file's bytes, other types are copies; 8-byte integers
   * come as numbers.
   */
  readonly data: NpyData;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether a file begins as a `.npy` file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/** NumPy reads no longer ones either. */
const longestHeader = 10_000;
/** The dictionary that every version of NumPy writes: keys sorted, values simple. */
const dictionary =
  /^\{\s*'descr':\s*'([<>|=])([a-z])(\d{1,2})',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * Reads a `.npy` file (NumPy enhancement proposal 1). Types: bool, int8 to int64, uint8 to uint64,
 * float16 to float64, of either byte order; objects (pickles), strings and records are refused.
 * Column order becomes row order. The header is compared with the file before memory is taken.
 *
 * @param name What the file is called in messages.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is none or of another type,
 *   `ADVROB_DATA_TRUNCATED` or `ADVROB_DATA_OVERSIZED` for another length than its header says.
 */
export function parseNpy(bytes: Uint8Array, name = 'npy file'): NpyArray {
  const { text, start } = headerOf(bytes, name);
  const found = dictionary.exec(text);
  const type = found === null ? undefined : elementTypes[`${found[2]!}${found[3]!}`];
  if (found === null || type === undefined)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected an array of booleans, integers or floats, found ${text.slice(0, 120).trim()}: save it with another dtype (objects, strings and records are not read)`,
    );
  const shape = (found[5]!.match(/\d+/g) ?? []).map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  checkLength(bytes.length - start, count * type.size, shape, name);
  const values = type.read(bytes.subarray(start), found[1] === '>');
  return { type: type.name, shape, data: found[4] === 'True' ? rowMajor(values, shape) : values };
}

function headerOf(bytes: Uint8Array, name: string): { text: string; start: number } {
  const version = bytes[6] ?? 0;
  if (!isNpy(bytes) || version < 1 || version > 3)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a .npy file of version 1 to 3, found something else`,
    );
  const lengthSize = version === 1 ? 2 : 4;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length =
    bytes.length < 8 + lengthSize ? Infinity : lengthSize === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = 8 + lengthSize + length;
  if (start > bytes.length)
    throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of its header: fetch it again`);
  if (length > longestHeader)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a header of at most ${longestHeader} bytes, found ${length}`,
    );
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset + 8 + lengthSize, length).toString('latin1'), start };
}

function checkLength(found: number, expected: number, shape: readonly number[], name: string): void {
  if (found === expected) return;
  const says = `${name}: the header's shape (${shape.join(', ')}) promises ${expected} bytes of values, found ${found}`;
  throw found < expected
    ? new AdvrobError('ADVROB_DATA_TRUNCATED', `${says}: fetch the file again`)
    : new AdvrobError('ADVROB_DATA_OVERSIZED', `${says}: the header or the file is wrong`);
}

interface ElementType {
  readonly name: NpyType;
  readonly size: number;
  read(bytes: Uint8Array, isBigEndian: boolean): NpyData;
}

/** Reads every element with a method of DataView. */
function each(
  name: NpyType,
  size: number,
  Values: new (count: number) => NpyData,
  get: (view: DataView, at: number, littleEndian: boolean) => number,
): ElementType {
  return {
    name,
    size,
    read(bytes, isBigEndian) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const values = new Values(bytes.length / size);
      for (let i = 0; i < values.length; i++) values[i] = get(view, i * size, !isBigEndian);
      return values;
    },
  };
}
const bytesAsTheyAre = (name: NpyType): ElementType => ({ name, size: 1, read: (bytes) => bytes });

/** NumPy's kind and size of an element, such as `f4`. */
const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: bytesAsTheyAre('bool'),
  u1: bytesAsTheyAre('uint8'),
  i1: each('int8', 1, Int8Array, (view, at) => view.getInt8(at)),
  i2: each('int16', 2, Int16Array, (view, at, little) => view.getInt16(at, little)),
  u2: each('uint16', 2, Uint16Array, (view, at, little) => view.getUint16(at, little)),
  i4: each('int32', 4, Int32Array, (view, at, little) => view.getInt32(at, little)),
  u4: each('uint32', 4, Uint32Array, (view, at, little) => view.getUint32(at, little)),
  i8: each('int64', 8, Float64Array, (view, at, little) => Number(view.getBigInt64(at, little))),
  u8: each('uint64', 8, Float64Array, (view, at, little) => Number(view.getBigUint64(at, little))),
  f2: each('float16', 2, Float32Array, (view, at, little) => halfToNumber(view.getUint16(at, little))),
  f4: each('float32', 4, Float32Array, (view, at, little) => view.getFloat32(at, little)),
  f8: each('float64', 8, Float64Array, (view, at, little) => view.getFloat64(at, little)),
};

/** IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Values in column order (first axis fastest) brought into row order (last axis fastest). */
function rowMajor<T extends NpyData>(values: T, shape: readonly number[]): T {
  const ordered = values.slice() as T;
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  let source = 0;
  for (let target = 0; target < ordered.length; target++) {
    ordered[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      source -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return ordered;
}
