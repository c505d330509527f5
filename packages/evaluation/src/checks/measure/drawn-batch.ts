import { AdvrobError, type Dataset } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Examples that are looked at together. */
export interface DrawnBatch {
  /** [n, ...inputShape] */
  readonly x: Tensor;
  /** [n], int32 */
  readonly y: Tensor;
  readonly labels: readonly number[];
  readonly ids: Int32Array;
}

/** The first `count` examples. The tensors are the caller's to dispose. */
export async function drawBatches(data: Dataset, count: number, size: number): Promise<DrawnBatch[]> {
  if (data.length === 0) throw new AdvrobError('ADVROB_DATA_EMPTY', `data set '${data.name}' has no examples`);
  const drawn: DrawnBatch[] = [];
  for await (const { x, y, ids, extras } of data.take(count).batches({ size })) {
    Object.values(extras).forEach((tensor) => (tensor as Tensor).dispose());
    drawn.push({ x, y, ids, labels: Array.from(await y.data()) });
  }
  return drawn;
}
