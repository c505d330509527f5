import { backend_util, type FusedConv2DAttrs } from '@tensorflow/tfjs-core';
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
import { reshape, transpose } from '../values/shape.js';
import { defineKernel } from './define.js';

type Padding = 'valid' | 'same' | number | backend_util.ExplicitPadding;
type Rounding = 'floor' | 'round' | 'ceil';

interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: Padding;
  dataFormat: 'NHWC' | 'NCHW';
  dilations?: [number, number] | number;
  dimRoundingMode?: Rounding;
}

const toLast = [0, 2, 3, 1];
const toFirst = [0, 3, 1, 2];

/**
 * Where tfjs' kernels take NCHW arrays, the graph has NHWC between two transpositions, which cost
 * nothing there.
 */
function channelsLast(value: Value, dataFormat: string | undefined): Value {
  return dataFormat === 'NCHW' ? transpose(value, toLast) : value;
}

function as(value: Value, dataFormat: string | undefined): Value {
  return dataFormat === 'NCHW' ? transpose(value, toFirst) : value;
}

/** Sizes and padding by tfjs' rules; the shapes are NHWC. */
function geometry(
  inputShape: Four,
  filterShape: Four,
  { strides, pad, dilations, dimRoundingMode }: ConvolutionAttributes,
  dataFormat: 'NHWC' | 'NCHW' | undefined,
): Geometry | null {
  const padding = nhwcPad(pad, dataFormat);
  return geometryOf(
    backend_util.computeConv2DInfo(
      inputShape,
      filterShape,
      strides,
      dilations ?? 1,
      padding,
      dimRoundingMode,
      false,
      'channelsLast',
    ),
  );
}

/** Explicit padding is given per axis of the tensor, whatever its format. */
function nhwcPad(pad: Padding, dataFormat: string | undefined): Padding {
  if (dataFormat !== 'NCHW' || !Array.isArray(pad)) return pad;
  return [pad[0], pad[2], pad[3], pad[1]] as backend_util.ExplicitPadding;
}

function convolution(x: Value, filter: Value, attributes: ConvolutionAttributes): Value | null {
  if (x.dtype !== 'float32' || filter.dtype !== 'float32') return null;
  const input = channelsLast(x, attributes.dataFormat);
  const found = geometry(input.shape as Four, filter.shape as Four, attributes, attributes.dataFormat);
  if (!found) return null;
  if (input.shape[3] !== filter.shape[2]) return null; // grouped: the cpu backend says what it thinks of it
  const operands = [reachedPart(input, found), filter];
  return pending('Conv2D', operands, found.outShape, 'float32', windowAttributes(found.window));
}

defineKernel<ConvolutionAttributes>('Conv2D', (call) => {
  const result = convolution(call.input('x'), call.input('filter'), call.attributes);
  return result && as(result, call.attributes.dataFormat);
});

defineKernel<FusedConv2DAttrs>('FusedConv2D', (call) => {
  const attributes = call.attributes;
  const { dataFormat } = attributes;
  const result = convolution(call.input('x'), call.input('filter'), attributes as ConvolutionAttributes);
  if (!result) return null;
  const isFirst = dataFormat === 'NCHW';
  // Channel vectors are written without axes for pixels in NHWC; in NCHW they may also come as [C,
  // 1, 1].
  const aligned = (vector: Value): Value =>
    isFirst && vector.shape.length === 3
      ? reshape(transpose(vector, [1, 2, 0]), [vector.shape[1]!, vector.shape[2]!, vector.shape[0]!])
      : vector;
  const bias = call.optional('bias');
  const alpha = call.optional('preluActivationWeights');
  const sum = bias ? add(result, aligned(bias)) : result;
  const activated = activate(
    sum,
    attributes.activation as Activation | undefined,
    alpha && aligned(alpha),
    attributes.leakyreluAlpha,
  );
  return activated && as(activated, dataFormat);
});

defineKernel<ConvolutionAttributes & { inputShape: Four }>('Conv2DBackpropInput', (call) => {
  const { inputShape, dataFormat } = call.attributes;
  const dy = channelsLast(call.input('dy'), dataFormat);
  const filter = call.input('filter');
  const [n, ...rest] = inputShape;
  const shape = (dataFormat === 'NCHW' ? [n, rest[1], rest[2], rest[0]] : inputShape) as Four;
  const found = geometry(shape, filter.shape as Four, call.attributes, dataFormat);
  if (!found || dy.dtype !== 'float32') return null;
  const gradient = inputGradient('Conv2DInputGradient', dy, filter, shape, found, windowAttributes(found.window));
  return gradient && as(gradient, dataFormat);
});

defineKernel<ConvolutionAttributes & { filterShape: Four }>('Conv2DBackpropFilter', (call) => {
  const { filterShape, dataFormat } = call.attributes;
  const x = channelsLast(call.input('x'), dataFormat);
  const dy = channelsLast(call.input('dy'), dataFormat);
  const found = geometry(x.shape as Four, filterShape, call.attributes, dataFormat);
  if (!found || x.dtype !== 'float32') return null;
  return filterGradient('Conv2DFilterGradient', x, dy, filterShape, found, windowAttributes(found.window));
});
