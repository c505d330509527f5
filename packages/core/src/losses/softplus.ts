import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** `log(1 + exp x)`, exact to float32 at both ends: `tf.softplus` loses up to 6% near x = -14 on float32 backends. Its gradient is the sigmoid. */
export function softplus(x: Tensor): Tensor {
  const value = tf.customGrad((...args: unknown[]) => {
    const [input, save] = args as [Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.add(tf.relu(input), tf.log1p(tf.exp(tf.neg(tf.abs(input))))),
      gradFunc: (upstream: Tensor, saved: Tensor[]) => tf.mul(upstream, tf.sigmoid(saved[0]!)),
    };
  });
  return value(x);
}
