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

interface ElementType {
  readonly name: NpyType;
  readonly size: number;
  read(bytes: Uint8Array, isBigEndian: boolean): NpyData;
}

/** Reads every element with a method of DataView. */
function each<T extends NpyData>(
  name: NpyType,
  size: number,
  make: (count: number) => T,
  get: (view: DataView, at: number, littleEndian: boolean) => number,
): ElementType {
  return {
    name,
    size,
    read(bytes, isBigEndian) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const values = make(bytes.length / size);
      for (let i = 0; i < values.length; i++) values[i] = get(view, i * size, !isBigEndian);
      return values;
    },
  };
}
const bytesAsTheyAre = (name: NpyType): ElementType => ({ name, size: 1, read: (bytes) => bytes });

/** NumPy's kind and size of an element, such as `f4`. */
export const elementTypes: Readonly<Record<string, ElementType>> = {
  b1: bytesAsTheyAre('bool'),
  u1: bytesAsTheyAre('uint8'),
  i1: each(
    'int8',
    1,
    (n) => new Int8Array(n),
    (view, at) => view.getInt8(at),
  ),
  i2: each(
    'int16',
    2,
    (n) => new Int16Array(n),
    (view, at, little) => view.getInt16(at, little),
  ),
  u2: each(
    'uint16',
    2,
    (n) => new Uint16Array(n),
    (view, at, little) => view.getUint16(at, little),
  ),
  i4: each(
    'int32',
    4,
    (n) => new Int32Array(n),
    (view, at, little) => view.getInt32(at, little),
  ),
  u4: each(
    'uint32',
    4,
    (n) => new Uint32Array(n),
    (view, at, little) => view.getUint32(at, little),
  ),
  i8: each(
    'int64',
    8,
    (n) => new Float64Array(n),
    (view, at, little) => Number(view.getBigInt64(at, little)),
  ),
  u8: each(
    'uint64',
    8,
    (n) => new Float64Array(n),
    (view, at, little) => Number(view.getBigUint64(at, little)),
  ),
  f2: each(
    'float16',
    2,
    (n) => new Float32Array(n),
    (view, at, little) => halfToNumber(view.getUint16(at, little)),
  ),
  f4: each(
    'float32',
    4,
    (n) => new Float32Array(n),
    (view, at, little) => view.getFloat32(at, little),
  ),
  f8: each(
    'float64',
    8,
    (n) => new Float64Array(n),
    (view, at, little) => view.getFloat64(at, little),
  ),
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
