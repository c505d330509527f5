import type { Dataset, Splits } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';
import { arrayDataset } from '../src/from/array-dataset.js';

/** Training and test points of three values; the first training point is the validation part. */
export function pointSplits(train: readonly number[], test: readonly number[]): Splits {
  const [first, last] = [train, test].map((inputs) =>
    arrayDataset({
      name: 'small',
      inputs: Float32Array.from(inputs),
      labels: new Int32Array(inputs.length / 3),
      inputShape: [3],
      numClasses: 1,
    }),
  );
  return { train: first!, validation: first!.take(1), test: last! };
}

export async function valuesOf(data: Dataset): Promise<number[]> {
  const values: number[] = [];
  for await (const { x, y } of data.batches({ size: 10 })) {
    values.push(...(await x.data()));
    tf.dispose([x, y]);
  }
  return values;
}
