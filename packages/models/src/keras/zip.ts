import { formatError } from '../tfjs-format/format-error.js';

const endLength = 22;
const entryLength = 46;
const stored = 0;
const deflated = 8;

/**
 * The files of these names in a zip archive, checked by their CRC-32. Nothing is allocated by what
 * the archive says of sizes.
 *
 * @param most Largest size of each after decompression.
 * @throws AdvrobError `ADVROB_MODEL_FILE` for a damaged or encrypted archive, or a larger file.
 */
export async function readZip(
  file: string,
  bytes: Uint8Array,
  most: Readonly<Record<string, number>>,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const broken = (why: string): Error => formatError(file, `it is a damaged zip archive (${why}): fetch it again`);
  const end = endOf(view);
  if (end < 0) throw broken('it has no end');
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + entryLength > end || view.getUint32(at, true) !== 0x02014b50) throw broken('its list of files is cut off');
    const [method, flags] = [view.getUint16(at + 10, true), view.getUint16(at + 8, true)];
    const [checksum, packed, size] = [16, 20, 24].map((offset) => view.getUint32(at + offset, true)) as [
      number,
      number,
      number,
    ];
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(bytes.subarray(at + entryLength, at + entryLength + nameLength));
    const start = view.getUint32(at + 42, true);
    at += entryLength + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (!Object.hasOwn(most, name)) continue;
    if (found.has(name)) throw broken(`'${name}' occurs twice`);
    if ((flags & 1) !== 0) throw formatError(file, `'${name}' in it is encrypted`);
    if (size > most[name]!) throw formatError(file, `'${name}' in it has ${size} bytes, more than ${most[name]}`);
    if (start + 30 > bytes.length || view.getUint32(start, true) !== 0x04034b50) throw broken(`'${name}' is missing`);
    const from = start + 30 + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
    if (from + packed > bytes.length) throw broken(`'${name}' is cut off`);
    const content = await unpacked(bytes.subarray(from, from + packed), method, size);
    if (content?.length !== size || crc32(content) !== checksum) throw broken(`'${name}' does not fit its checksum`);
    found.set(name, content);
  }
  return found;
}

/** Where the end record begins, behind which a comment may stand. */
function endOf(view: DataView): number {
  for (let at = view.byteLength - endLength; at >= Math.max(0, view.byteLength - endLength - 0xffff); at--)
    if (view.getUint32(at, true) === 0x06054b50) return at;
  return -1;
}

/** Undefined for what is damaged, or longer than it says. Keras only stores. */
async function unpacked(bytes: Uint8Array, method: number, size: number): Promise<Uint8Array | undefined> {
  if (method === stored) return bytes;
  if (method !== deflated) return undefined;
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of stream as unknown as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > size) return undefined;
      parts.push(part);
    }
  } catch {
    return undefined;
  }
  const content = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return content;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let value = ~0;
  for (const byte of bytes) value = (value >>> 8) ^ table[(value ^ byte) & 0xff]!;
  return ~value >>> 0;
}
