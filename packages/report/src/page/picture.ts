import { AdvrobError } from '@advrob/core';
import { toBase64 } from '@advrob/evaluation';
import { encodePng } from './png.js';

/** How the values of an example make a picture. */
export interface PictureFormat {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly bounds: readonly [number, number];
}

/**
 * The format of examples of this shape: [h, w], [h, w, 1] or [h, w, 3]; undefined for what is no
 * picture.
 */
export function pictureFormat(shape: readonly number[], bounds: readonly [number, number]): PictureFormat | undefined {
  const [height, width, channels = 1] = shape;
  if (height === undefined || width === undefined || shape.length > 3) return undefined;
  return channels === 1 || channels === 3 ? { width, height, channels, bounds } : undefined;
}

/**
 * Values inside the bounds as a PNG data URI.
 *
 * @throws AdvrobError `ADVROB_RECORD` when there are more or fewer of them than the format says.
 */
export function pictureUri(values: Float32Array, { width, height, channels, bounds }: PictureFormat): string {
  if (values.length !== width * height * channels)
    throw new AdvrobError(
      'ADVROB_RECORD',
      `a picture of ${height}x${width}x${channels} has ${values.length} values: expected ${width * height * channels}`,
    );
  const [low, high] = bounds;
  const pixels = new Uint8Array(values.length);
  values.forEach((value, i) => (pixels[i] = byteOf((value - low) / (high - low))));
  return dataUri('image/png', encodePng(pixels, width, height, channels));
}

/** The change from one example to another, magnified by `factor` around mid-grey. */
export function changeUri(from: Float32Array, to: Float32Array, format: PictureFormat, factor: number): string {
  const [low, high] = format.bounds;
  const pixels = from.map((value, i) => 0.5 + (factor * (to[i]! - value)) / (high - low));
  return pictureUri(pixels, { ...format, bounds: [0, 1] });
}

function byteOf(share: number): number {
  return Math.round(255 * Math.min(1, Math.max(0, share)));
}

/** Bytes as a URI that carries them, so that a page needs no other file. */
export function dataUri(type: string, content: Uint8Array | string): string {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return `data:${type};base64,${toBase64(bytes)}`;
}
