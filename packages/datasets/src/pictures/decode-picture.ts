import { AdvrobError } from '@advrob/core';
import { isSideways, turned } from './exif.js';
import { isJpeg, openJpeg } from './jpeg.js';
import type { DecodedPicture, OpenedPicture, PictureLimits } from './picture.js';
import { isPng, openPng } from './png.js';
import { prepared, preparedSize, type Preparation, type Size } from './prepare.js';
import { isWebp, openWebp } from './webp.js';

/** How pictures are decoded and what is done to them. */
export interface PictureOptions extends Preparation, PictureLimits {
  /**
   * Whether a picture is turned as its EXIF entry says, as viewers show it (`upright`, default), or
   * left as it lies in the file, as torchvision's and Keras' loaders leave it (`stored`).
   */
  readonly orientation?: 'upright' | 'stored' | undefined;
}

/** A picture whose head was read. */
export interface ReadyPicture {
  /** In the end, when everything was done to it. */
  readonly size: Size;
  /** Those of the file. */
  readonly channels: 1 | 3;
  /** The picture with everything done to it. */
  decode(): Promise<DecodedPicture>;
}

/**
 * Opens a PNG, JPEG or WebP file by its first bytes, whatever its name, and says how large the
 * picture will be.
 *
 * @throws AdvrobError `ADVROB_DATA_FORMAT` for any other file or kind of picture,
 *   `ADVROB_DATA_TRUNCATED`, `ADVROB_DATA_OVERSIZED`, `ADVROB_DATA_TOO_LARGE` above the limits;
 *   decoding it `ADVROB_DATA_CHECKSUM` when it is damaged.
 */
export function openPicture(bytes: Uint8Array, options: PictureOptions, name = 'picture'): ReadyPicture {
  const opened = openerOf(bytes, name)(bytes, options, name);
  const { width, height, channels } = opened;
  const orientation = options.orientation === 'stored' ? 1 : opened.orientation;
  return {
    size: preparedSize(isSideways(orientation) ? [width, height] : [height, width], options),
    channels,
    decode: async () => prepared(turned(await opened.decode(), orientation), options),
  };
}

/**
 * Decodes a PNG, JPEG or WebP file and prepares the picture: turned upright, in grey or colour,
 * resized, and its middle cut out, each as Pillow and torchvision do it. Runs in Node and in a
 * browser.
 *
 * @throws AdvrobError as `openPicture`.
 * @example
 * ```ts
 * import { decodePicture } from '@advrob/datasets/pictures';
 * import { readFile } from 'node:fs/promises';
 *
 * const { data, most } = await decodePicture(await readFile('cat.jpg'), { resize: 256, crop: 224, channels: 3 });
 * const pixels = Float32Array.from(data, (level) => level / most); // [224, 224, 3] in [0, 1]
 * console.log(pixels.length);
 * ```
 */
export async function decodePicture(
  bytes: Uint8Array,
  options: PictureOptions = {},
  name?: string,
): Promise<DecodedPicture> {
  return openPicture(bytes, options, name).decode();
}

type Opener = (bytes: Uint8Array, limits: PictureLimits, name: string) => OpenedPicture;

function openerOf(bytes: Uint8Array, name: string): Opener {
  if (isPng(bytes)) return openPng;
  if (isJpeg(bytes)) return openJpeg;
  if (isWebp(bytes)) return openWebp;
  throw new AdvrobError(
    'ADVROB_DATA_FORMAT',
    `${name}: expected a PNG, JPEG or WebP picture, found ${kindOf(bytes)}: convert it to PNG`,
  );
}

/** First bytes of files that people take for pictures, at their place. */
const otherKinds: readonly (readonly [kind: string, at: number, begins: string])[] = [
  ['a GIF picture', 0, 'GIF8'],
  ['a BMP picture', 0, 'BM'],
  ['a TIFF picture', 0, 'II*\0'],
  ['a TIFF picture', 0, 'MM\0*'],
  ['an AVIF picture', 4, 'ftypavif'],
  ['a HEIC picture', 4, 'ftyphei'],
  ['a JPEG 2000 picture', 4, 'jP  '],
  ['an SVG drawing', 0, '<svg'],
  ['a PDF file', 0, '%PDF'],
];

function kindOf(bytes: Uint8Array): string {
  const found = otherKinds.find(([, at, begins]) =>
    [...begins].every((letter, i) => bytes[at + i] === letter.charCodeAt(0)),
  );
  return found?.[0] ?? (bytes.length === 0 ? 'an empty file' : 'something else');
}
