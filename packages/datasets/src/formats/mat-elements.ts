import { AdvrobError } from '@advrob/core';
import { inflateSync } from 'node:zlib';

/** A tagged piece of a MAT-file: what it is and its bytes. */
export interface MatElement {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Data types of the format that matter here. */
export const miMatrix = 14;
const miCompressed = 15;

/**
 * The elements between two positions of a level 5 MAT-file, compressed ones unpacked. Bytes are not copied.
 *
 * @param maxBytes Largest size of one unpacked element.
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when one ends behind the file, `ADVROB_DATA_TOO_LARGE`, `ADVROB_DATA_CHECKSUM` when compressed data is damaged.
 */
export function matElements(bytes: Uint8Array, from: number, maxBytes: number, name: string): MatElement[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const elements: MatElement[] = [];
  for (let at = from; at + 8 <= bytes.length;) {
    const tag = view.getUint32(at, true);
    // A small element has its size in the upper half of the tag and its data in the tag's second half.
    const isSmall = tag >>> 16 !== 0;
    const [type, size] = isSmall ? [tag & 0xffff, tag >>> 16] : [tag, view.getUint32(at + 4, true)];
    const start = at + (isSmall ? 4 : 8);
    if (start + size > bytes.length || (isSmall && size > 4))
      throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of an element: fetch it again`);
    const content = bytes.subarray(start, start + size);
    if (type === miCompressed) elements.push(...matElements(inflated(content, maxBytes, name), 0, maxBytes, name));
    else elements.push({ type, bytes: content });
    // Compressed elements are not padded, all others are to eight bytes.
    at = isSmall ? at + 8 : type === miCompressed ? start + size : start + 8 * Math.ceil(size / 8);
  }
  return elements;
}

function inflated(bytes: Uint8Array, maxBytes: number, name: string): Uint8Array {
  try {
    const { buffer, byteOffset, length } = inflateSync(bytes, { maxOutputLength: maxBytes });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new AdvrobError(
        'ADVROB_DATA_TOO_LARGE',
        `${name}: a variable is larger than ${maxBytes} bytes: raise the option maxBytes if you trust the file`,
        { cause },
      );
    throw new AdvrobError(
      'ADVROB_DATA_CHECKSUM',
      `${name}: compressed data is damaged (${String(cause)}): fetch it again`,
      {
        cause,
      },
    );
  }
}
