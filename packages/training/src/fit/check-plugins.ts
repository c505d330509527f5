import { AdvrobError, type Dataset, type ErrorCode, type Extras } from '@advrob/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Whether a tensor that a plugin gave is one, still there, and, where told, of this shape.
 *
 * @throws AdvrobError `code`, naming `what`.
 */
export function checkTensor(what: string, value: unknown, shape: readonly number[] | undefined, code: ErrorCode): void {
  if (!(value instanceof tf.Tensor)) throw new AdvrobError(code, `${what}: expected a tensor, got ${typeof value}`);
  if (value.isDisposed)
    throw new AdvrobError(code, `${what}: expected a tensor, got one that was disposed: keep it until it is returned`);
  if (shape && value.shape.join() !== shape.join())
    throw new AdvrobError(code, `${what}: expected the shape [${shape.join(', ')}], got [${value.shape.join(', ')}]`);
}

/** @throws AdvrobError `ADVROB_DATASET` for a batch that is not what the data set promises. */
export function checkBatch(
  { x, y, ids }: { readonly x: tf.Tensor; readonly y: tf.Tensor; readonly ids: Int32Array },
  { name, inputShape }: Pick<Dataset, 'name' | 'inputShape'>,
): void {
  const where = `data set '${name}', a batch of ${ids.length} ids`;
  checkTensor(`${where}, x`, x, [ids.length, ...inputShape], 'ADVROB_DATASET');
  checkTensor(`${where}, y`, y, [ids.length], 'ADVROB_DATASET');
}

/** @throws AdvrobError `ADVROB_OBJECTIVE` for what an objective prepared and is no tensor any more. */
export function checkPrepared(values: Extras): void {
  for (const [name, value] of Object.entries(values))
    checkTensor(`the objective prepared '${name}'`, value, undefined, 'ADVROB_OBJECTIVE');
}
