import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { webgpuKernels } from './webgpu.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/**
 * What the mended kernel gives, made of the cpu's, which refuses what webgpu computes wrongly; and
 * nothing that it made on the way is left.
 */
function mended(
  kernelName: string,
  inputs: object,
  attrs: object,
  isBroken: (parameters: Parameters<KernelFunc>[0]) => boolean,
): number[] {
  const registered: KernelFunc = (parameters) => {
    if (isBroken(parameters)) throw new Error(`${kernelName} where webgpu has it wrong`);
    return tf.getKernel(kernelName, 'cpu').kernelFunc(parameters);
  };
  const { mend } = webgpuKernels.find((kernel) => kernel.kernelName === kernelName)!;
  const backend = tf.backend();
  const before = backend.numDataIds();
  const info = mend(
    registered,
    'cpu',
  )({
    inputs: inputs as Record<string, TensorInfo>,
    backend,
    attrs: attrs as NamedAttrMap,
  }) as TensorInfo;
  const values = Array.from(backend.readSync(info.dataId) as Float32Array);
  backend.disposeData(info.dataId);
  expect(backend.numDataIds()).toBe(before);
  return values;
}

it.each([2, 7, 8, 13, 14, 40])('sums %d terms and binds eight buffers at most', (count) => {
  const terms = Array.from({ length: count }, (_, i) => tf.tensor1d([i, 2 ** -i]));
  const sums = mended('AddN', terms, {}, ({ inputs }) => Object.keys(inputs).length > 7);
  expect(sums[0]).toBe((count * (count - 1)) / 2);
  expect(sums[1]).toBeCloseTo(2 - 2 ** (1 - count), 6);
});

it.each([
  ['Cumsum', false, 0, [12, 15, 11, 13, 7, 8]],
  ['Cumsum', false, 1, [3, 2, 9, 5, 15, 8]],
  ['Cumsum', true, 0, [11, 13, 7, 8, 0, 0]],
  ['Cumprod', false, 1, [2, 2, 20, 5, 56, 8]],
  ['Cumprod', true, 1, [2, 1, 5, 1, 8, 1]],
] as const)('%s from the end (exclusive: %s) along axis %d', (kernelName, exclusive, axis, expected) => {
  const rows = [
    [1, 2],
    [4, 5],
    [7, 8],
  ];
  const attributes = { axis, exclusive, reverse: true };
  const found = mended(kernelName, { x: tf.tensor2d(rows) }, attributes, ({ attrs }) => attrs!['reverse'] === true);
  expect(found).toEqual(expected);
});
