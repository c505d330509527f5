import { AdvrobError } from '@advrob/core';
import { inflateSync } from 'node:zlib';

/** A numeric variable as it lies in the file: column order, the first axis fastest. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * Storage types of numbers: MATLAB may store a matrix of doubles in bytes when its values allow
 * that.
 */
const numbers: Readonly<Record<number, { size: number; read(view: DataView, at: number): number }>> = {
  1: { size: 1, read: (view, at) => view.getInt8(at) },
  2: { size: 1, read: (view, at) => view.getUint8(at) },
  3: { size: 2, read: (view, at) => view.getInt16(at, true) },
  4: { size: 2, read: (view, at) => view.getUint16(at, true) },
  5: { size: 4, read: (view, at) => view.getInt32(at, true) },
  6: { size: 4, read: (view, at) => view.getUint32(at, true) },
  7: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  9: { size: 8, read: (view, at) => view.getFloat64(at, true) },
};
const uint8 = 2;
const headerSize = 128;

/**
 * The numeric variables of a MAT-file of level 5 (MATLAB 5 to 7.2, and SciPy's `savemat`), little
 * endian, compressed or not. Other variables are passed over.
 *
 * @param maxBytes Largest size of all variables together after decompression.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for other files (version 7.3 is HDF5: save with `-v7`),
 *   `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_TOO_LARGE`, `ADVROB_DATA_CHECKSUM`.
 */
export function parseMat(bytes: Uint8Array, maxBytes: number, name = 'MAT-file'): ReadonlyMap<string, MatArray> {
  if (bytes.length < headerSize || bytes[126] !== 0x49 || bytes[127] !== 0x4d || bytes[125] !== 1)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected a little-endian MAT-file of level 5, found something else: save it with -v7`,
    );
  const arrays = new Map<string, MatArray>();
  const room = { left: maxBytes, maxBytes };
  const isWanted = ({ type }: MatElement): boolean => type === miMatrix;
  for (const { type, bytes: content } of matElements(bytes.subarray(headerSize), name)) {
    const inner = type === miCompressed ? matElements(inflated(content, room, name), name) : [{ type, bytes: content }];
    for (const matrix of [...inner].filter(isWanted)) {
      const found = numericArray([...matElements(matrix.bytes, name, mostParts)], room, name);
      if (found !== undefined) arrays.set(found.variable, found.array);
    }
  }
  return arrays;
}

/** Flags, dimensions, name and real part; undefined for variables that are not real numbers. */
function numericArray(
  parts: readonly MatElement[],
  room: Room,
  name: string,
): { variable: string; array: MatArray } | undefined {
  const [flags, dimensions, title, real] = parts;
  const isNumeric = flags !== undefined && flags.bytes.length === 8 && flags.bytes[0]! >= 6 && flags.bytes[0]! <= 13;
  if (!isNumeric || dimensions === undefined || title === undefined || real === undefined || parts.length > 4)
    return undefined;
  if (dimensions.bytes.length > 4 * mostDimensions)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: a variable has more than ${mostDimensions} dimensions`);
  const shape = Array.from(valuesOf(dimensions, room, name));
  const data = valuesOf(real, room, name);
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (data.length !== size)
    throw new AdvrobError(
      'ADVROB_DATA_TRUNCATED',
      `${name}: a variable of ${shape.join('x')} has ${data.length} values: fetch the file again`,
    );
  return { variable: Buffer.from(title.bytes).toString('latin1'), array: { shape, data } };
}

function valuesOf({ type, bytes }: MatElement, room: Room, name: string): Uint8Array | Float64Array {
  const kind = numbers[type];
  if (kind === undefined)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected numbers, found the data type ${type}`);
  if (type === uint8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float64Array(take(room, Math.floor(bytes.length / kind.size), 8, name));
  for (let i = 0; i < values.length; i++) values[i] = kind.read(view, i * kind.size);
  return values;
}

/** A tagged piece of a MAT-file: what it is and its bytes. */
interface MatElement {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Data types of the format that matter here. */
const miMatrix = 14;
const miCompressed = 15;

/** A numeric variable has four parts; what has more is something else. */
const mostParts = 5;
const mostDimensions = 32;

/** How many bytes all variables may still take. */
interface Room {
  left: number;
  readonly maxBytes: number;
}

/** Takes room for `count` values; returns how many. @throws AdvrobError `ADVROB_DATA_TOO_LARGE`. */
function take(room: Room, count: number, size: number, name: string): number {
  room.left -= count * size;
  if (room.left < 0) throw tooLarge(room, name);
  return count;
}

function tooLarge({ maxBytes }: Room, name: string, cause?: unknown): AdvrobError {
  return new AdvrobError(
    'ADVROB_DATA_TOO_LARGE',
    `${name}: its variables are larger than ${maxBytes} bytes: raise the option maxBytes if you trust the file`,
    { cause },
  );
}

/**
 * The elements of a piece of a level 5 MAT-file, at most `most`. Bytes are not copied. A compressed
 * element is one of them as it is; the format has none inside of another.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when one ends behind the file.
 */
function* matElements(bytes: Uint8Array, name: string, most = Infinity): Generator<MatElement> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length && most > 0; most--) {
    const tag = view.getUint32(at, true);
    // A small element has its size in the upper half of the tag and its data in the tag's second
    // half.
    const isSmall = tag >>> 16 !== 0;
    const [type, size] = isSmall ? [tag & 0xffff, tag >>> 16] : [tag, view.getUint32(at + 4, true)];
    const start = at + (isSmall ? 4 : 8);
    if (start + size > bytes.length || (isSmall && size > 4))
      throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of an element: fetch it again`);
    yield { type, bytes: bytes.subarray(start, start + size) };
    // Compressed elements are not padded, all others are to eight bytes.
    at = isSmall ? at + 8 : type === miCompressed ? start + size : start + 8 * Math.ceil(size / 8);
  }
}

function inflated(bytes: Uint8Array, room: Room, name: string): Uint8Array {
  try {
    const { buffer, byteOffset, length } = inflateSync(bytes, { maxOutputLength: Math.max(1, room.left) });
    return new Uint8Array(buffer, byteOffset, take(room, length, 1, name));
  } catch (cause) {
    if (cause instanceof AdvrobError) throw cause;
    if (cause instanceof RangeError) throw tooLarge(room, name, cause);
    throw new AdvrobError(
      'ADVROB_DATA_CHECKSUM',
      `${name}: compressed data is damaged (${String(cause)}): fetch it again`,
      { cause },
    );
  }
}
