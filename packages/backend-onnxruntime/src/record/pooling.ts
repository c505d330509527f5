import { backend_util, util } from '@tensorflow/tfjs-core';
import { bufferOf, computed, pending, splat } from '../ir/create.js';
import { sameShape } from '../ir/shape.js';
import type { Attributes, Value } from '../ir/value.js';
import { windowAttributes, type Window } from '../ir/window.js';
import { elementwise, multiply } from '../values/elementwise.js';
import {
  geometryOf,
  gradientFrom,
  reachedPart,
  reachedShape,
  withUnreached,
  type Four,
  type Geometry,
} from '../values/geometry.js';
import { pad, slice } from '../values/shape.js';
import { defineKernel } from './define.js';

interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function geometry(x: Value, { filterSize, strides, pad, dimRoundingMode }: PoolAttributes): Geometry | null {
  return geometryOf(backend_util.computePool2DInfo(x.shape as Four, filterSize, strides, 1, pad, dimRoundingMode));
}

/**
 * ONNX pads pools by less than the window, and no window may lie outside: wider padding is put
 * around the input first.
 */
function isPaddedByOp({ window: { pads, kernel, strides }, outShape, reached }: Geometry): boolean {
  return [0, 1].every((axis) => {
    const lastStart = (outShape[axis + 1]! - 1) * strides[axis]! - pads[axis]!;
    return pads[axis]! < kernel[axis]! && pads[axis + 2]! < kernel[axis]! && lastStart < reached[axis]!;
  });
}

function paddings({ pads: [top, left, bottom, right] }: Window): [number, number][] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

function unpadded(window: Window): Attributes {
  return windowAttributes({ ...window, pads: [0, 0, 0, 0] });
}

function definePool(name: string, label: string, pool: (x: Value, found: Geometry) => Value): void {
  defineKernel<PoolAttributes>(name, (call) => {
    const x = call.input('x');
    util.assert(
      backend_util.eitherStridesOrDilationsAreOne(call.attributes.strides, 1),
      () =>
        `Error in ${label}: Either strides or dilations must be 1. Got strides ${call.attributes.strides} and dilations '1'`,
    );
    const found = geometry(x, call.attributes);
    if (x.dtype !== 'float32' || !found) return null;
    // So in tfjs, whatever the strides and the padding.
    if (found.window.kernel.every((extent) => extent === 1) && sameShape(found.outShape, x.shape)) return x;
    return pool(reachedPart(x, found), found);
  });
}

definePool('MaxPool', 'maxPool', (x, found) => {
  const { window, outShape } = found;
  if (isPaddedByOp(found)) return pending('MaxPool', [x], outShape, 'float32', windowAttributes(window));
  const padded = pad(x, paddings(window), -Infinity);
  const most = pending('MaxPool', [padded], outShape, 'float32', unpadded(window));
  // ONNX Runtime starts at the least finite number, which is what comes out of padding alone.
  const isNothing = elementwise('LessEqual', [most, splat(-3.4028234663852886e38, [], 'float32')], 'bool');
  return elementwise('Where', [isNothing, splat(-Infinity, [], 'float32'), most], 'float32');
});

definePool('AvgPool', 'avgPool', (x, found) => {
  const { window, outShape } = found;
  if (isPaddedByOp(found)) return pending('AvgPool', [x], outShape, 'float32', windowAttributes(window));
  const average = pending('AvgPool', [pad(x, paddings(window), 0)], outShape, 'float32', unpadded(window));
  return multiply(average, shareOfPixels(window, x.shape as Four, outShape));
});

/**
 * For every window, its size over the number of its pixels inside the image: infinite where there
 * is none.
 */
function shareOfPixels({ kernel, strides, pads }: Window, inShape: Four, outShape: Four): Value {
  const inside = [0, 1].map((axis) =>
    Array.from({ length: outShape[axis + 1]! }, (_, index) => {
      const start = index * strides[axis]! - pads[axis]!;
      return Math.max(0, Math.min(start + kernel[axis]!, inShape[axis + 1]!) - Math.max(start, 0));
    }),
  );
  const shares = inside[0]!.flatMap((rows) => inside[1]!.map((columns) => (kernel[0] * kernel[1]) / (rows * columns)));
  return computed(bufferOf(Float32Array.from(shares), false), [1, outShape[1], outShape[2], 1], 'float32');
}

/**
 * A gradient recorded for the padded input, without the padding and with zeros where no window
 * came.
 */
function trimmed(gradient: Value, { window }: Geometry, reached: Four, full: Value): Value {
  return withUnreached(slice(gradient, [0, window.pads[0], window.pads[1], 0], reached), full.shape);
}

function paddedShape(shape: Four, { pads: [top, left, bottom, right] }: Window): Four {
  return [shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]];
}

defineKernel<PoolAttributes>('MaxPoolGrad', (call) => {
  const [dy, x] = [call.input('dy'), call.input('input')];
  const found = geometry(x, call.attributes);
  if (x.dtype !== 'float32' || !found) return null;
  return gradientFrom(dy, found, x.shape, (used) => {
    const { window } = found;
    const seen = reachedPart(x, found);
    if (isPaddedByOp(found)) {
      const gradient = pending('MaxPoolGradient', [used, seen], seen.shape, 'float32', windowAttributes(window));
      return withUnreached(gradient, x.shape);
    }
    const padded = pad(seen, paddings(window), -Infinity);
    const gradient = pending('MaxPoolGradient', [used, padded], padded.shape, 'float32', unpadded(window));
    return trimmed(gradient, found, seen.shape as Four, x);
  });
});

defineKernel<PoolAttributes>('AvgPoolGrad', (call) => {
  const [dy, x] = [call.input('dy'), call.input('input')];
  const found = geometry(x, call.attributes);
  if (!found) return null;
  return gradientFrom(dy, found, x.shape, (slopes) => {
    const { window } = found;
    const isPadded = window.pads.some((rows) => rows > 0);
    const used = isPadded ? multiply(slopes, shareOfPixels(window, x.shape as Four, found.outShape)) : slopes;
    const reached = reachedShape(x.shape, found);
    if (isPaddedByOp(found))
      return withUnreached(pending('AvgPoolGradient', [used], reached, 'float32', windowAttributes(window)), x.shape);
    const gradient = pending('AvgPoolGradient', [used], paddedShape(reached, window), 'float32', unpadded(window));
    return trimmed(gradient, found, reached, x);
  });
});
