import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '../gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { opContract } from './op-contract.js';

describe.each(['cpu', 'wasm'])('gradients on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    await tf.ready();
  });
  afterAll(() => tf.setBackend('cpu'));
  it.each(opContract().map(({ name, run }) => [name, run] as const))('%s', (_name, run) => run());
});
