import { AdvrobError, defineDataset, settle, type Dataset, type Extras } from '@advrob/core';
import { createRandom } from '@advrob/core/random';
import { flatRows } from '@advrob/core/rows';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { innerDataset } from '../from/inner-dataset.js';
import { projectedSplits } from './projected.js';
import { orthonormalRows, spanOf, type BasisSubspace } from './subspace.js';

/**
 * Directions beyond those asked for, and rounds, with which block power iteration finds the leading
 * ones to float32 precision on image data.
 */
const extra = 8;
const rounds = 60;

/**
 * The subspace spanned by the leading principal components of data, without centring, so that it is
 * linear: the P of dimension `components` that keeps most of the squared length of the examples.
 * Block power iteration on the second moments, in float64.
 *
 * @param data Read once, to its end; a few thousand examples are enough.
 * @throws AdvrobError `ADVROB_OPTION` unless `components` is from 1 to d - 1; `ADVROB_DATASET` when
 *   the data span fewer dimensions.
 */
export async function principalComponents<E extends Extras>(
  data: Dataset<E>,
  components: number,
): Promise<BasisSubspace> {
  const size = data.inputShape.reduce((product, extent) => product * extent, 1);
  if (!(Number.isInteger(components) && components > 0 && components < size))
    throw new AdvrobError(
      'ADVROB_OPTION',
      `principalComponents: expected from 1 to ${size - 1} components, got ${components}`,
    );
  const moments = await secondMoments(data, size);
  const wanted = Math.min(components + extra, size);
  const start = createRandom({ seed: 0 }).normal('subspace/power', [wanted, size]);
  const drawn = await start.data();
  start.dispose();
  let rows = orthonormalRows(Array.from({ length: wanted }, (_, i) => drawn.slice(i * size, (i + 1) * size)));
  for (let round = 0; round < rounds; round++) rows = orthonormalRows(rows.map((row) => product(moments, row)));
  // Rows come out by falling variance: the orthogonalisation keeps the first ones leading.
  const found = rows.slice(0, components);
  if (found.length < components)
    throw new AdvrobError(
      'ADVROB_DATASET',
      `data set '${data.name}' spans only ${found.length} dimensions: ask for at most so many components`,
    );
  return spanOf(found);
}

/** The mean of x x^T over the examples, [size, size]. */
async function secondMoments<E extends Extras>(data: Dataset<E>, size: number): Promise<Float64Array> {
  const sums = new Float64Array(size * size);
  for await (const { x, y, extras } of data.batches({ size: 1000 })) {
    const moments: Tensor = tf.tidy(() => {
      const rows = flatRows(x);
      return tf.div(tf.matMul(rows, rows, true, false), data.length);
    });
    await settle(moments);
    const values = await moments.data();
    for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
    tf.dispose([x, y, extras, moments]);
  }
  return sums;
}

function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const result = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0, at = i * size; j < size; j++, at++) sum += matrix[at]! * vector[j]!;
    result[i] = sum;
  }
  return result;
}

/**
 * Another data set moved onto the span P of the leading principal components (`components`, default
 * 32) of its training examples, without centring, so that P is linear. Examples are held in memory
 * as float32; bounds grow to what the projections reach, the same in all parts.
 *
 * @throws AdvrobError `ADVROB_OPTION` for as many components as input values or more,
 *   `ADVROB_DATASET` when the data span fewer.
 * @example
 * ```ts
 * import { fashionMnist, principalComponentData } from '@advrob/datasets';
 * const dataset = fashionMnist({ directory: 'fashion-mnist' });
 * const { train } = await principalComponentData({ dataset, components: 32 });
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
