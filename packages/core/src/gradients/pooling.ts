import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core';
import {
  after,
  axesOf,
  explicitPads,
  padOrCrop,
  unambiguous,
  volumeAxesOf,
  type Pad,
  type WindowAxis,
} from './windows.js';

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: Pad;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Axes = readonly WindowAxis[];

function imageAxes(x: Tensor, { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): Axes {
  const shape = x.shape as [number, number, number, number];
  const sides = unambiguous(pad) as 'same';
  return axesOf(tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, sides, dimRoundingMode));
}

function volumeAxes(x: Tensor, { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): Axes {
  const shape = x.shape as [number, number, number, number, number];
  const [sizes, steps] = [filterSize as unknown as number, strides as unknown as number];
  return volumeAxesOf(tf.backend_util.computePool3DInfo(shape, sizes, steps, 1, pad as 'same', dimRoundingMode));
}

/**
 * Every window's size over the number of its pixels inside the image, [1, ...outputs, 1]: tfjs
 * divides the gradient by the whole window, where the average is over the pixels.
 */
function shares(axes: Axes): Tensor {
  const inside = axes.map(({ outputs, stride, before, kernel, extent }) =>
    Array.from({ length: outputs }, (_, index) => {
      const start = index * stride - before;
      return Math.max(0, Math.min(start + kernel, extent) - Math.max(start, 0)) / kernel;
    }),
  );
  const products = inside.reduce((outer, own) => outer.flatMap((a) => own.map((b) => a * b)), [1]);
  // No gradient comes from a window that sees no pixel.
  const values = products.map((share) => (share > 0 ? 1 / share : 0));
  return tf.tensor(values, [1, ...axes.map(({ outputs }) => outputs), 1]);
}

/** The gradient of an average over the pixels of each window that lie inside of the image. */
function averageGradient(kernelName: string, dy: Tensor, x: Tensor, axes: Axes, attributes: PoolAttributes): Tensor {
  const { filterSize, strides } = attributes;
  const gradient = (of: Tensor, input: Tensor): Tensor =>
    tf.engine().runKernel(kernelName, { dy: of, input }, { filterSize, strides, pad: 'valid' }) as Tensor;
  const pads = axes.map((axis): [number, number] => [axis.before, Math.max(0, after(axis))]);
  if (pads.every(([before, behind]) => before === 0 && behind === 0)) return gradient(dy, x);
  const shape = x.shape.map((extent, i) => extent + (pads[i - 1] ?? [0, 0])[0] + (pads[i - 1] ?? [0, 0])[1]);
  const whole = gradient(tf.mul(dy, shares(axes)), tf.zeros(shape));
  return padOrCrop(
    whole,
    pads.map(([before, behind]) => [-before, -behind] as const),
  );
}

function average(kernelName: string, axesOfPool: typeof imageAxes): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: ((dy: Tensor, [x]: [Tensor], attributes: PoolAttributes) => ({
      x: () => averageGradient(`${kernelName}Grad`, dy, x, axesOfPool(x, attributes), attributes),
    })) as unknown as GradFunc,
  };
}

/** tfjs forgets how the size of the output was rounded, and divides by pixels outside of the image. */
export const poolingGradients: readonly GradConfig[] = [
  average('AvgPool', imageAxes),
  average('AvgPool3D', volumeAxes),
  {
    kernelName: 'MaxPool',
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: ((dy: Tensor, [x, y]: [Tensor, Tensor], attributes: PoolAttributes) => {
      const { filterSize, strides, pad } = attributes;
      const sides = typeof pad === 'string' ? pad : explicitPads(imageAxes(x, attributes));
      const own = { filterSize, strides, pad: sides } as unknown as NamedAttrMap;
      return { x: () => tf.engine().runKernel('MaxPoolGrad', { dy, input: x, output: y }, own) as Tensor };
    }) as unknown as GradFunc,
  },
];
