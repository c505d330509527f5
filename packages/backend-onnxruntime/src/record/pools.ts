import { backend_util, util } from '@tensorflow/tfjs-core';
import { pending } from '../ir/create.js';
import type { Shape, Value } from '../ir/value.js';
import { windowAttributes, type Window } from '../ir/window.js';
import { defineKernel } from './define.js';

type Four = [number, number, number, number];

interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function geometry(
  x: Value,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): { window: Window; outShape: Four } {
  const info = backend_util.computePool2DInfo(x.shape as Four, filterSize, strides, 1, pad, dimRoundingMode);
  const { top, left, bottom, right } = info.padInfo;
  return {
    window: {
      kernel: [info.filterHeight, info.filterWidth],
      strides: [info.strideHeight, info.strideWidth],
      dilations: [1, 1],
      pads: [top, left, bottom, right],
    },
    outShape: info.outShape as Four,
  };
}

/** What ONNX' pools can express: whole pads smaller than the window, and sizes that follow from them. */
function isOrdinary({ kernel, strides, pads }: Window, inShape: Shape, outShape: Four): boolean {
  const fits = [0, 1].every((axis) => {
    const extent = inShape[axis + 1]! + pads[axis]! + pads[axis + 2]!;
    return Math.floor((extent - kernel[axis]!) / strides[axis]!) + 1 === outShape[axis + 1];
  });
  return fits && pads.every((pad, side) => Number.isInteger(pad) && pad >= 0 && pad < kernel[side % 2]!);
}

function isWholeImage(window: Window): boolean {
  return window.kernel.every((extent) => extent === 1) && window.strides.every((stride) => stride === 1);
}

for (const [name, label] of [
  ['MaxPool', 'maxPool'],
  ['AvgPool', 'avgPool'],
] as const)
  defineKernel<PoolAttributes>(name, (call) => {
    const x = call.input('x');
    util.assert(
      backend_util.eitherStridesOrDilationsAreOne(call.attributes.strides, 1),
      () =>
        `Error in ${label}: Either strides or dilations must be 1. Got strides ${call.attributes.strides} and dilations '1'`,
    );
    const { window, outShape } = geometry(x, call.attributes);
    if (x.dtype !== 'float32' || !isOrdinary(window, x.shape, outShape)) return null;
    if (isWholeImage(window) && outShape.every((extent, axis) => extent === x.shape[axis])) return x;
    return pending(name, [x], outShape, 'float32', windowAttributes(window));
  });

defineKernel<PoolAttributes>('MaxPoolGrad', (call) => {
  const [dy, x] = [call.input('dy'), call.input('input')];
  const { window, outShape } = geometry(x, call.attributes);
  if (
    x.dtype !== 'float32' ||
    !isOrdinary(window, x.shape, outShape) ||
    !outShape.every((extent, axis) => extent === dy.shape[axis])
  )
    return null;
  return pending('MaxPoolGradient', [dy, x], x.shape, 'float32', windowAttributes(window));
});

defineKernel<PoolAttributes>('AvgPoolGrad', (call) => {
  const [dy, x] = [call.input('dy'), call.input('input')];
  const { window, outShape } = geometry(x, call.attributes);
  if (!isOrdinary(window, x.shape, outShape) || !outShape.every((extent, axis) => extent === dy.shape[axis]))
    return null;
  return pending('AvgPoolGradient', [dy], x.shape, 'float32', windowAttributes(window));
});
