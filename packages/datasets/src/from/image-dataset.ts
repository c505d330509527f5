import { AdvrobError, type Dataset } from '@advrob/core';
import { contentDigest } from '../batches/content-hash.js';
import { sourceDataset } from '../batches/source-dataset.js';

/** Labelled images as bytes. The arrays are kept, not copied: leave them unchanged afterwards. */
export interface ImageBytes {
  readonly name: string;
  /** Pixels, row-major [n, height, width, channels], 0..255. */
  readonly images: Uint8Array;
  /** Class indices [n], 0..numClasses - 1. */
  readonly labels: ArrayLike<number>;
  /** [height, width, channels]. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly numClasses: number;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A data set over bytes in memory. Pixels stay bytes; each batch makes its own float32 tensor [n,
 * height, width, channels] of byte / 255 in [0, 1]. The `hash` covers pixels, labels, shape, number
 * of classes and the selected positions in order.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when the lengths of images, labels, shape or class names
 *   disagree, `ADVROB_LABEL` for a label out of range.
 * @example
 * ```ts
 * import { imageDataset } from '@advrob/datasets';
 *
 * const images = Uint8Array.of(0, 255);
 * const shape = [1, 1, 1] as const;
 * const dots = imageDataset({ name: 'dots', images, labels: [0, 1], shape, numClasses: 2 });
 * for await (const { x, y } of dots.batches({ size: 2 })) {
 *   console.log(await x.data(), await y.data()); // Float32Array [0, 1], Int32Array [0, 1]
 *   x.dispose();
 *   y.dispose();
 * }
 * ```
 */
export function imageDataset({ name, images, labels, shape, numClasses, classNames }: ImageBytes): Dataset {
  if (shape.length !== 3 || !shape.every((size) => Number.isInteger(size) && size > 0))
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected shape [height, width, channels], got [${shape.join(', ')}]`,
    );
  const pixels = shape[0] * shape[1] * shape[2];
  if (images.length !== labels.length * pixels)
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${name}: expected ${labels.length} images of ${pixels} bytes for ${labels.length} labels, got ${images.length} bytes: images and labels do not belong together, or the shape is wrong`,
    );
  return sourceDataset({
    name,
    labels,
    inputShape: shape,
    numClasses,
    bounds: [0, 1],
    classNames,
    read(ids, target) {
      ids.forEach((id, row) => toUnit(images.subarray(id * pixels, (id + 1) * pixels), target, row * pixels));
    },
    digest: contentDigest({ shape, numClasses }, labels, images),
  });
}

/** byte / 255 rounded to float32. */
const unitValues = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/** Writes bytes as numbers in [0, 1] to `target` from position `start` on. */
function toUnit(bytes: Uint8Array, target: Float32Array, start: number): void {
  for (let i = 0; i < bytes.length; i++) target[start + i] = unitValues[bytes[i]!]!;
}
