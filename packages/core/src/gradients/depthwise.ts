import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { spaced } from './arrangement.js';
import { imageAxes, kernel, type ConvolutionAttributes } from './convolution.js';
import { after, explicitPads, gradientPads, padOrCrop, type WindowAxis } from './windows.js';

type Axes = [WindowAxis, WindowAxis];

/** The gradient comes in between zeros for a stride, and meets the filter turned around. */
function inputGradient(dy: Tensor, filter: Tensor, axes: Axes): Tensor {
  const [kernelHeight, kernelWidth, channels, multiplier] = filter.shape as [number, number, number, number];
  const apart = axes.reduce((t: Tensor, { stride }, i) => spaced(t, i + 1, stride), dy);
  const turned = tf.reshape(tf.reverse(filter, [0, 1]), [kernelHeight, kernelWidth, channels * multiplier, 1]);
  const dilations = axes.map(({ dilation }) => dilation) as [number, number];
  const wide = padOrCrop(apart, gradientPads(axes)) as Tensor4D;
  const all = tf.depthwiseConv2d(wide, turned as Tensor4D, 1, 'valid', 'NHWC', dilations);
  if (multiplier === 1) return all;
  return tf.sum(tf.reshape(all, [...all.shape.slice(0, 3), channels, multiplier]), 4);
}

/** Tap by tap: the sum of what the gradient meets there. */
function filterGradient(dy: Tensor, x: Tensor, filterShape: readonly number[], axes: Axes): Tensor {
  const [kernelHeight, kernelWidth, channels, multiplier] = filterShape as [number, number, number, number];
  const [rows, columns] = axes;
  const wide = padOrCrop(
    x,
    axes.map((axis) => [axis.before, after(axis)] as const),
  );
  const slopes = tf.reshape(dy, [...dy.shape.slice(0, 3), channels, multiplier]);
  const batch = x.shape[0]!;
  const taps: Tensor[] = [];
  for (let i = 0; i < kernelHeight; i++)
    for (let j = 0; j < kernelWidth; j++) {
      const [top, left] = [i * rows.dilation, j * columns.dilation];
      const end = [
        batch,
        top + (rows.outputs - 1) * rows.stride + 1,
        left + (columns.outputs - 1) * columns.stride + 1,
        channels,
      ];
      const seen = tf.stridedSlice(wide, [0, top, left, 0], end, [1, rows.stride, columns.stride, 1]);
      taps.push(tf.sum(tf.mul(tf.expandDims(seen, 4), slopes), [0, 1, 2]));
    }
  return tf.reshape(tf.stack(taps), [...filterShape]);
}

const has = (name: string): boolean => tf.getKernel(name, tf.getBackend()) !== undefined;

/**
 * Gradients of a convolution channel by channel. tfjs refuses dilations, reads channels first as
 * channels last, and the wasm backend has none at all.
 */
export function depthwiseGradients(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  attributes: ConvolutionAttributes,
): { x: () => Tensor; filter: () => Tensor } {
  if (attributes.dataFormat === 'NCHW') {
    const last = (t: Tensor): Tensor => tf.transpose(t, [0, 2, 3, 1]);
    const { pad } = attributes;
    const sides = typeof pad === 'object' ? [pad[0]!, pad[2]!, pad[3]!, pad[1]!] : pad;
    const own = depthwiseGradients(last(dy), last(x), filter, { ...attributes, dataFormat: 'NHWC', pad: sides });
    return { x: () => tf.transpose(own.x(), [0, 3, 1, 2]), filter: own.filter };
  }
  const { strides, pad } = attributes;
  const axes = imageAxes(x, filter, attributes, true);
  const isDense = axes.every(({ dilation }) => dilation === 1);
  const own = { strides, pad: typeof pad === 'string' ? pad : explicitPads(axes), dilations: [1, 1] };
  const [ofInput, ofFilter] = ['DepthwiseConv2dNativeBackpropInput', 'DepthwiseConv2dNativeBackpropFilter'] as const;
  return {
    x: () =>
      isDense && has(ofInput)
        ? kernel(ofInput, { dy, filter }, { ...own, inputShape: x.shape })
        : inputGradient(dy, filter, axes),
    filter: () =>
      isDense && has(ofFilter)
        ? kernel(ofFilter, { x, dy }, { ...own, filterShape: filter.shape })
        : filterGradient(dy, x, filter.shape, axes),
  };
}

export const depthwiseConfigs: readonly GradConfig[] = [
  {
    kernelName: 'DepthwiseConv2dNative',
    inputsToSave: ['x', 'filter'],
    gradFunc: ((dy: Tensor, [x, filter]: [Tensor, Tensor], attributes: ConvolutionAttributes) =>
      depthwiseGradients(dy, x, filter, attributes)) as unknown as GradFunc,
  },
];
