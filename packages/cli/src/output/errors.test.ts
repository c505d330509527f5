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
  const error = await thrownBy(() => tf.complex(tf.zeros([4]), tf.zeros([4])));
  await tf.setBackend('cpu');
  expect(describeError(explain(error))).toMatch(
    /^advrob: backend 'wasm' lacks the operation Complex.*--backend cpu or --backend onnxruntime.*\[ADVROB_GRADIENT_MISSING\]$/,
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
