import type { Classifier } from '@advrob/core';
import { fromFunction } from '@advrob/models';
import * as tf from '@tensorflow/tfjs-core';

export const inputShape = [8, 8, 2] as const;

/** Examples with values in [0, 1], the same everywhere. */
export function examples(count: number): tf.Tensor4D {
  return tf.randomUniform([count, ...inputShape], 0, 1, 'float32', 5);
}

/**
 * A small network with the ops that providers get wrong: padding at one end alone, batch
 * normalisation, pools that tile and pools that overlap, a depthwise convolution with two filters a
 * channel, strides.
 */
export function network(): Promise<Classifier> {
  const draw = (name: number, ...shape: number[]): tf.Tensor => {
    const fanIn = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
    return tf.randomNormal(shape, 0, Math.sqrt(2 / fanIn), 'float32', name);
  };
  const weights = {
    first: draw(1, 3, 3, 2, 4),
    mean: draw(2, 4),
    variance: tf.add(0.5, tf.abs(draw(3, 4))),
    depthwise: tf.mul(draw(4, 3, 3, 4, 2), 2),
    second: draw(5, 3, 3, 8, 8),
    whole: draw(6, 2, 2, 8, 8),
    last: draw(7, 32, 3),
  };
  const logits = (x: tf.Tensor): tf.Tensor => {
    let h = tf.conv2d(x as tf.Tensor4D, weights.first as tf.Tensor4D, 1, 'same') as tf.Tensor4D;
    h = tf.relu(tf.batchNorm4d(h, weights.mean as tf.Tensor1D, weights.variance as tf.Tensor1D));
    h = tf.maxPool(h, 2, 2, 'valid');
    h = tf.relu(tf.depthwiseConv2d(h, weights.depthwise as tf.Tensor4D, 1, 'same'));
    h = tf.maxPool(h, 3, 1, 'same');
    h = tf.relu(tf.conv2d(h, weights.second as tf.Tensor4D, 2, 'same'));
    h = tf.conv2d(h, weights.whole as tf.Tensor4D, 1, 'same');
    return tf.matMul(tf.reshape(h, [-1, 32]), weights.last as tf.Tensor2D);
  };
  return fromFunction(logits, { inputShape: [...inputShape], bounds: [0, 1], weights });
}
