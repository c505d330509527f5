import { settle, type Dataset } from '@advrob/core';
import { arrayDataset } from '@advrob/datasets';
import * as tf from '@tensorflow/tfjs-core';
import { projectOnto, type Subspace } from '../subspace/subspace.js';

/**
 * The examples of a data set moved to their nearest point of P, held in memory as float32 numbers. Ids are counted anew.
 *
 * @param bounds Of the result; projections leave those of images. Default: as far as the projections reach.
 * @throws AdvrobError `ADVROB_BOUNDS` for narrower bounds, `ADVROB_SHAPE` for a subspace of other inputs.
 */
export async function projected(
  data: Dataset,
  subspace: Subspace,
  bounds?: readonly [number, number],
): Promise<Dataset> {
  const inputs = new Float32Array(data.length * subspace.size);
  const labels = new Int32Array(data.length);
  let done = 0;
  for await (const { x, y } of data.batches({ size: 256 })) {
    const inside = projectOnto(subspace, x);
    await settle(inside);
    inputs.set(await inside.data(), done * subspace.size);
    labels.set(await y.data(), done);
    done += y.shape[0]!;
    tf.dispose([x, y, inside]);
  }
  return arrayDataset({
    name: `${data.name}-projected`,
    inputs,
    labels,
    inputShape: data.inputShape,
    numClasses: data.numClasses,
    bounds:
      bounds ??
      inputs.reduce<[number, number]>(
        ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
        [...data.bounds],
      ),
    ...(data.classNames && { classNames: data.classNames }),
  });
}
