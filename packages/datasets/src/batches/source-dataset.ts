import { AdvrobError, type Dataset, type Extras, type NoExtras } from '@advrob/core';
import { exampleBatches, type ExampleSource } from './batches.js';
import { selectionHash } from './content-hash.js';
import { attachExtras, selectExtras, type AttachedExtras } from './extras.js';

/**
 * The data set over a source. Batches are the caller's: the data set keeps and frees none of them,
 * so leaving a loop early leaks nothing. The `hash` covers the source's digest and the selected
 * positions in order; extras by name, type and shape alone, because their values live on the
 * backend.
 *
 * @throws AdvrobError `ADVROB_SHAPE` when class names are not as many as classes, `ADVROB_LABEL`
 *   for a label out of range.
 */
export function sourceDataset(source: ExampleSource): Dataset {
  checkLabels(source);
  const positions = Int32Array.from({ length: source.labels.length }, (_, position) => position);
  return selection(source, positions, []);
}

/** The view of `source` that holds the examples `positions`, in this order. */
function selection<E extends Extras = NoExtras>(
  source: ExampleSource,
  positions: Int32Array,
  extras: readonly AttachedExtras[],
): Dataset<E> {
  let hash: string | undefined;
  const subset = (chosen: Int32Array) => {
    checkPositions(chosen, positions.length, source.name);
    return selection<E>(
      source,
      chosen.map((position) => positions[position]!),
      selectExtras(extras, chosen),
    );
  };
  return {
    name: source.name,
    length: positions.length,
    inputShape: source.inputShape,
    numClasses: source.numClasses,
    bounds: source.bounds,
    ...(source.classNames === undefined ? {} : { classNames: source.classNames }),
    get hash() {
      return (hash ??= selectionHash(source.digest(), positions, extras));
    },
    batches: (options) => exampleBatches<E>(source, positions, extras, options),
    subset,
    take(wanted) {
      if (!Number.isInteger(wanted) || wanted < 0)
        throw new AdvrobError('ADVROB_OPTION', `take: expected a whole number of examples, at least 0, got ${wanted}`);
      const taken = Math.min(wanted, positions.length);
      return subset(Int32Array.from({ length: taken }, (_, position) => position));
    },
    withExtras<F extends Extras>(added: F) {
      return selection<E & F>(source, positions, attachExtras(extras, added, positions.length));
    },
  };
}

function checkLabels({ name, labels, numClasses, classNames }: ExampleSource): void {
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
}

function checkPositions(positions: Int32Array, length: number, name: string): void {
  for (const position of positions)
    if (position < 0 || position >= length)
      throw new AdvrobError(
        'ADVROB_OPTION',
        `${name}: subset expects positions from 0 to ${length - 1}, got ${position}`,
      );
}
