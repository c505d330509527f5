import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';

/** Largest difference of a value between batches of different sizes. */
export const tolerances = { cpu: 0, onnxruntime: 1e-4 } as const;

/** Runs the tests of this file on a backend. */
export function on(backend: keyof typeof tolerances): void {
  beforeAll(async () => {
    if (backend === 'onnxruntime')
      registerOnnxRuntime({ deterministic: true, threads: 1, maxSessions: 512, hoistAfter: 0 });
    await tf.setBackend(backend);
  });
}
