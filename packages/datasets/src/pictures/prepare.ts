import type { DecodedPicture } from './picture.js';
import { resampled, type Interpolation } from './resample.js';

/** What is done to every picture of a set, in this order; each as torchvision does it. */
export interface Preparation {
  /** 1: grey, by ITU-R 601 as Pillow's mode L; 3: colour. Default: as the first picture has it. */
  readonly channels?: 1 | 3 | undefined;
  /** Length of the shorter side, or [height, width]. */
  readonly resize?: number | readonly [height: number, width: number] | undefined;
  /** Default bilinear. */
  readonly interpolation?: Interpolation | undefined;
  /**
   * What is resized: bytes, rounded again, as a PIL picture (default), or floats, as a tensor with
   * `antialias=True`.
   */
  readonly resizeAs?: 'uint8' | 'float32' | undefined;
  /** Side of the square cut out of the middle, or [height, width]; black where there is nothing. */
  readonly crop?: number | readonly [height: number, width: number] | undefined;
}

/** Height and width. */
export type Size = readonly [height: number, width: number];

/** The size that a picture has in the end. */
export function preparedSize(size: Size, { resize, crop }: Preparation): Size {
  if (crop !== undefined) return typeof crop === 'number' ? [crop, crop] : crop;
  return resize === undefined ? size : resizedSize(size, resize);
}

/** torchvision's `Resize`: one number is for the shorter side, and the other one is cut to a whole. */
function resizedSize([height, width]: Size, resize: NonNullable<Preparation['resize']>): Size {
  if (typeof resize !== 'number') return resize;
  const [short, long] = width <= height ? [width, height] : [height, width];
  const longer = Math.trunc((resize * long) / short);
  return width <= height ? [longer, resize] : [resize, longer];
}

/**
 * A picture as a network wants it: `convert`, `Resize` and `CenterCrop` of torchvision. Bytes stay
 * bytes unless `resizeAs` is float32.
 */
export function prepared(picture: DecodedPicture, preparation: Preparation): DecodedPicture {
  const { resize, crop, interpolation = 'bilinear', resizeAs = 'uint8' } = preparation;
  let result = withChannels(picture, preparation.channels ?? picture.channels);
  if (resize !== undefined) {
    if (resizeAs === 'float32') result = { ...result, data: Float32Array.from(result.data) };
    result = resampled(result, resizedSize([result.height, result.width], resize), interpolation);
  }
  return crop === undefined ? result : centreCrop(result, preparedSize([0, 0], { crop }));
}

function withChannels(picture: DecodedPicture, channels: 1 | 3): DecodedPicture {
  const { data, width, height } = picture;
  if (channels === picture.channels) return picture;
  const values = data.slice(0, 0).constructor as new (length: number) => typeof data;
  const result = new values(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++)
    if (channels === 3) result.fill(data[pixel]!, 3 * pixel, 3 * pixel + 3);
    else result[pixel] = greyOf(data[3 * pixel]!, data[3 * pixel + 1]!, data[3 * pixel + 2]!);
  return { ...picture, channels, data: result };
}

/** Pillow's whole-number form of 0.299 r + 0.587 g + 0.114 b. */
function greyOf(red: number, green: number, blue: number): number {
  return Math.floor((red * 19_595 + green * 38_470 + blue * 7_471 + 0x8000) / 0x10000);
}

/** Half a pixel goes to the even side, as Python rounds. */
function centreCrop(picture: DecodedPicture, [height, width]: Size): DecodedPicture {
  const { channels, data } = picture;
  const top = offset(picture.height, height);
  const left = offset(picture.width, width);
  const values = data.slice(0, 0).constructor as new (length: number) => typeof data;
  const result = new values(height * width * channels);
  for (let row = 0; row < height; row++) {
    const y = row + top;
    if (y < 0 || y >= picture.height) continue;
    const from = Math.max(left, 0);
    const to = Math.min(left + width, picture.width);
    const line = data.subarray((y * picture.width + from) * channels, (y * picture.width + to) * channels);
    result.set(line, (row * width + from - left) * channels);
  }
  return { ...picture, height, width, data: result };
}

/** Where the crop begins; below 0 where the picture is smaller and torchvision pads it. */
function offset(size: number, wanted: number): number {
  if (wanted > size) return -Math.floor((wanted - size) / 2);
  const half = (size - wanted) / 2;
  return Number.isInteger(half) ? half : 2 * Math.round(half / 2);
}
