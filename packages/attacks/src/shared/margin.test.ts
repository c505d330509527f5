import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { handicapped, missingLead } from './margin.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the lead', () => {
  const logits = tf.tensor2d([
    [-5, -3, -9],
    [-5, -3, -9],
  ]);
  const y = tf.tensor1d([1, 0], 'int32');

  it('is right when all logits are negative', async () => {
    expect([...(await missingLead({ y }, logits, 0).data())]).toEqual([2, 0]);
    expect([...(await missingLead({ y }, logits, 3).data())]).toEqual([5, 1]);
    expect([...(await missingLead({ y, target: tf.tensor1d([2, 1], 'int32') }, logits, 0.5).data())]).toEqual([6.5, 0]);
  });

  it('counts as a success from the confidence on', async () => {
    const predicted = (aim: { y: tf.Tensor; target?: tf.Tensor }, confidence: number) =>
      Array.from(tf.argMax(handicapped(aim, logits, confidence), 1).dataSync());
    expect(predicted({ y }, 1.9)).toEqual([1, 1]);
    expect(predicted({ y }, 2.1)).toEqual([1, 0]);
    const target = tf.tensor1d([1, 1], 'int32');
    expect(predicted({ y, target }, 1.9)).toEqual([1, 1]);
    expect(predicted({ y, target }, 2.1)).toEqual([0, 0]);
  });
});
