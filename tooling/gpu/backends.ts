import '@tensorflow/tfjs-backend-cpu';
import '@advrob/core/gradients';
import { registerOnnxRuntime, stats, type OnnxRuntimeStats } from '@advrob/backend-onnxruntime';
import * as tf from '@tensorflow/tfjs-core';

/** What `body` gives on the cpu backend, and then on the GPU. */
export async function onBoth<T>(body: () => Promise<T>): Promise<[cpu: T, gpu: T]> {
  await tf.setBackend('cpu');
  const cpu = await body();
  await useGpu();
  return [cpu, await body()];
}

/** @throws OnnxRuntimeSetupError where there is no GPU: these tests are for machines with one. */
export async function useGpu(): Promise<void> {
  if (!tf.findBackend('onnxruntime')) registerOnnxRuntime({ executionProvider: 'webgpu' });
  await tf.setBackend('onnxruntime');
}

type Traffic = Pick<OnnxRuntimeStats, 'deviceReads' | 'deviceUploads'>;

/** Arrays that went up and came down since the last call. */
export function trafficMeter(): () => Traffic {
  let before = stats();
  return () => {
    const now = stats();
    const { deviceReads, deviceUploads } = before;
    before = now;
    return { deviceReads: now.deviceReads - deviceReads, deviceUploads: now.deviceUploads - deviceUploads };
  };
}

/** Largest difference of two lists of numbers. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
