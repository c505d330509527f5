import { AdvrobError } from '@advrob/core';
import { convertIndexedToRgb, decode, type DecodedPng } from 'fast-png';

/** A picture: row-major samples [height, width, channels]. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** Samples from 0 to `most`. */
  readonly data: Uint8Array | Uint16Array;
  /** 255 or 65535. */
  readonly most: number;
}

/**
 * Reads a PNG file: grey, colour or palette, 1 to 16 bits, interlaced or not. Pictures that are
 * transparent anywhere are refused.
 *
 * @param maxBytes Largest size of the plain pixels.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is none or transparent, `ADVROB_DATA_TRUNCATED`,
 *   `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_TOO_LARGE` above `maxBytes`, `ADVROB_DATA_CHECKSUM` when
 *   it is damaged.
 */
export function parsePng(bytes: Uint8Array, maxBytes: number, name = 'PNG file'): PngImage {
  const { width, height, depth, file } = pngChunks(bytes, maxBytes, name);
  const { samples, channels } = decoded(file, name);
  const colours = channels < 3 ? 1 : 3;
  const most = depth === 16 ? 65_535 : 255;
  const isWhole = samples.length === width * height * channels;
  if (!isWhole) throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: some pixels are missing: fetch it again`);
  const hasAlpha = channels > colours;
  return { width, height, channels: colours, most, data: hasAlpha ? opaque(samples, channels, most, name) : samples };
}

function decoded(file: Uint8Array, name: string): { samples: Uint8Array | Uint16Array; channels: number } {
  try {
    const image = decode(file, { checkCrc: true });
    if (image.palette !== undefined) return { samples: convertIndexedToRgb(image), channels: image.palette[0]!.length };
    return {
      samples: image.depth < 8 ? unpacked(image) : (image.data as Uint8Array | Uint16Array),
      channels: image.channels,
    };
  } catch (cause) {
    throw new AdvrobError(
      'ADVROB_DATA_CHECKSUM',
      `${name}: the picture is damaged (${String(cause)}): fetch it again`,
      {
        cause,
      },
    );
  }
}

/** Grey samples of 1, 2 or 4 bits, rows padded to bytes, stretched to 0..255. */
function unpacked({ data, width, height, depth }: DecodedPng): Uint8Array {
  const rowBytes = Math.ceil((width * depth) / 8);
  const levels = 2 ** depth - 1;
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const bit = (i % width) * depth;
    const byte = data[Math.floor(i / width) * rowBytes + (bit >> 3)]!;
    return (((byte >> (8 - depth - (bit & 7))) & levels) * 255) / levels;
  });
}

/** The samples without the last channel. */
function opaque<T extends Uint8Array | Uint16Array>(samples: T, channels: number, most: number, name: string): T {
  const colours = channels - 1;
  const kept = samples.slice(0, (samples.length / channels) * colours) as T;
  for (let from = 0, to = 0; from < samples.length; from += channels) {
    if (samples[from + colours] !== most)
      throw new AdvrobError(
        'ADVROB_DATA_FORMAT',
        `${name}: expected an opaque picture, found transparent pixels: put it on a background first`,
      );
    for (let channel = 0; channel < colours; channel++) kept[to++] = samples[from + channel]!;
  }
  return kept;
}

/** What a PNG file says of itself, and the chunks that its pixels need. */
interface PngChunks {
  readonly width: number;
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** The file without texts, profiles and other chunks that pixels do not need. */
  readonly file: Uint8Array;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const needed = ['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'];
/** Samples per pixel by colour type. */
const samples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/**
 * Compressed pixels may be a little larger than plain ones, not more: a bomb cannot hide in a small
 * picture.
 */
const slack = 4096;

/**
 * Takes a PNG file apart without decompressing anything, and compares what it promises with what it
 * holds.
 *
 * @param maxBytes Largest size of the plain pixels.
 * @throws AdvrobError `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_TOO_LARGE`,
 *   `ADVROB_DATA_OVERSIZED`.
 */
function pngChunks(bytes: Uint8Array, maxBytes: number, name: string): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (signature.some((byte, i) => bytes[i] !== byte) || bytes.length < 33 || chunkType(bytes, 8) !== 'IHDR')
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a PNG file, found something else`);
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), bytes[24]!];
  const perPixel = samples[bytes[25]!];
  if (perPixel === undefined || width === 0 || height === 0)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: its header is damaged (size or colour type)`);
  const plain = height * (1 + Math.ceil((width * perPixel * depth) / 8));
  if (plain > maxBytes)
    throw new AdvrobError(
      'ADVROB_DATA_TOO_LARGE',
      `${name}: ${width}x${height} needs ${plain} bytes, more than ${maxBytes}: raise the option maxBytes if you trust the file`,
    );

  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  let compressed = 0;
  let type = '';
  for (let at = 8; type !== 'IEND';) {
    const end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Infinity;
    if (end > bytes.length)
      throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of a chunk: fetch it again`);
    type = chunkType(bytes, at);
    if (needed.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === 'IDAT') compressed += end - at - 12;
    at = end;
  }
  if (compressed > plain + plain / 8 + slack)
    throw new AdvrobError(
      'ADVROB_DATA_OVERSIZED',
      `${name}: its compressed pixels (${compressed} bytes) are more than its ${width}x${height} pixels could need`,
    );
  return { width, height, depth, file: new Uint8Array(Buffer.concat(kept)) };
}

function chunkType(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at + 4, at + 8));
}
