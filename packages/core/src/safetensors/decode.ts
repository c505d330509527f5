import { AdvrobError } from '../errors.js';
import { checkSeal, checksumKey } from './checksum.js';
import { readHeader, type HeaderEntry } from './header.js';
import type { TensorFile, TensorRecord } from './record.js';

/**
 * Reads a safetensors file. F32, F64, F16 and BF16 become float32; I32 and I64 become int32. The
 * whole header is checked against the file before anything is allocated; the arrays of the result
 * are copies.
 *
 * @param name What the file is called in messages.
 * @throws AdvrobError `ADVROB_TENSOR_FILE` when the header is no safetensors header, promises
 *   more or less than the file holds, has a type that is not listed above, an I64 value does not
 *   fit into int32, or the file is not as its checksum says.
 * @example
 * ```ts
 * import { decodeSafetensors } from '@advrob/core/safetensors';
 * const { records } = decodeSafetensors(await (await fetch('weights.safetensors')).bytes());
 * const bias = records.get('fc.bias')?.data;
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'safetensors file'): TensorFile {
  const { entries, metadata, dataStart } = readHeader(bytes, name);
  const checksum = metadata.get(checksumKey);
  if (checksum !== undefined) checkSeal(bytes, dataStart, checksum, name);
  // Of this file alone: not for another one that is made of what it holds.
  const texts = new Map([...metadata].filter(([key]) => key !== checksumKey));
  const records = new Map<string, TensorRecord>();
  for (const entry of entries) records.set(entry.name, readRecord(bytes, dataStart, entry, name));
  return { records, metadata: texts, hasChecksum: checksum !== undefined };
}

function readRecord(bytes: Uint8Array, dataStart: number, entry: HeaderEntry, file: string): TensorRecord {
  const { shape, start, end, type } = entry;
  // A copy of its own begins at offset 0, which the typed arrays need: offsets in the file may be
  // odd. Not by slice(): that of Node's Buffer gives a view.
  const { buffer } = new Uint8Array(bytes.subarray(dataStart + start, dataStart + end));
  switch (type) {
    case 'F32':
      return { dtype: 'float32', shape, data: new Float32Array(buffer) };
    case 'F64':
      return { dtype: 'float32', shape, data: Float32Array.from(new Float64Array(buffer)) };
    case 'F16':
      return { dtype: 'float32', shape, data: Float32Array.from(new Uint16Array(buffer), fromHalf) };
    case 'BF16':
      return { dtype: 'float32', shape, data: fromBrainFloats(new Uint16Array(buffer)) };
    case 'I32':
      return { dtype: 'int32', shape, data: new Int32Array(buffer) };
    case 'I64':
      return { dtype: 'int32', shape, data: fromLongs(new BigInt64Array(buffer), entry.name, file) };
  }
}

/** IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** bfloat16 is the upper half of a float32. */
function fromBrainFloats(bits: Uint16Array): Float32Array {
  const words = Uint32Array.from(bits, (half) => half << 16);
  return new Float32Array(words.buffer);
}

function fromLongs(longs: BigInt64Array, tensor: string, file: string): Int32Array {
  return Int32Array.from(longs, (long) => {
    if (long === BigInt.asIntN(32, long)) return Number(long);
    throw new AdvrobError(
      'ADVROB_TENSOR_FILE',
      `${file}: tensor '${tensor}' holds ${long}, which does not fit into int32`,
    );
  });
}
