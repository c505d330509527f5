import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import { describe, expect, it } from 'vitest';
import { crossEntropy, crossEntropyLoss, meanCrossEntropy } from './cross-entropy.js';

const int32 = (...values: number[]) => tf.tensor1d(values, 'int32');
const gradientOf = (loss: (z: tf.Tensor) => tf.Tensor, z: tf.Tensor) => tf.grad((v) => tf.sum(loss(v)))(z);

describe('crossEntropy', () => {
  it('is log K for equal logits, whatever their size', async () => {
    const values = await crossEntropy(
      tf.tensor2d([
        [0, 0, 0, 0],
        [1e4, 1e4, 1e4, 1e4],
      ]),
      int32(1, 2),
    ).data();
    for (const value of values) expect(value).toBeCloseTo(Math.log(4), 6);
  });

  it('stays finite and exact at logits of 1e4', async () => {
    const values = await crossEntropy(
      tf.tensor2d([
        [1e4, -1e4, 0],
        [1e4, -1e4, 0],
      ]),
      int32(0, 1),
    ).data();
    expect([...values]).toEqual([0, 2e4]);
  });

  it('has the gradient softmax - onehot', async () => {
    const z = tf.tensor2d([
      [0.3, -1.2, 2.1, 0.4],
      [1, 0, 0, -2],
    ]);
    const y = int32(3, 0);
    const got = await gradientOf((v) => crossEntropy(v, y), z).data();
    const expected = await tf.sub(tf.softmax(z), tf.oneHot(y, 4)).data();
    expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));
  });

  it('keeps the own entry of the gradient where p_y rounds to 1', async () => {
    const [own, other] = await gradientOf((v) => crossEntropy(v, int32(0)), tf.tensor2d([[40, 0]])).data();
    expect(own! / -Math.exp(-40)).toBeCloseTo(1, 5);
    expect(other! / Math.exp(-40)).toBeCloseTo(1, 5);
  });

  it('descends on the target in a targeted attack', async () => {
    const logits = tf.tensor2d([[0.3, -1.2, 2.1]]);
    const rows = { y: int32(0), clean: logits };
    const [targeted] = await crossEntropyLoss.value(logits, { ...rows, target: int32(1) }).data();
    const [plain] = await crossEntropyLoss.value(logits, { ...rows, y: int32(1) }).data();
    expect(targeted).toBe(-plain!);
  });

  it('averages over the batch for training', async () => {
    const [mean] = await meanCrossEntropy(
      tf.tensor2d([
        [0, 0],
        [0, Math.log(3)],
      ]),
      int32(0, 0),
    ).data();
    expect(mean).toBeCloseTo((Math.log(2) + Math.log(4)) / 2, 6);
  });

  it.each([
    [tf.zeros([3]), int32(0, 0, 0), /expected logits \[n, K\]/],
    [tf.zeros([3, 1]), int32(0, 0, 0), /at least 2 classes, found 1/],
    [tf.zeros([3, 2]), int32(0, 0), /one int32 class index per row/],
    [tf.zeros([3, 2]), tf.zeros([3, 2]), /tf\.argMax/],
  ])('refuses wrong shapes and types', (logits, y, message) => {
    expect(() => crossEntropy(logits, y)).toThrow(message);
    expect(() => crossEntropy(logits, y)).toThrow(/ADVROB_LOSS/);
  });
});
