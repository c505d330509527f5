import { parsePlanarRecords } from './planar-records.js';

/** Images [n, 32, 32, 3] and their labels [n]. */
export interface LabelledImages {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads a file of the binary version of CIFAR-10 (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte and
 * 3072 pixels.
 *
 * @throws AdvrobError `ADVROB_DATA_TRUNCATED` when it does not end with a record, `ADVROB_LABEL` for a label above 9.
 */
export function parseCifar10(bytes: Uint8Array, name = 'CIFAR-10 file'): LabelledImages {
  const { images, labels } = parsePlanarRecords(bytes, [{ meaning: 'class', numClasses: 10 }], name);
  return { images, labels: labels[0]! };
}
