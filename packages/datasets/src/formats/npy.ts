import { AdvrobError } from '@advrob/core';
import { rowMajor } from '../arrays/row-major.js';
import { elementTypes, type NpyData, type NpyType } from './npy-types.js';

/** One NumPy array: row-major values and their dimensions. */
export interface NpyArray {
  readonly type: NpyType;
  readonly shape: readonly number[];
  /** uint8 and bool data are a view of the file's bytes, other types are copies; 8-byte integers come as numbers. */
  readonly data: NpyData;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** NumPy reads no longer ones either. */
const longestHeader = 10_000;
/** The dictionary that every version of NumPy writes: keys sorted, values simple. */
const dictionary =
  /^\{\s*'descr':\s*'([<>|=])([a-z])(\d{1,2})',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * Reads a `.npy` file (NumPy enhancement proposal 1): magic, version, a dictionary with type, order and shape, and the values. Arrays in
 * column order are brought into row order. The header is compared with the length of the file before anything is allocated.
 *
 * Types: bool, int8 to int64, uint8 to uint64, float16 to float64, little and big endian. Objects (pickles), strings and records are refused.
 *
 * @param name What the file is called in messages.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is none or of another type, `ADVROB_DATA_TRUNCATED` or `ADVROB_DATA_OVERSIZED` when it is
 * shorter or longer than its header says.
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
  if (magic.some((byte, i) => bytes[i] !== byte) || version < 1 || version > 3)
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
