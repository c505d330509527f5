import { AdvrobError } from '@advrob/core';

/** More classes than any data set of ours has: a label file that asks for them is damaged or none. */
const mostInferred = 65_536;

/**
 * The largest label plus one.
 *
 * @throws AdvrobError `ADVROB_LABEL` when that is no plausible number of classes.
 */
export function inferClasses(labels: ArrayLike<number>, name: string): number {
  let largest = 0;
  for (let i = 0; i < labels.length; i++) largest = Math.max(largest, labels[i]!);
  if (!(largest < mostInferred))
    throw new AdvrobError(
      'ADVROB_LABEL',
      `${name} labels: expected labels below ${mostInferred}, found ${largest}: check the label file, or set numClasses`,
    );
  return largest + 1;
}
