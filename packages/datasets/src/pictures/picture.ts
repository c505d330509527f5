import { AdvrobError } from '@advrob/core';

/** A picture: row-major samples [height, width, channels]. */
export interface DecodedPicture {
  readonly width: number;
  readonly height: number;
  /** Grey or red, green, blue. */
  readonly channels: 1 | 3;
  /** Samples from 0 to `most`. */
  readonly data: Uint8Array | Uint16Array | Float32Array;
  /** What white is: 255 or 65535. */
  readonly most: number;
}

/** How much of a picture that nobody vouches for is decoded. */
export interface PictureLimits {
  /** Largest size of the plain samples. Default 1 GiB. */
  readonly maxBytes?: number | undefined;
  /** Most pixels. Default {@link defaultMaxPixels}. */
  readonly maxPixels?: number | undefined;
}

/** As many as Pillow opens without a word (`MAX_IMAGE_PIXELS`). */
export const defaultMaxPixels = 89_478_485;

/** What the head of a file says, before anything is decoded. */
export interface OpenedPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** How the camera was held: 1 to 8 as in EXIF, 1 for upright. */
  readonly orientation: Orientation;
  /** The samples as they are stored, not yet turned. */
  decode(): DecodedPicture | Promise<DecodedPicture>;
}

/** The EXIF tag 0x0112. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * @throws AdvrobError `ADVROB_DATA_TOO_LARGE` for a picture whose head promises more than the limits
 *   allow, `ADVROB_DATA_FORMAT` for one without pixels.
 */
export function checkSize(
  { width, height, sampleBytes }: { readonly width: number; readonly height: number; readonly sampleBytes: number },
  { maxBytes = 2 ** 30, maxPixels = defaultMaxPixels }: PictureLimits,
  name: string,
): void {
  if (width === 0 || height === 0)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name}: its header is damaged (a size of ${width}x${height})`);
  const says = `${name}: ${width}x${height}`;
  if (width * height > maxPixels)
    throw new AdvrobError(
      'ADVROB_DATA_TOO_LARGE',
      `${says} are ${width * height} pixels, more than ${maxPixels}: raise the option maxPixels if you trust the file`,
    );
  if (sampleBytes > maxBytes)
    throw new AdvrobError(
      'ADVROB_DATA_TOO_LARGE',
      `${says} needs ${sampleBytes} bytes, more than ${maxBytes}: raise the option maxBytes if you trust the file`,
    );
}

/**
 * The three colour channels of samples that come with an alpha channel as decoders give them, or
 * the first one alone.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for pictures that are transparent anywhere.
 */
export function opaque<T extends Uint8Array | Uint16Array>(
  samples: T,
  { channels, kept, most }: { readonly channels: number; readonly kept: 1 | 3; readonly most: number },
  name: string,
): T {
  const count = samples.length / channels;
  const plain = samples.slice(0, count * kept) as T;
  for (let from = 0, to = 0; from < samples.length; from += channels) {
    if (samples[from + channels - 1] !== most)
      throw new AdvrobError(
        'ADVROB_DATA_FORMAT',
        `${name}: expected an opaque picture, found transparent pixels: put it on a background first`,
      );
    for (let channel = 0; channel < kept; channel++) plain[to++] = samples[from + channel]!;
  }
  return plain;
}

/** Byte arrays one after another. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
