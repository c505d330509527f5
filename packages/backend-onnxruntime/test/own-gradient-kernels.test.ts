import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerOnnxRuntime } from '../src/index.js';

// Called as tfjs' own gradients call them, which a program has that imports `@tensorflow/tfjs-layers` instead of `register`.

beforeAll(async () => {
  registerOnnxRuntime({ threads: 1 });
  await tf.setBackend('onnxruntime');
});

type Shape = [number, number, number, number];

const gradient = (kernel: string, inputs: Record<string, Tensor>, attributes: object): Tensor =>
  tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attributes as tf.NamedAttrMap) as Tensor;

/** The transposed map of a linear op, from its values at the unit vectors. */
async function transposed(op: (x: tf.Tensor4D) => Tensor, shape: Shape, dy: Tensor): Promise<number[]> {
  const size = tf.util.sizeFromShape(shape);
  const units = tf.reshape(tf.eye(size), [size, shape[1], shape[2], shape[3]]);
  const columns = tf.reshape(op(units as tf.Tensor4D), [size, -1]);
  return [...(await tf.matMul(columns, tf.reshape(dy, [-1, 1])).data())];
}

describe('kernels of gradients are the transposed maps of their ops', () => {
  it.each([
    ['same', 3, 1],
    ['same', 2, 2],
    [1, 3, 2],
  ] as const)('AvgPoolGrad, padding %s, window %d, stride %d', async (pad, filterSize, strides) => {
    const shape: Shape = [1, 5, 5, 1];
    const pool = (x: tf.Tensor4D): tf.Tensor4D => tf.avgPool(x, filterSize, strides, pad);
    const x = tf.zeros<tf.Rank.R4>(shape);
    const dy = tf.cos(tf.reshape(tf.range(0, pool(x).size), pool(x).shape));
    const found = await gradient('AvgPoolGrad', { dy, input: x }, { filterSize, strides, pad }).data();
    (await transposed(pool, shape, dy)).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  });

  it.each([
    ['ResizeBilinear', tf.image.resizeBilinear],
    ['ResizeNearestNeighbor', tf.image.resizeNearestNeighbor],
  ] as const)('%sGrad, half pixels', async (name, resize) => {
    const shape: Shape = [1, 4, 3, 1];
    const op = (x: tf.Tensor4D): tf.Tensor4D => resize(x, [7, 5], false, true);
    const images = tf.zeros<tf.Rank.R4>(shape);
    const dy = tf.cos(tf.reshape(tf.range(0, 35), [1, 7, 5, 1]));
    const attributes = { alignCorners: false, halfPixelCenters: true, size: [7, 5] };
    const found = await gradient(`${name}Grad`, { dy, images }, attributes).data();
    (await transposed(op, shape, dy)).forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
  });
});
