import { AdvrobError } from '@advrob/core';
import { channelsLast } from './channels-last.js';

/** Images [n, 32, 32, 3] and their labels [n]. */
export interface LabelledImages {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads a file of the binary version of CIFAR-10 (Krizhevsky 2009,
 * https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and 3072 pixels.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when it does not end with a record, `ADVROB_LABEL`
 *   for a label above 9.
 */
export function parseCifar10(bytes: Uint8Array, name = 'CIFAR-10 file'): LabelledImages {
  const { images, labels } = parsePlanarRecords(bytes, [{ meaning: 'class', numClasses: 10 }], name);
  return { images, labels: labels[0]! };
}

/** Images [n, 32, 32, 3] with labels of 20 superclasses and of 100 classes, each [n]. */
export interface Cifar100Images {
  readonly images: Uint8Array;
  readonly coarse: Uint8Array;
  readonly fine: Uint8Array;
}

/**
 * Reads a file of the binary version of CIFAR-100 (Krizhevsky 2009,
 * https://www.cs.toronto.edu/~kriz/cifar.html): records of a coarse and a fine label byte and 3072
 * pixels.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when it does not end with a record, `ADVROB_LABEL`
 *   for a coarse label above 19 or a fine one above 99.
 */
export function parseCifar100(bytes: Uint8Array, name = 'CIFAR-100 file'): Cifar100Images {
  const columns = [
    { meaning: 'coarse', numClasses: 20 },
    { meaning: 'fine', numClasses: 100 },
  ];
  const { images, labels } = parsePlanarRecords(bytes, columns, name);
  return { images, coarse: labels[0]!, fine: labels[1]! };
}

const side = 32;
/** Bytes of one image of three colours. */
const pixels = 3 * side * side;

/** What a label byte means and how many values it can take. */
interface LabelColumn {
  readonly meaning: string;
  readonly numClasses: number;
}

/** Records taken apart. */
interface PlanarImages {
  /** [n, 32, 32, 3], 0..255. */
  readonly images: Uint8Array;
  /** One array [n] per label column. */
  readonly labels: readonly Uint8Array[];
}

/**
 * Reads fixed-size records without a header: label bytes, then a red, a green and a blue plane of
 * 32x32. The length of the file and every label are checked before anything is allocated.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when the length is not a multiple of the record size,
 *   `ADVROB_LABEL`.
 */
function parsePlanarRecords(bytes: Uint8Array, columns: readonly LabelColumn[], name: string): PlanarImages {
  const recordSize = columns.length + pixels;
  const count = Math.floor(bytes.length / recordSize);
  if (count === 0 || count * recordSize !== bytes.length)
    throw new AdvrobError(
      'ADVROB_DATA_TRUNCATED',
      `${name}: expected a whole number of records of ${recordSize} bytes (${columns.length} label bytes, ${pixels} pixels), found ${bytes.length} bytes: is it the binary version, and complete?`,
    );
  checkLabels(bytes, columns, recordSize, name);
  const images = new Uint8Array(count * pixels);
  for (let record = 0; record < count; record++) {
    const planes = bytes.subarray(record * recordSize + columns.length, (record + 1) * recordSize);
    images.set(channelsLast(planes, [1, 3, side, side]), record * pixels);
  }
  const labels = columns.map((_, column) =>
    Uint8Array.from({ length: count }, (_, record) => bytes[record * recordSize + column]!),
  );
  return { images, labels };
}

function checkLabels(bytes: Uint8Array, columns: readonly LabelColumn[], recordSize: number, name: string): void {
  for (let start = 0; start < bytes.length; start += recordSize)
    columns.forEach(({ meaning, numClasses }, column) => {
      const label = bytes[start + column]!;
      if (label >= numClasses)
        throw new AdvrobError(
          'ADVROB_LABEL',
          `${name}: expected ${meaning} labels from 0 to ${numClasses - 1}, found ${label} in record ${start / recordSize}: is it another data set's file?`,
        );
    });
}
