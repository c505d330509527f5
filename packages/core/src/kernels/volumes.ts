import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { spaced } from '../gradients/arrangement.js';
import type { KernelMend } from '../gradients/registries.js';
import { after, explicitPads, gradientPads, padOrCrop, volumeAxesOf, type WindowAxis } from '../gradients/windows.js';

type Five = [number, number, number, number, number];

interface PoolAttributes {
  readonly filterSize: number;
  readonly strides: number;
  readonly pad: 'same';
  readonly dimRoundingMode?: 'floor';
}

/** One axis as the first of an image, the others as a row. */
function pooled(x: Tensor, axis: number, window: WindowAxis): Tensor {
  const before = tf.util.sizeFromShape(x.shape.slice(0, axis));
  const behind = tf.util.sizeFromShape(x.shape.slice(axis + 1));
  const image = tf.reshape(x, [before, x.shape[axis]!, 1, behind]) as Tensor4D;
  const column: WindowAxis = { extent: 1, kernel: 1, stride: 1, dilation: 1, outputs: 1, before: 0 };
  const pads = explicitPads([window, column]);
  const most = tf.maxPool(image, [window.kernel, 1], [window.stride, 1], pads as unknown as 'same');
  return tf.reshape(
    most,
    x.shape.map((extent, i) => (i === axis ? window.outputs : extent)),
  );
}

/** The largest of a volume is the largest of rows of the largest of columns. */
const maxPool3d: KernelFunc = ({ inputs, attrs }) => {
  const x = inputs['x'] as Tensor;
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as PoolAttributes;
  const info = tf.backend_util.computePool3DInfo(x.shape as Five, filterSize, strides, 1, pad, dimRoundingMode);
  return volumeAxesOf(info).reduce((most: Tensor, axis, i) => pooled(most, i + 1, axis), x);
};

/** A transposed convolution is one of its input, with zeros for the stride, and the filter turned. */
const inputGradient: KernelFunc = ({ inputs, attrs }) => {
  const [dy, filter] = [inputs['dy'] as Tensor, inputs['filter'] as Tensor];
  const { strides, pad, inputShape } = attrs as unknown as { strides: number; pad: 'same'; inputShape: Five };
  const axes = volumeAxesOf(tf.backend_util.computeConv3DInfo(inputShape, filter.shape as Five, strides, 1, pad));
  const apart = axes.reduce((t: Tensor, { stride }, i) => spaced(t, i + 1, stride), dy);
  const turned = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]) as Tensor5D;
  return tf.conv3d(padOrCrop(apart, gradientPads(axes)) as Tensor5D, turned, 1, 'valid');
};

/** The gradient slides over the image as a filter, with the stride for a dilation. */
const filterGradient: KernelFunc = ({ inputs, attrs }) => {
  const [x, dy] = [inputs['x'] as Tensor, inputs['dy'] as Tensor];
  const { strides, pad, filterShape } = attrs as unknown as { strides: number; pad: 'same'; filterShape: Five };
  const axes = volumeAxesOf(tf.backend_util.computeConv3DInfo(x.shape as Five, filterShape, strides, 1, pad));
  const seen = padOrCrop(
    x,
    axes.map((axis) => [axis.before, after(axis)] as const),
  );
  const images = tf.transpose(seen, [4, 1, 2, 3, 0]) as Tensor5D;
  const slopes = tf.transpose(dy, [1, 2, 3, 0, 4]) as Tensor5D;
  const steps = axes.map(({ stride }) => stride) as [number, number, number];
  return tf.transpose(tf.conv3d(images, slopes, 1, 'valid', 'NDHWC', steps), [1, 2, 3, 0, 4]);
};

/** What was made on the way is freed when the kernel ends. */
const freeing =
  (kernel: KernelFunc): KernelFunc =>
  (parameters) =>
    tf.tidy(() => kernel(parameters) as Tensor);

/** The wasm backend's own: the largest of values below 0 is 0, and strides are forgotten. */
export const volumeKernels: readonly KernelMend[] = [
  { kernelName: 'MaxPool3D', backendName: 'wasm', mend: () => freeing(maxPool3d) },
  { kernelName: 'Conv3DBackpropInputV2', backendName: 'wasm', mend: () => freeing(inputGradient) },
  { kernelName: 'Conv3DBackpropFilterV2', backendName: 'wasm', mend: () => freeing(filterGradient) },
];
