import { AdvrobError } from '@advrob/core';
import { convertIndexedToRgb, decode, encode, type DecodedPng } from 'fast-png';
import { Unzlib } from 'fflate';
import { orientationOf } from './exif.js';
import {
  checkSize,
  concatenate,
  opaque,
  type DecodedPicture,
  type OpenedPicture,
  type Orientation,
  type PictureLimits,
} from './picture.js';

/** Opened; decoding it needs no waiting. */
interface OpenedPng extends OpenedPicture {
  decode(): DecodedPicture;
}

/** Whether a file begins as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, i) => bytes[i] === byte);
}

/**
 * Opens a PNG file: grey, colour or palette, 1 to 16 bits, interlaced or not. Pictures that are
 * transparent anywhere are refused.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is none or transparent, `ADVROB_DATA_TRUNCATED`,
 *   `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_TOO_LARGE` above the limits; decoding it
 *   `ADVROB_DATA_CHECKSUM` when it is damaged.
 */
export function openPng(bytes: Uint8Array, limits: PictureLimits, name = 'PNG file'): OpenedPng {
  const { file, depth, ...head } = pngChunks(bytes, limits, name);
  const { width, height } = head;
  return {
    ...head,
    decode() {
      const { samples, channels } = decoded(file, name);
      const kept = channels < 3 ? 1 : 3;
      const most = depth === 16 ? 65_535 : 255;
      if (samples.length !== width * height * channels)
        throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: some pixels are missing: fetch it again`);
      const data = channels > kept ? opaque(samples, { channels, kept, most }, name) : samples;
      return { width, height, channels: kept, most, data };
    },
  };
}

/**
 * A picture as a PNG file of 8 or, where it has Uint16 samples, 16 bits.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when the samples are not as many as the size says.
 */
export function encodePng({ width, height, channels, data, most }: DecodedPicture): Uint8Array {
  if (data.length !== width * height * channels || data instanceof Float32Array)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `expected ${width * height * channels} whole samples for ${width}x${height}x${channels}, got ${data.length} in a ${data.constructor.name}`,
    );
  return encode({ width, height, channels, depth: most === 65_535 ? 16 : 8, data });
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

/** What a PNG file says of itself, and the chunks that its pixels need. */
interface PngChunks {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly orientation: Orientation;
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
 * Takes a PNG file apart and compares what it promises with what it holds, before anything of it is
 * decoded.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT`, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_TOO_LARGE`,
 *   `ADVROB_DATA_OVERSIZED`.
 */
function pngChunks(bytes: Uint8Array, limits: PictureLimits, name: string): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isPng(bytes) || bytes.length < 33 || chunkType(bytes, 8) !== 'IHDR')
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: expected a PNG file, found something else`);
  const [width, height, depth] = [view.getUint32(16), view.getUint32(20), bytes[24]!];
  const perPixel = samples[bytes[25]!];
  if (perPixel === undefined)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: its header is damaged (colour type)`);
  const plain = height * (1 + Math.ceil((width * perPixel * depth) / 8));
  checkSize({ width, height, sampleBytes: plain }, limits, name);

  let orientation: Orientation = 1;
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const packed: Uint8Array[] = [];
  let type = '';
  for (let at = 8; type !== 'IEND';) {
    const end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Infinity;
    if (end > bytes.length)
      throw new AdvrobError('ADVROB_DATA_TRUNCATED', `${name}: the file ends inside of a chunk: fetch it again`);
    type = chunkType(bytes, at);
    if (needed.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === 'eXIf') orientation = orientationOf(bytes.subarray(at + 8, end - 4));
    if (type === 'IDAT') packed.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  const compressed = packed.reduce((sum, { length }) => sum + length, 0);
  if (compressed > plain + plain / 8 + slack)
    throw new AdvrobError(
      'ADVROB_DATA_OVERSIZED',
      `${name}: its compressed pixels (${compressed} bytes) are more than its ${width}x${height} pixels could need`,
    );
  checkInflated(packed, plain + (bytes[28] === 1 ? plain + 16 * height : 0) + slack, name);
  const channels = bytes[25] === 0 || bytes[25] === 4 ? 1 : 3;
  return { width, height, depth, channels, orientation, file: concatenate(kept) };
}

/**
 * The decoder inflates all that is there. Interlaced pixels, in seven pictures of their own, take up
 * to twice the bytes.
 */
function checkInflated(packed: readonly Uint8Array[], most: number, name: string): void {
  let inflated = 0;
  let isOver = false;
  const inflate = new Unzlib((part) => {
    inflated += part.length;
    isOver ||= inflated > most;
  });
  try {
    // In parts, each of which becomes half a megabyte at most.
    for (const chunk of packed)
      for (let at = 0; at < chunk.length && !isOver; at += step) inflate.push(chunk.subarray(at, at + step));
  } catch {
    // Of other damage the decoder speaks.
  }
  if (isOver)
    throw new AdvrobError('ADVROB_DATA_OVERSIZED', `${name}: its pixels are more than the size in its header needs`);
}

/** Bytes that are inflated at once: deflate makes at most 1,032 of one. */
const step = 512;

function chunkType(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at + 4, at + 8));
}
