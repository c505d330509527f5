import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { axesOf, volumeAxesOf, type WindowAxis } from '../gradients/windows.js';
import { hostOf } from './host.js';

type Volume = readonly [WindowAxis, WindowAxis, WindowAxis];
type Visit = (tap: number, from: number) => void;

/** An image is a volume of one slice. */
const slice: WindowAxis = { extent: 1, kernel: 1, stride: 1, dilation: 1, outputs: 1, before: 0 };

/** Calls back for each value inside the window of an output, with its place and that of its tap. */
function visit(axes: Volume, at: readonly [number, number, number], example: number, channels: number, each: Visit) {
  const [depth, height, width] = axes;
  const first = axes.map((axis, i) => at[i]! * axis.stride - axis.before) as [number, number, number];
  for (let i = 0; i < depth.kernel; i++) {
    const z = first[0] + i * depth.dilation;
    if (z < 0 || z >= depth.extent) continue;
    for (let j = 0; j < height.kernel; j++) {
      const y = first[1] + j * height.dilation;
      if (y < 0 || y >= height.extent) continue;
      for (let k = 0; k < width.kernel; k++) {
        const x = first[2] + k * width.dilation;
        if (x < 0 || x >= width.extent) continue;
        const tap = (i * height.kernel + j) * width.kernel + k;
        each(tap * channels, (((example * depth.extent + z) * height.extent + y) * width.extent + x) * channels);
      }
    }
  }
}

/**
 * For each output the place of the first largest value of its window, and of its tap; -1 where there
 * is none. `filter` is added before values are compared.
 */
function eachMaximum(
  x: Float32Array,
  filter: Float32Array | null,
  batch: number,
  axes: Volume,
  channels: number,
  use: (output: number, from: number, tap: number, most: number) => void,
): void {
  const [depth, height, width] = axes;
  let output = 0;
  for (let n = 0; n < batch; n++)
    for (let z = 0; z < depth.outputs; z++)
      for (let y = 0; y < height.outputs; y++)
        for (let column = 0; column < width.outputs; column++)
          for (let c = 0; c < channels; c++) {
            let [most, from, at] = [-Infinity, -1, -1];
            visit(axes, [z, y, column], n, channels, (tap, place) => {
              const value = x[place + c]! + (filter === null ? 0 : filter[tap + c]!);
              if (value > most) [most, from, at] = [value, place + c, tap + c];
            });
            use(output++, from, at, most);
          }
}

interface PoolAttributes {
  readonly filterSize: number;
  readonly strides: number;
  readonly pad: 'same';
  readonly dimRoundingMode?: 'floor';
}

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

function poolAxes(shape: readonly number[], attributes: PoolAttributes): Volume {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const { computePool2DInfo, computePool3DInfo } = backend_util;
  return shape.length === 4
    ? [slice, ...axesOf(computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode))]
    : volumeAxesOf(computePool3DInfo(shape as Shape5, filterSize, strides, 1, pad, dimRoundingMode));
}

/** Adds every slope to the place of the first maximum of its window in images: the loops of steps. */
function addToMaxima(
  gradient: Float32Array,
  values: Float32Array,
  slopes: Float32Array,
  batch: number,
  [height, width]: readonly [WindowAxis, WindowAxis],
  channels: number,
): void {
  let output = 0;
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < height.outputs; row++)
      for (let column = 0; column < width.outputs; column++)
        for (let c = 0; c < channels; c++) {
          let most = -Infinity;
          let from = -1;
          for (let j = 0; j < height.kernel; j++) {
            const y = row * height.stride - height.before + j * height.dilation;
            if (y < 0 || y >= height.extent) continue;
            for (let k = 0; k < width.kernel; k++) {
              const x = column * width.stride - width.before + k * width.dilation;
              if (x < 0 || x >= width.extent) continue;
              const place = ((n * height.extent + y) * width.extent + x) * channels + c;
              if (values[place]! > most) {
                most = values[place]!;
                from = place;
              }
            }
          }
          if (from >= 0) gradient[from]! += slopes[output]!;
          output++;
        }
}

/** The gradient goes to the first maximum of every window. */
const maxPoolGradient: KernelFunc = ({ inputs, attrs, backend }) => {
  const [input, dy] = [inputs['input']!, inputs['dy']!];
  const axes = poolAxes(input.shape, attrs as unknown as PoolAttributes);
  const host = hostOf(backend);
  const [values, slopes] = [host.read(input), host.read(dy)];
  const gradient = new Float32Array(values.length);
  const [batch, channels] = [input.shape[0]!, input.shape[input.shape.length - 1]!];
  if (input.shape.length === 4) addToMaxima(gradient, values, slopes, batch, [axes[1], axes[2]], channels);
  else
    eachMaximum(values, null, batch, axes, channels, (output, from) => {
      if (from >= 0) gradient[from]! += slopes[output]!;
    });
  return host.write(input.shape, gradient);
};

interface DilationAttributes {
  readonly strides: number;
  readonly pad: 'same';
  readonly dilations: number;
}

/** A dilation and its gradients walk the same windows; `use` adds up what one of them is. */
function dilation(
  shapeOf: (x: TensorInfo, filter: TensorInfo, outShape: number[]) => readonly number[],
  use: (result: Float32Array, dy: number, at: { output: number; from: number; tap: number; most: number }) => void,
): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const [x, filter, dy] = [inputs['x']!, inputs['filter']!, inputs['dy']];
    const { strides, pad, dilations } = attrs as unknown as DilationAttributes;
    const filterShape = filter.shape as [number, number, number];
    const info = backend_util.computeDilation2DInfo(x.shape as Shape4, filterShape, strides, pad, 'NHWC', dilations);
    const axes: Volume = [slice, ...axesOf(info)];
    const host = hostOf(backend);
    const [values, taps] = [host.read(x), host.read(filter)];
    const slopes = dy === undefined ? null : host.read(dy);
    const shape = shapeOf(x, filter, info.outShape);
    const result = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    eachMaximum(values, taps, x.shape[0]!, axes, x.shape[3]!, (output, from, tap, most) =>
      use(result, slopes === null ? 0 : slopes[output]!, { output, from, tap, most }),
    );
    return host.write(shape, result);
  };
}

const kernels: Readonly<Record<string, KernelFunc>> = {
  MaxPool3DGrad: maxPoolGradient,
  Dilation2D: dilation(
    (_x, _filter, outShape) => outShape,
    (result, _dy, { output, most }) => (result[output] = most),
  ),
  Dilation2DBackpropInput: dilation(
    (x) => x.shape,
    (result, dy, { from }) => (result[from]! += dy),
  ),
  Dilation2DBackpropFilter: dilation(
    (_x, filter) => filter.shape,
    (result, dy, { tap }) => (result[tap]! += dy),
  ),
};

/**
 * Largest values of windows: the wasm backend begins at the smallest positive number instead of the
 * lowest, mixes up the sides of a window, as the cpu backend does for volumes, and gives the slope to
 * the last of equals, which flat parts of images are full of; others and PyTorch take the first.
 */
export const maximumKernels: readonly KernelMend[] = [
  ...Object.entries(kernels).map(([kernelName, kernelFunc]) => ({
    kernelName,
    backendName: 'wasm',
    mend: () => kernelFunc,
  })),
  { kernelName: 'MaxPool3DGrad', backendName: 'cpu', mend: () => maxPoolGradient },
  { kernelName: 'MaxPoolGrad', backendName: 'wasm', mend: () => maxPoolGradient },
];
