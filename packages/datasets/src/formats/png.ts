import { AdvrobError } from '@advrob/core';
import { convertIndexedToRgb, decode, type DecodedPng } from 'fast-png';
import { pngChunks } from './png-chunks.js';

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
 * Reads a PNG file: grey, colour or palette, 1 to 16 bits, interlaced or not. Pictures that are transparent anywhere are refused.
 *
 * @param maxBytes Largest size of the plain pixels.
 * @throws AdvrobError `ADVROB_DATA_FORMAT` when it is none or transparent, `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_OVERSIZED`,
 * `ADVROB_DATA_TOO_LARGE` above `maxBytes`, `ADVROB_DATA_CHECKSUM` when it is damaged.
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
