import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, NamedAttrMap, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import {
  axesOf,
  explicitPads,
  gradientPads,
  padOrCrop,
  unambiguous,
  volumeAxesOf,
  type Pad,
  type Pads,
  type WindowAxis,
} from './windows.js';

export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: Pad;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function kernel(name: string, inputs: Record<string, Tensor>, attributes: object): Tensor {
  return tf.engine().runKernel(name, inputs, attributes as NamedAttrMap) as Tensor;
}

/** Where the windows of a convolution of images stand. */
export function imageAxes(
  x: Tensor,
  filter: Tensor,
  attributes: ConvolutionAttributes,
  isDepthwise = false,
): [WindowAxis, WindowAxis] {
  const { strides, pad, dataFormat, dilations, dimRoundingMode } = attributes;
  const info = tf.backend_util.computeConv2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number, number],
    strides,
    dilations ?? 1,
    unambiguous(pad, dataFormat) as 'same',
    dimRoundingMode,
    isDepthwise,
    dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast',
  );
  return axesOf(info);
}

const isDense = (axes: readonly WindowAxis[]): boolean => axes.every(({ dilation }) => dilation === 1);

/** The padding of the axes of a convolution itself. */
function ownPads(axes: readonly WindowAxis[]): Pads {
  return axes.map((axis) => [
    axis.before,
    (axis.outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - axis.extent - axis.before,
  ]);
}

/**
 * Gradients of a convolution of images in its input and its filter. A dilated one (its stride is 1)
 * is the transposed filter's, dilated too; that of its filter has the dilation for a stride.
 */
export function convolutionGradients(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  attributes: ConvolutionAttributes,
): { x: () => Tensor; filter: () => Tensor } {
  const { strides, pad, dataFormat = 'NHWC' } = attributes;
  const axes = imageAxes(x, filter, attributes);
  if (isDense(axes)) {
    const own = { strides, pad: typeof pad === 'string' ? pad : explicitPads(axes, dataFormat), dataFormat };
    return {
      x: () => kernel('Conv2DBackpropInput', { dy, filter }, { ...own, inputShape: x.shape }),
      filter: () => kernel('Conv2DBackpropFilter', { x, dy }, { ...own, filterShape: filter.shape }),
    };
  }
  const isFirst = dataFormat === 'NCHW';
  const [last, first] = [(t: Tensor) => tf.transpose(t, [0, 2, 3, 1]), (t: Tensor) => tf.transpose(t, [0, 3, 1, 2])];
  const [image, slope] = isFirst ? [last(x), last(dy)] : [x, dy];
  const dilations = axes.map(({ dilation }) => dilation) as [number, number];
  return {
    x: () => {
      const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]) as Tensor4D;
      const wide = padOrCrop(slope, gradientPads(axes)) as Tensor4D;
      const gradient = tf.conv2d(wide, turned, 1, 'valid', 'NHWC', dilations);
      return isFirst ? first(gradient) : gradient;
    },
    filter: () => {
      const wide = tf.transpose(padOrCrop(image, ownPads(axes)), [3, 1, 2, 0]) as Tensor4D;
      const slopes = tf.transpose(slope, [1, 2, 0, 3]) as Tensor4D;
      return tf.transpose(tf.conv2d(wide, slopes, dilations, 'valid'), [1, 2, 0, 3]);
    },
  };
}

interface VolumeAttributes {
  readonly strides: number | [number, number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly dilations?: number | [number, number, number];
}

function volumeGradients(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  { strides, pad, dilations = 1 }: VolumeAttributes,
): { x: () => Tensor; filter: () => Tensor } {
  type Five = [number, number, number, number, number];
  const info = tf.backend_util.computeConv3DInfo(
    x.shape as Five,
    filter.shape as Five,
    strides,
    dilations,
    pad as 'same',
  );
  const axes = volumeAxesOf(info);
  if (isDense(axes))
    return {
      x: () => kernel('Conv3DBackpropInputV2', { dy, filter }, { strides, pad, inputShape: x.shape }),
      filter: () => kernel('Conv3DBackpropFilterV2', { x, dy }, { strides, pad, filterShape: filter.shape }),
    };
  const steps = axes.map(({ dilation }) => dilation) as [number, number, number];
  return {
    x: () => {
      const turned = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]) as Tensor5D;
      const wide = padOrCrop(dy, gradientPads(axes)) as Tensor5D;
      return tf.conv3d(wide, turned, 1, 'valid', 'NDHWC', steps);
    },
    filter: () => {
      const wide = tf.transpose(padOrCrop(x, ownPads(axes)), [4, 1, 2, 3, 0]) as Tensor5D;
      const slopes = tf.transpose(dy, [1, 2, 3, 0, 4]) as Tensor5D;
      return tf.transpose(tf.conv3d(wide, slopes, steps, 'valid'), [1, 2, 3, 0, 4]);
    },
  };
}

/** tfjs refuses dilations, and forgets how the size of the output was rounded. */
export const convolutionConfigs: readonly GradConfig[] = [
  {
    kernelName: 'Conv2D',
    inputsToSave: ['x', 'filter'],
    gradFunc: ((dy: Tensor, [x, filter]: [Tensor, Tensor], attributes: ConvolutionAttributes) =>
      convolutionGradients(dy, x, filter, attributes)) as unknown as GradFunc,
  },
  {
    kernelName: 'Conv2DBackpropFilter',
    inputsToSave: ['x', 'dy'],
    gradFunc: ((upstream: Tensor, [x, dy]: [Tensor, Tensor], attributes: ConvolutionAttributes) => {
      const { strides, pad, dataFormat = 'NHWC', dimRoundingMode } = attributes;
      const own = { strides, pad, dataFormat, dimRoundingMode, inputShape: x.shape };
      return {
        x: () => kernel('Conv2DBackpropInput', { dy, filter: upstream }, own),
        dy: () =>
          tf.conv2d(x as Tensor4D, upstream as Tensor4D, strides, pad as 'same', dataFormat, 1, dimRoundingMode),
      };
    }) as unknown as GradFunc,
  },
  {
    kernelName: 'Conv3D',
    inputsToSave: ['x', 'filter'],
    gradFunc: ((dy: Tensor, [x, filter]: [Tensor, Tensor], attributes: VolumeAttributes) =>
      volumeGradients(dy, x, filter, attributes)) as unknown as GradFunc,
  },
  {
    kernelName: 'Conv3DBackpropInputV2',
    inputsToSave: ['dy', 'filter'],
    gradFunc: ((upstream: Tensor, [dy, filter]: [Tensor, Tensor], { strides, pad }: VolumeAttributes) => ({
      dy: () => tf.conv3d(upstream as Tensor5D, filter as Tensor5D, strides, pad as 'same'),
      filter: () => kernel('Conv3DBackpropFilterV2', { x: upstream, dy }, { strides, pad, filterShape: filter.shape }),
    })) as unknown as GradFunc,
  },
];
