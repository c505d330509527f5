import * as tf from '@tensorflow/tfjs-core';
import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelMend } from '../gradients/registries.js';
import { axesOf, explicitPads, unambiguous, type Pad, type WindowAxis } from '../gradients/windows.js';

interface WindowAttributes {
  readonly strides: number | [number, number];
  readonly pad: Pad;
  readonly dilations?: number | [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: string;
  readonly filterSize?: number | [number, number];
  readonly filterShape?: number[];
  readonly inputShape?: number[];
}

type Four = [number, number, number, number];
type Shapes = (inputs: NamedTensorInfoMap, attributes: WindowAttributes) => { image: number[]; filter?: number[] };

const shapeOf = (info: TensorInfo | undefined): number[] => [...(info?.shape ?? [])];

/** Kernels of windows over images, and where each has the shapes of the image and of the filter. */
const kernels: Readonly<Record<string, Shapes>> = {
  ...ofEach(['Conv2D', 'FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2D'], ({ x, filter }) => ({
    image: shapeOf(x),
    filter: shapeOf(filter),
  })),
  ...ofEach(['Conv2DBackpropInput', 'DepthwiseConv2dNativeBackpropInput'], ({ filter }, { inputShape = [] }) => ({
    image: inputShape,
    filter: shapeOf(filter),
  })),
  ...ofEach(['Conv2DBackpropFilter', 'DepthwiseConv2dNativeBackpropFilter'], ({ x }, { filterShape = [] }) => ({
    image: shapeOf(x),
    filter: filterShape,
  })),
  ...ofEach(['AvgPool', 'MaxPool', 'MaxPoolWithArgmax'], ({ x }) => ({ image: shapeOf(x) })),
  ...ofEach(['AvgPoolGrad', 'MaxPoolGrad'], ({ input }) => ({ image: shapeOf(input) })),
};

function ofEach(names: readonly string[], shapes: Shapes): Record<string, Shapes> {
  return Object.fromEntries(names.map((name) => [name, shapes]));
}

function axesFor(name: string, inputs: NamedTensorInfoMap, attributes: WindowAttributes): WindowAxis[] {
  const { strides, pad, dilations, dimRoundingMode, dataFormat, filterSize } = attributes;
  const { image, filter } = kernels[name]!(inputs, attributes);
  const sides = unambiguous(pad, dataFormat) as 'same';
  const { computeConv2DInfo, computePool2DInfo } = tf.backend_util;
  if (filter === undefined)
    return axesOf(computePool2DInfo(image as Four, filterSize!, strides, 1, sides, dimRoundingMode));
  const layout = dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast';
  const isDepthwise = name.includes('Depthwise');
  return axesOf(
    computeConv2DInfo(
      image as Four,
      filter as Four,
      strides,
      dilations ?? 1,
      sides,
      dimRoundingMode,
      isDepthwise,
      layout,
    ),
  );
}

/**
 * The padding of each side by itself, which every backend reads alike: of a number, tfjs computes
 * the width of the output with the height's window and stride (tfjs#649); of a size that is rounded
 * up, the wasm backend writes beside its output.
 */
function settled(name: string, registered: KernelFunc): KernelFunc {
  return (parameters) => {
    const attributes = parameters.attrs as unknown as WindowAttributes;
    const { pad, dataFormat, dimRoundingMode } = attributes;
    const isSettled = typeof pad === 'string' || (typeof pad === 'object' && (dimRoundingMode ?? 'floor') === 'floor');
    if (isSettled) return registered(parameters);
    const sides = explicitPads(axesFor(name, parameters.inputs, attributes), dataFormat);
    const attrs = { ...attributes, pad: sides, dimRoundingMode: undefined } as unknown as NamedAttrMap;
    return registered({ ...parameters, attrs });
  };
}

export const windowKernels: readonly KernelMend[] = Object.keys(kernels).map((kernelName) => ({
  kernelName,
  mend: (registered) => settled(kernelName, registered),
}));
