import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { registerOnnxRuntime } from '@advrob/backend-onnxruntime';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll } from 'vitest';

/** Largest difference of a value between batches of different sizes. */
export const tolerances = { cpu: 0, onnxruntime: 1e-4 } as const;
export type Backend = keyof typeof tolerances;

const all: readonly Backend[] = ['cpu', 'onnxruntime'];
const wanted = process.env.ADVROB_TEST_BACKEND;
if (wanted !== undefined && !(all as readonly string[]).includes(wanted))
  throw new Error(`ADVROB_TEST_BACKEND is '${wanted}': expected ${all.join(' or ')}, or nothing for both`);

/** Those that the contract of every attack runs on. */
export const backends = all.filter((backend) => wanted === undefined || backend === wanted);

/** Runs the tests around this call on a backend, and what comes after them on the cpu backend. */
export function onBackend(backend: Backend): void {
  beforeAll(async () => {
    if (backend === 'onnxruntime' && !tf.findBackend(backend))
      registerOnnxRuntime({ deterministic: true, threads: 1, maxSessions: 512, hoistAfter: 0 });
    await tf.setBackend(backend);
  });
  afterAll(async () => {
    await tf.setBackend('cpu');
  });
}
