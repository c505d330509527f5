import '@advrob/core/gradients';
import { opContract, smallNumberContract } from '@advrob/core/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerOnnxRuntime } from '../src/index.js';

// The differences of float32 that are compared leave no room for graphs that fold constants in another order.
beforeAll(() => registerOnnxRuntime({ deterministic: true, threads: 1, maxSessions: 16 }));

describe('every op of tfjs, against central differences and the cpu backend', () => {
  it.each(opContract().map((check) => [check.name, check] as const))('%s', async (_name, { measure }) => {
    await tf.setBackend('cpu');
    const expected = await measure();
    await tf.setBackend('onnxruntime');
    const found = await measure();
    expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 4));
  });
});

describe('small numbers', () => {
  beforeAll(() => tf.setBackend('onnxruntime'));
  it.each(smallNumberContract().map(({ name, run }) => [name, run] as const))('%s', (_name, run) => run());
});
