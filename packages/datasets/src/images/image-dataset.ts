import type { Dataset, Extras, NoExtras } from '@advrob/core';
import { AdvrobError } from '@advrob/core';
import { imageBatches } from './batches.js';
import { contentDigest, selectionHash } from './content-hash.js';
import { attachExtras, selectExtras, type AttachedExtras } from './extras.js';

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
  readonly classNames?: readonly string[];
}

/**
 * A data set over bytes in memory. Pixels stay bytes; each batch makes its own float32 tensor [n, height, width, channels] of byte / 255 in [0, 1].
 *
 * Batches, in the order asked for, are the caller's: the data set keeps and frees none of them, so leaving a loop early leaks nothing.
 * The `hash` covers pixels, labels, shape, number of classes and the selected positions in order. Extras enter it by name, type and shape alone,
 * because their values live on the backend.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when the lengths of images, labels, shape or class names disagree, `ADVROB_LABEL` for a label out of range.
 * @example
 * ```ts
 * import { imageDataset } from '@advrob/datasets';
 *
 * const dots = imageDataset({ name: 'dots', images: Uint8Array.of(0, 255), labels: [0, 1], shape: [1, 1, 1], numClasses: 2 });
 * for await (const { x, y } of dots.batches({ size: 2 })) {
 *   console.log(await x.data(), await y.data()); // Float32Array [0, 1], Int32Array [0, 1]
 *   x.dispose();
 *   y.dispose();
 * }
 * ```
 */
export function imageDataset(bytes: ImageBytes): Dataset {
  const count = checkedCount(bytes);
  return selection(
    bytes,
    contentDigest(bytes),
    Int32Array.from({ length: count }, (_, position) => position),
    [],
  );
}

/** The view of `bytes` that holds the examples `positions`, in this order. */
function selection<E extends Extras = NoExtras>(
  bytes: ImageBytes,
  digest: () => string,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
): Dataset<E> {
  let hash: string | undefined;
  const subset = (chosen: Int32Array) => {
    checkPositions(chosen, positions.length, bytes.name);
    return selection<E>(
      bytes,
      digest,
      chosen.map((position) => positions[position]!),
      selectExtras(extras, chosen),
    );
  };
  return {
    name: bytes.name,
    length: positions.length,
    inputShape: bytes.shape,
    numClasses: bytes.numClasses,
    bounds: [0, 1],
    ...(bytes.classNames === undefined ? {} : { classNames: bytes.classNames }),
    get hash() {
      return (hash ??= selectionHash(digest(), positions, extras));
    },
    batches: (options) => imageBatches<E>(bytes, positions, extras, options),
    subset,
    take(wanted) {
      if (!Number.isInteger(wanted) || wanted < 0)
        throw new AdvrobError('ADVROB_OPTION', `take: expected a whole number of examples, at least 0, got ${wanted}`);
      const taken = Math.min(wanted, positions.length);
      return subset(Int32Array.from({ length: taken }, (_, position) => position));
    },
    withExtras<F extends Extras>(added: F) {
      return selection<E & F>(bytes, digest, positions, attachExtras(extras, added, positions.length));
    },
  };
}

function checkedCount({ name, images, labels, shape, numClasses, classNames }: ImageBytes): number {
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
  if (classNames !== undefined && classNames.length !== numClasses)
    throw new AdvrobError('ADVROB_SHAPE', `${name}: expected ${numClasses} class names, got ${classNames.length}`);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < numClasses))
      throw new AdvrobError(
        'ADVROB_LABEL',
        `${name}: expected labels from 0 to ${numClasses - 1}, got ${label} at position ${i}: check the label file or the number of classes`,
      );
  }
  return labels.length;
}

function checkPositions(positions: Int32Array, length: number, name: string): void {
  for (const position of positions)
    if (position < 0 || position >= length)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `${name}: subset expects positions from 0 to ${length - 1}, got ${position}`,
      );
}
