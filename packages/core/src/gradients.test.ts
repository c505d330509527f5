import './gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it, vi } from 'vitest';

it('works when it is imported before tfjs: the gradient of a cast clones a tensor', async () => {
  const x = tf.tensor1d([2, 3]);
  const gradient = tf.grad((v: tf.Tensor) => tf.sum(tf.square(tf.cast(v, 'float32'))))(x);
  expect([...(await gradient.data())]).toEqual([4, 6]);
  tf.dispose([x, gradient]);
});

describe('gradients and kernels that are registered later', () => {
  it('do not replace ours: tfjs-layers brings those of tfjs again', () => {
    const ours = tf.getGradient('MirrorPad');
    tf.registerGradient({ kernelName: 'MirrorPad', gradFunc: (dy) => ({ x: () => dy as tf.Tensor }) });
    expect(tf.getGradient('MirrorPad')).toBe(ours);
  });

  it('are mended once, also when this module is there twice', async () => {
    const ours = [tf.getGradient('MirrorPad'), tf.getKernel('FusedBatchNorm', 'cpu').kernelFunc];
    vi.resetModules();
    await import('./gradients.js');
    expect([tf.getGradient('MirrorPad'), tf.getKernel('FusedBatchNorm', 'cpu').kernelFunc]).toEqual(ours);
  });

  it('of backends that are loaded later are mended as well', () => {
    let pad: unknown;
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
      pad = attrs!['pad'];
      return inputs['x']!;
    };
    tf.registerKernel({ kernelName: 'AvgPool', backendName: 'late', kernelFunc });
    const x = { dataId: {}, shape: [1, 5, 5, 1], dtype: 'float32' as const };
    const attrs = { filterSize: 3, strides: [2, 1], pad: 1 };
    tf.getKernel('AvgPool', 'late').kernelFunc({ inputs: { x }, attrs, backend: {} });
    tf.unregisterKernel('AvgPool', 'late');
    expect(pad).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
  });
});

it('says by a code which op has no gradient', () => {
  const images = tf.zeros([1, 4, 4, 1]) as tf.Tensor4D;
  const crop = (x: tf.Tensor): tf.Tensor =>
    tf.image.cropAndResize(x as tf.Tensor4D, tf.tensor2d([[0, 0, 1, 1]]), tf.tensor1d([0], 'int32'), [2, 2]);
  expect(() => tf.tidy(() => tf.grad(crop)(images))).toThrow(
    expect.objectContaining({ code: 'ADVROB_GRADIENT_MISSING', message: expect.stringContaining('CropAndResize') }),
  );
});

it('keeps nothing when a batch norm without scale or offset is differentiated', () => {
  const [x, mean, variance] = [tf.ones([4, 3]), tf.zeros([3]), tf.ones([3])];
  const before = tf.memory().numTensors;
  const gradient = tf.grad((at: tf.Tensor) => tf.sum(tf.batchNorm(at, mean as tf.Tensor1D, variance as tf.Tensor1D)))(
    x,
  );
  gradient.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
