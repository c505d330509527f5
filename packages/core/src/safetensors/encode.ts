import { AdvrobError } from '../errors.js';
import { checksumKey, noChecksum, seal } from './checksum.js';
import { countValues, type TensorRecord } from './record.js';

/**
 * Writes a safetensors file (https://github.com/huggingface/safetensors, "Format"): the length of
 * the header as little-endian u64, a JSON header padded with spaces to a multiple of 8 bytes, then
 * the data as F32 or I32 in the order given. Equal input gives equal bytes.
 *
 * @param metadata Free text entries, readable by every safetensors reader.
 * @param checksum Whether the metadata gets the SHA-256 of the file (`advrob.sha256`), by which
 *   `decodeSafetensors` finds damage that still parses. Default false.
 * @throws AdvrobError `ADVROB_SHAPE` when a record has more or fewer values than its shape says,
 *   `ADVROB_TENSOR_FILE` for a name that is taken by the format.
 * @example
 * ```ts
 * import { encodeSafetensors } from '@advrob/core/safetensors';
 * const bytes = encodeSafetensors({ 'fc.bias': { dtype: 'float32', shape: [2], data: Float32Array.of(0.5, -1) } });
 * ```
 */
export function encodeSafetensors(
  records: Readonly<Record<string, TensorRecord>> | ReadonlyMap<string, TensorRecord>,
  metadata: Readonly<Record<string, string>> = {},
  { checksum = false }: { readonly checksum?: boolean } = {},
): Uint8Array {
  const entries = records instanceof Map ? [...records] : Object.entries(records as Record<string, TensorRecord>);
  const texts = checksum ? { ...metadata, [checksumKey]: noChecksum } : metadata;
  const header: [string, unknown][] = Object.keys(texts).length > 0 ? [['__metadata__', texts]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    checkRecord(name, shape, data.length);
    const start = end;
    end += data.byteLength;
    header.push([name, { dtype: dtype === 'float32' ? 'F32' : 'I32', shape, data_offsets: [start, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let offset = 8 + headerLength;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  if (checksum) seal(bytes, 8 + headerLength);
  return bytes;
}

function checkRecord(name: string, shape: readonly number[], found: number): void {
  if (name === '__metadata__' || name === '__proto__')
    throw new AdvrobError(
      'ADVROB_TENSOR_FILE',
      `the tensor name '${name}' is reserved in safetensors files: rename it`,
    );
  if (countValues(shape) !== found)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `tensor '${name}': expected ${countValues(shape)} values for shape [${shape.join(', ')}], got ${found}`,
    );
}
