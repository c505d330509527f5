import { AdvrobError, defineDataset, type Dataset, type Extras } from '@advrob/core';
import * as z from 'zod';
import { innerDataset, mapSplits } from '../from/inner-dataset.js';
import { projected } from './projected.js';
import { withoutInputs, type AxisSubspace } from './subspace.js';

/**
 * The subspace of data in which some input values are 0 in every example, such as 67 pixels of
 * MNIST's training images: P is spanned by the others. Data that were normalised have no zeros
 * there: pass raw data, and let the model normalise.
 *
 * @param data Read once, to its end.
 * @throws AdvrobError `ADVROB_DATASET` when every input value is used, as in Fashion-MNIST, or
 *   none.
 */
export async function deadInputs<E extends Extras>(data: Dataset<E>): Promise<AxisSubspace> {
  const size = data.inputShape.reduce((product, extent) => product * extent, 1);
  const isUsed = new Uint8Array(size);
  for await (const { x, y, extras } of data.batches({ size: 256 })) {
    const values = await x.data();
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) isUsed[i % size] = 1;
    x.dispose();
    y.dispose();
    for (const extra of Object.values(extras)) extra.dispose();
  }
  const unused = Array.from(isUsed).flatMap((used, index) => (used === 0 ? [index] : []));
  if (unused.length === 0 || unused.length === size)
    throw new AdvrobError(
      'ADVROB_DATASET',
      `data set '${data.name}' has ${unused.length} of ${size} input values that are always 0, so they leave no subspace: take principal components, or other data`,
    );
  return withoutInputs(size, unused);
}

/**
 * Another data set with the input values set to 0 that are 0 in all of its training examples, 67
 * pixels of MNIST: a few test images have ink there, and after this every example lies on the
 * subspace exactly (Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783). Examples are
 * held in memory as float32.
 *
 * @throws AdvrobError `ADVROB_DATASET` when the training examples use every input value, as those
 *   of Fashion-MNIST do.
 * @example
 * ```ts
 * import { deadPixels, mnist } from '@advrob/datasets';
 * const { train, test } = await deadPixels({ dataset: mnist() });
 * ```
 */
export const deadPixels = defineDataset({
  name: 'dead-pixels',
  summary: 'Another data set on the subspace of the input values that its training examples use.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783',
  options: z.strictObject({ dataset: innerDataset }),
  async load({ dataset }) {
    const { train } = await dataset;
    const subspace = await deadInputs(train);
    return mapSplits(dataset, (part) => projected(part, subspace, train.bounds));
  },
});
