import { defineDataset } from '@advrob/core';
import * as z from 'zod';
import { innerDataset, mapSplits } from '../sets/inner-dataset.js';
import { deadInputs } from './dead-inputs.js';
import { principalComponents } from './principal-components.js';
import { projected, projectedSplits } from './projected.js';

/**
 * Another data set with the input values set to 0 that are 0 in all of its training examples, 67 pixels of MNIST: a few test images have ink there, and after
 * this every example lies on the subspace exactly (Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783). Examples are held in memory as float32.
 *
 * Options: `dataset`, another data set with its options.
 *
 * @throws AdvrobError `ADVROB_DATASET` when the training examples use every input value, as those of Fashion-MNIST do.
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

/**
 * Another data set moved onto the span of the leading principal components of its training examples, without centring, so that P is linear. Examples are held
 * in memory as float32; bounds grow to what the projections reach, the same in all parts.
 *
 * Options: `dataset`, another data set with its options; `components` (default 32), the dimension of P.
 *
 * @throws AdvrobError `ADVROB_OPTION` for as many components as input values or more, `ADVROB_DATASET` when the data span fewer.
 * @example
 * ```ts
 * import { fashionMnist, principalComponentData } from '@advrob/datasets';
 * const { train } = await principalComponentData({ dataset: fashionMnist({ directory: 'fashion-mnist' }), components: 32 });
 * ```
 */
export const principalComponentData = defineDataset({
  name: 'principal-components',
  summary: 'Another data set projected on the leading principal components of its training examples.',
  paper: 'Melamed, Yehudai, Vardi 2023, https://arxiv.org/abs/2303.00783',
  options: z.strictObject({
    dataset: innerDataset,
    components: z.int().min(1).default(32).describe('dimension of the subspace'),
  }),
  async load({ dataset, components }) {
    const splits = await dataset;
    return projectedSplits(splits, await principalComponents(splits.train, components));
  },
});
