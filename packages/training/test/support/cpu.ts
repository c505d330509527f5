import '@advrob/core/gradients';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';

// A test file that imports this one runs on the plain backend.
beforeAll(() => tf.setBackend('cpu'));

/** Fails every test of the file, or of the `describe` around, that leaves tensors in memory. */
export function expectNoLeaks(): void {
  let before: number;
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors).toBe(before));
}
