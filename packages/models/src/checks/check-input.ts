import { AdvrobError } from '@advrob/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * @throws AdvrobError `ADVROB_SHAPE` or `ADVROB_DTYPE` unless `x` is a float32 batch [n,
 *   ...inputShape].
 */
export function checkInput(who: string, inputShape: readonly number[], x: Tensor): void {
  const [, ...rest] = x.shape;
  if (x.rank !== inputShape.length + 1 || rest.some((side, axis) => side !== inputShape[axis]))
    throw new AdvrobError(
      'ADVROB_SHAPE',
      `${who}: expected inputs [n, ${inputShape.join(', ')}], got [${x.shape.join(', ')}]: reshape them, or make the model with another inputShape`,
    );
  if (x.dtype !== 'float32')
    throw new AdvrobError(
      'ADVROB_DTYPE',
      `${who}: expected float32 inputs, got ${x.dtype}: convert with tf.cast(x, 'float32')`,
    );
}
