import type { Dataset } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { inferClasses } from '../arrays/class-labels.js';
import { parseIdx, type IdxArray } from '../formats/idx.js';
import { imageDataset } from '../images/image-dataset.js';

/** What an IDX pair of images and labels is called and how many classes it has. */
export interface IdxPair {
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  /** Left out: the largest label plus one. */
  readonly numClasses?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A data set out of the bytes of an IDX image file (uint8, [n, h, w] or [n, h, w, c]) and an IDX label file (integers, [n]).
 *
 * @throws AdvrobError as {@link parseIdx}; `ADVROB_DATA_FORMAT` for another type or rank, `ADVROB_SHAPE` when the counts differ, `ADVROB_LABEL`.
 */
export function idxDataset({ name, images, labels, numClasses, classNames }: IdxPair): Dataset {
  const pixels = parseIdx(images, `${name} images`);
  if (!(pixels.data instanceof Uint8Array) || pixels.shape.length < 3 || pixels.shape.length > 4)
    throw new AdvrobError(
      'ADVROB_DATA_FORMAT',
      `${name} images: expected uint8 [n, height, width] or [n, height, width, channels], found ${describe(pixels)}`,
    );
  const classes = parseIdx(labels, `${name} labels`);
  if (classes.type.startsWith('float') || classes.shape.length !== 1)
    throw new AdvrobError('ADVROB_DATA_FORMAT', `${name} labels: expected integers [n], found ${describe(classes)}`);
  const [, height, width, channels = 1] = pixels.shape;
  return imageDataset({
    name,
    images: pixels.data,
    labels: classes.data,
    shape: [height!, width!, channels],
    numClasses: numClasses ?? inferClasses(classes.data, name),
    ...(classNames === undefined ? {} : { classNames }),
  });
}

function describe({ type, shape }: IdxArray): string {
  return `${type} [${shape.join(', ')}]`;
}
