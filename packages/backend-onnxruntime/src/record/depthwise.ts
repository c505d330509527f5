import { backend_util, util } from '@tensorflow/tfjs-core';
import { pending } from '../ir/create.js';
import type { Value } from '../ir/value.js';
import { windowAttributes } from '../ir/window.js';
import { activate, type Activation } from '../values/activation.js';
import { add } from '../values/elementwise.js';
import {
  filterGradient,
  geometryOf,
  inputGradient,
  reachedPart,
  type Four,
  type Geometry,
} from '../values/geometry.js';
import { defineKernel } from './define.js';

interface DepthwiseAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** tfjs' depthwise kernels take NHWC whatever the data format says, and so do these. */
function geometry(inputShape: Four, filterShape: Four, attributes: DepthwiseAttributes): Geometry | null {
  const { strides, pad, dilations, dimRoundingMode } = attributes;
  return geometryOf(
    backend_util.computeConv2DInfo(inputShape, filterShape, strides, dilations ?? 1, pad, dimRoundingMode, true),
  );
}

function depthwise(x: Value, filter: Value, attributes: DepthwiseAttributes): Value | null {
  const { strides, dilations } = attributes;
  util.assert(
    backend_util.eitherStridesOrDilationsAreOne(strides, dilations ?? [1, 1]),
    () =>
      `Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${strides} and dilations '${dilations ?? [1, 1]}'`,
  );
  if (x.dtype !== 'float32' || filter.dtype !== 'float32') return null;
  const found = geometry(x.shape as Four, filter.shape as Four, attributes);
  if (!found) return null;
  const operands = [reachedPart(x, found), filter];
  return pending('DepthwiseConv2D', operands, found.outShape, 'float32', windowAttributes(found.window));
}

defineKernel<DepthwiseAttributes>('DepthwiseConv2dNative', (call) =>
  depthwise(call.input('x'), call.input('filter'), call.attributes),
);

defineKernel<DepthwiseAttributes & { activation?: Activation; leakyreluAlpha?: number }>(
  'FusedDepthwiseConv2D',
  (call) => {
    const result = depthwise(call.input('x'), call.input('filter'), call.attributes);
    if (!result) return null;
    const bias = call.optional('bias');
    const { activation, leakyreluAlpha } = call.attributes;
    return activate(
      bias ? add(result, bias) : result,
      activation,
      call.optional('preluActivationWeights'),
      leakyreluAlpha,
    );
  },
);

defineKernel<DepthwiseAttributes & { inputShape: Four }>('DepthwiseConv2dNativeBackpropInput', (call) => {
  const { inputShape } = call.attributes;
  const [dy, filter] = [call.input('dy'), call.input('filter')];
  const found = geometry(inputShape, filter.shape as Four, call.attributes);
  if (!found || dy.dtype !== 'float32') return null;
  return inputGradient('DepthwiseInputGradient', dy, filter, inputShape, found, windowAttributes(found.window));
});

defineKernel<DepthwiseAttributes & { filterShape: Four }>('DepthwiseConv2dNativeBackpropFilter', (call) => {
  const { filterShape } = call.attributes;
  const [x, dy] = [call.input('x'), call.input('dy')];
  const found = geometry(x.shape as Four, filterShape, call.attributes);
  if (!found || x.dtype !== 'float32') return null;
  return filterGradient('DepthwiseFilterGradient', x, dy, filterShape, found, windowAttributes(found.window));
});
