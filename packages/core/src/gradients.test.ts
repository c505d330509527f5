import './gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';

it('works when it is imported before tfjs: the gradient of a cast clones a tensor', async () => {
  const x = tf.tensor1d([2, 3]);
  const gradient = tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.cast(v, 'float32'))))(x);
  expect([...(await gradient.data())]).toEqual([4, 6]);
  tf.dispose([x, gradient]);
});
