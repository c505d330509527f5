import { AdvrobError } from '@advrob/core';
import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeError, explain } from './errors.js';

async function thrownBy(body: () => tf.Tensor): Promise<unknown> {
  try {
    body().dispose();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

it('says which operation a backend lacks, and which backend to choose', async () => {
  await tf.setBackend('wasm');
  await tf.ready();
  const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
  const error = await thrownBy(() =>
    tf.grad((x) => tf.sum(tf.depthwiseConv2d(x as tf.Tensor4D, filter, 1, 'same')))(tf.zeros([1, 4, 4, 1])),
  );
  await tf.setBackend('cpu');
  expect(describeError(explain(error))).toMatch(
    /^advrob: backend 'wasm' lacks the operation DepthwiseConv2dNativeBackpropInput.*--backend cpu or --backend onnxruntime.*\[ADVROB_GRADIENT_MISSING\]$/,
  );
});

it('says which operation has no gradient', async () => {
  await tf.setBackend('cpu');
  const error = await thrownBy(() =>
    tf.grad((x) => tf.sum(tf.bincount(tf.cast(x, 'int32') as tf.Tensor1D, [], 3)))(tf.ones([3])),
  );
  expect(describeError(explain(error))).toMatch(
    /an operation Bincount, of which tfjs knows no gradient.*such as square/,
  );
});

it('leaves other errors alone', () => {
  for (const error of [new AdvrobError('ADVROB_USAGE', 'x'), new TypeError('y'), 'z'])
    expect(explain(error)).toBe(error);
});
