import type { Value } from '../../ir/value.js';
import { onnxWindow, windowOf, type Window } from '../../ir/window.js';
import { blockedDomain } from '../../onnx/builder.js';
import { defineLowering } from '../define.js';
import type { Lowering } from '../lowering.js';
import { blockedFilter, channelsFirstFilter, plainFilter, withSideColumns, type Padded } from './operands.js';
import { suitsTiles, tiledConvolution } from './tiled.js';

/**
 * What a blocked convolution does besides convolving: ONNX Runtime adds the bias and clips in the
 * same pass.
 */
export interface ConvolutionTail {
  readonly convolution: Value;
  readonly bias: Value | null;
  readonly relu: boolean;
}

/** Lowers a convolution with what follows it; `result` is the last value of the chain. */
export function lowerConvolution(lowering: Lowering, result: Value, tail: ConvolutionTail): void {
  const node = tail.convolution.node!;
  const [x, filter] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const window = onnxWindow(windowOf(node));
  const bias = tail.bias ? [graph.reshape(lowering.plain(tail.bias), [tail.bias.size])] : [];
  if (suitsTiles(lowering, windowOf(node), x, filter)) {
    const product = tiledConvolution(lowering, x, filter, false);
    const sum = bias.length > 0 ? graph.emit('Add', [product, ...bias]) : product;
    lowering.provide(result, 'tfjs', graph.reshape(tail.relu ? graph.emit('Relu', [sum]) : sum, result.shape));
    return;
  }
  if (canUseBlocks(lowering, x, filter)) {
    const { kernel, pads } = windowOf(node);
    const isFirstLayer = x.shape[3]! < lowering.blockSize;
    const input = isFirstLayer
      ? { name: lowering.form(x, 'channelsFirst'), pads }
      : withSideColumns(lowering, x, kernel, pads);
    const attributes = { ...window, pads: input.pads, ...(tail.relu && { activation: 'Relu' }) };
    const name = graph.emit(
      'Conv',
      [input.name, blockedFilter(lowering, plainFilter(lowering, filter)), ...bias],
      attributes,
      blockedDomain,
    );
    lowering.provide(result, 'blocked', name);
    return;
  }
  const image = paddedImage(lowering, x, windowOf(node));
  const inputs = [image.name, channelsFirstFilter(lowering, plainFilter(lowering, filter)), ...bias];
  const name = graph.emit('Conv', inputs, { ...window, pads: image.pads });
  lowering.provide(result, 'channelsFirst', tail.relu ? graph.emit('Relu', [name]) : name);
}

/**
 * The image and the padding that is left to the convolution: none on a GPU where the window is as
 * large as the image and padding lies at its end alone, which ONNX Runtime 1.30 takes for a product
 * of matrices without looking at the end.
 */
function paddedImage(lowering: Lowering, x: Value, { kernel, pads }: Window): Padded {
  const name = lowering.form(x, 'channelsFirst');
  const [top, left, bottom, right] = pads;
  const isWhole = kernel[0] === x.shape[1] && kernel[1] === x.shape[2];
  if (!lowering.onDevice || !isWhole || top + left > 0 || bottom + right === 0) return { name, pads };
  const padding = lowering.graph.indices([0, 0, 0, 0, 0, 0, bottom, right]);
  return { name: lowering.graph.emit('Pad', [name, padding]), pads: [0, 0, 0, 0] };
}

/** Blocks need full blocks of outputs, and of inputs unless there are less than one. */
function canUseBlocks(lowering: Lowering, x: Value, filter: Value): boolean {
  const block = lowering.blockSize;
  const [, , inputs, outputs] = filter.shape as [number, number, number, number];
  return block > 0 && outputs % block === 0 && (inputs < block || inputs % block === 0) && x.shape[3] === inputs;
}

defineLowering(
  'Conv2D',
  (lowering, value) => lowerConvolution(lowering, value, { convolution: value, bias: null, relu: false }),
  'applies',
);
