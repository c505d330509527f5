import { parsePlanarRecords } from './planar-records.js';

/** Images [n, 32, 32, 3] with labels of 20 superclasses and of 100 classes, each [n]. */
export interface Cifar100Images {
  readonly images: Uint8Array;
  readonly coarse: Uint8Array;
  readonly fine: Uint8Array;
}

/**
 * Reads a file of the binary version of CIFAR-100 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): records of a coarse and a fine
 * label byte and 3072 pixels.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when it does not end with a record, `ADVROB_LABEL` for a coarse label above 19 or a fine one above 99.
 */
export function parseCifar100(bytes: Uint8Array, name = 'CIFAR-100 file'): Cifar100Images {
  const columns = [
    { meaning: 'coarse', numClasses: 20 },
    { meaning: 'fine', numClasses: 100 },
  ];
  const { images, labels } = parsePlanarRecords(bytes, columns, name);
  return { images, coarse: labels[0]!, fine: labels[1]! };
}
