import { AdvrobError } from '@advrob/core';

/** The arrays that an IDX file can hold. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/**
 * The content of an IDX file: row-major values and their dimensions, the number of examples first.
 */
export interface IdxArray {
  readonly type: 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64';
  readonly shape: readonly number[];
  /** uint8 data is a view of the file's bytes, other types are copies. */
  readonly data: IdxData;
}

interface ElementType {
  readonly type: IdxArray['type'];
  readonly size: number;
  read(bytes: Uint8Array): IdxData;
}

/** Type codes of the format's third byte. */
const elementTypes: Readonly<Record<number, ElementType>> = {
  0x08: { type: 'uint8', size: 1, read: (bytes) => bytes },
  0x09: { type: 'int8', size: 1, read: (bytes) => Int8Array.from(bytes, (byte) => (byte << 24) >> 24) },
  0x0b: { type: 'int16', size: 2, read: (bytes) => fill(new Int16Array(bytes.length / 2), bytes, 'getInt16') },
  0x0c: { type: 'int32', size: 4, read: (bytes) => fill(new Int32Array(bytes.length / 4), bytes, 'getInt32') },
  0x0d: { type: 'float32', size: 4, read: (bytes) => fill(new Float32Array(bytes.length / 4), bytes, 'getFloat32') },
  0x0e: { type: 'float64', size: 8, read: (bytes) => fill(new Float64Array(bytes.length / 8), bytes, 'getFloat64') },
};

/**
 * Reads an IDX file (LeCun, the MNIST database, http://yann.lecun.com/exdb/mnist/): two zero bytes,
 * a type code, the number of dimensions, the dimensions and the values, all big-endian. The header
 * is compared with the length of the file before anything is allocated.
 *
 * @param name What the file is called in messages.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is not an IDX file, `ADVROB_DATA_TRUNCATED` or
 *   `ADVROB_DATA_OVERSIZED` when it is shorter or longer than its header says.
 */
export function parseIdx(bytes: Uint8Array, name = 'IDX file'): IdxArray {
  if (bytes.length < 4)
    throw new AdvrobError(
      'ADVROB_DATA_TRUNCATED',
      `${name}: expected an IDX header of at least 4 bytes, found ${bytes.length}`,
    );
  const element = elementTypes[bytes[2]!];
  const rank = bytes[3]!;
  if (bytes[0] !== 0 || bytes[1] !== 0 || element === undefined || rank === 0)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected an IDX file (bytes 0, 0, a type code 0x08..0x0e, at least one dimension), found ${hex(bytes.subarray(0, 4))}: is it another format, or still compressed?`,
    );
  const headerSize = 4 + 4 * rank;
  if (bytes.length < headerSize)
    throw new AdvrobError(
      'ADVROB_DATA_TRUNCATED',
      `${name}: expected an IDX header of ${headerSize} bytes for ${rank} dimensions, found ${bytes.length}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerSize);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (shape.includes(0))
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name}: expected no empty dimension, the header says [${shape.join(', ')}]`,
    );
  checkLength(
    bytes.length - headerSize,
    shape.reduce((product, size) => product * size, element.size),
    shape,
    name,
  );
  return { type: element.type, shape, data: element.read(bytes.subarray(headerSize)) };
}

function checkLength(found: number, expected: number, shape: readonly number[], name: string): void {
  if (found === expected) return;
  const says = `${name}: the IDX header [${shape.join(', ')}] promises ${expected} bytes of values, found ${found}`;
  throw found < expected
    ? new AdvrobError('ADVROB_DATA_TRUNCATED', `${says}: fetch the file again`)
    : new AdvrobError('ADVROB_DATA_OVERSIZED', `${says}: the header or the file is wrong`);
}

function fill<T extends Exclude<IdxData, Uint8Array | Int8Array>>(
  values: T,
  bytes: Uint8Array,
  read: 'getInt16' | 'getInt32' | 'getFloat32' | 'getFloat64',
): T {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < values.length; i++) values[i] = view[read](i * values.BYTES_PER_ELEMENT);
  return values;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
