import { settle, type Dataset, type Splits } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { arrayDataset, type NumberArrays } from '../from/array-dataset.js';
import { projectOnto, type Subspace } from './subspace.js';

/**
 * The examples of a data set moved to their nearest point of P, held in memory as float32 numbers.
 * Ids are counted anew.
 *
 * @param bounds Of the result; projections leave those of images. Default: as far as the
 *   projections reach.
 * @throws AdvrobError `ADVROB_BOUNDS` for narrower bounds, `ADVROB_SHAPE` for a subspace of other
 *   inputs.
 */
export async function projected(
  data: Dataset,
  subspace: Subspace,
  bounds?: readonly [number, number],
): Promise<Dataset> {
  const examples = await projectedExamples(data, subspace);
  return arrayDataset({ ...examples, bounds: bounds ?? reachOf([examples], data.bounds) });
}

/** {@link projected} for all parts of a data set, with the same bounds. */
export async function projectedSplits(splits: Splits, subspace: Subspace): Promise<Splits> {
  const train = await projectedExamples(splits.train, subspace);
  const validation = await projectedExamples(splits.validation, subspace);
  const test = await projectedExamples(splits.test, subspace);
  const bounds = reachOf([train, validation, test], splits.train.bounds);
  const part = (examples: NumberArrays) => arrayDataset({ ...examples, bounds });
  return { train: part(train), validation: part(validation), test: part(test) };
}

async function projectedExamples(data: Dataset, subspace: Subspace): Promise<NumberArrays> {
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
  const { name, inputShape, numClasses, classNames } = data;
  return { name: `${name}-projected`, inputs, labels, inputShape, numClasses, classNames };
}

/** The smallest interval with `bounds` and all values in it. */
function reachOf(parts: readonly NumberArrays[], bounds: readonly [number, number]): [number, number] {
  let [low, high] = bounds;
  for (const { inputs } of parts)
    for (const value of inputs) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return [low, high];
}
