import type { Node, Value } from '../../ir/value.js';
import { onnxWindow, windowOf } from '../../ir/window.js';
import { blockedDomain } from '../../onnx/builder.js';
import { defineLowering } from '../define.js';
import type { Lowering } from '../lowering.js';
import type { ConvolutionTail } from './convolution.js';
import { blockedForm, blockedGroups, turnedTaps, type GroupedFilter } from './groups.js';
import { phasedInputGradient, outputPaddingOf, turnedPadsOf } from './input-gradient.js';
import { channelsFirstFilter } from './operands.js';

// Convolutions in groups of channels. tfjs' depthwise ones, with a filter [h, w, channels, multiplier], have as many
// groups as channels.

/** The filter of a recorded op, [h, w, channels of a group, outputs]. */
function filterOf(lowering: Lowering, node: Node, filter: Value): GroupedFilter {
  const [h, w, c, last] = filter.shape as [number, number, number, number];
  const name = lowering.plain(filter);
  if (!isDepthwise(node)) return { name, shape: [h, w, c, last], groups: groupsOf(node) };
  const shape = [h, w, 1, c * last] as const;
  return { name: lowering.graph.reshape(name, shape), shape, groups: c };
}

function isDepthwise(node: Node): boolean {
  return node.op.startsWith('Depthwise');
}

function groupsOf(node: Node): number {
  return node.attributes.groups as number;
}

/** Lowers a convolution in groups with what follows it; `result` is the last value of the chain. */
export function lowerGroupedConvolution(lowering: Lowering, result: Value, tail: ConvolutionTail): void {
  const node = tail.convolution.node!;
  const [x, filter] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const window = onnxWindow(windowOf(node));
  const bias = tail.bias ? [graph.reshape(lowering.plain(tail.bias), [tail.bias.size])] : [];
  const own = filterOf(lowering, node, filter);
  const blocked = lowering.canBlock(x) ? blockedGroups(lowering, own) : null;
  if (blocked) {
    const attributes = { ...window, group: blocked.groups, ...(tail.relu && { activation: 'Relu' }) };
    const inputs = [lowering.form(x, 'blocked'), blockedForm(lowering, blocked), ...bias];
    lowering.provide(result, 'blocked', graph.emit('Conv', inputs, attributes, blockedDomain));
    return;
  }
  const inputs = [lowering.form(x, 'channelsFirst'), channelsFirstFilter(lowering, own), ...bias];
  const name = graph.emit('Conv', inputs, { ...window, group: own.groups });
  lowering.provide(result, 'channelsFirst', tail.relu ? graph.emit('Relu', [name]) : name);
}

/**
 * With blocks a convolution of the output gradient with the turned filter, or one for each phase of
 * the strides; else a transposed convolution.
 */
function lowerInputGradient(lowering: Lowering, value: Value, node: Node): void {
  const [dy, filter] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const window = windowOf(node);
  const { kernel, strides, dilations, pads } = window;
  const own = filterOf(lowering, node, filter);
  const blocked = lowering.canBlock(value) && lowering.canBlock(dy) ? blockedGroups(lowering, own) : null;
  if (blocked) {
    const group = blocked.groups;
    const turned = (taps: readonly number[], size: readonly [number, number]): string =>
      blockedForm(lowering, turnedTaps(lowering, blocked, taps, size));
    const turnedPads = turnedPadsOf(window, value, dy);
    if (strides.every((stride) => stride === 1) && turnedPads.every((pad) => pad >= 0)) {
      const count = kernel[0] * kernel[1];
      const reversed = Array.from({ length: count }, (_, tap) => count - 1 - tap);
      const attributes = { kernel_shape: kernel, strides: [1, 1], dilations, pads: turnedPads, group };
      const inputs = [lowering.form(dy, 'blocked'), turned(reversed, kernel)];
      lowering.provide(value, 'blocked', graph.emit('Conv', inputs, attributes, blockedDomain));
      return;
    }
    const phased = phasedInputGradient(lowering, value, window, turned, group);
    if (phased !== null) {
      lowering.provide(value, 'blocked', phased);
      return;
    }
  }
  const transposed = (gradient: string, applied: string): string =>
    graph.emit('ConvTranspose', [gradient, applied], {
      ...onnxWindow(window),
      pads,
      output_padding: outputPaddingOf(window, value, dy),
      group: own.groups,
    });
  const operands = [lowering.form(dy, 'channelsFirst'), channelsFirstFilter(lowering, own)] as const;
  const made = dy.shape[3]! / own.groups;
  if (!lowering.onDevice || made === 1) {
    lowering.provide(value, 'channelsFirst', transposed(...operands));
    return;
  }
  // ONNX Runtime 1.30 is wrong on a GPU for several filters per group: one of each at a time.
  const parts = Array.from({ length: made }, (_, which) => {
    const places = Array.from({ length: own.groups }, (_, group) => group * made + which);
    const every = (name: string, axis: 0 | 1): string => graph.emit('Gather', [name, graph.indices(places)], { axis });
    return transposed(every(operands[0], 1), every(operands[1], 0));
  });
  const sum = parts.reduce((total, part) => graph.emit('Add', [total, part]));
  lowering.provide(value, 'channelsFirst', sum);
}

/** Every tap of the window is, for each group, the product of the shifted input and the output gradient. */
function lowerFilterGradient(lowering: Lowering, value: Value, node: Node): void {
  const [x, dy] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const { kernel, strides, dilations, pads } = windowOf(node);
  const groups = isDepthwise(node) ? value.shape[2]! : groupsOf(node);
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [, outHeight, outWidth, outputs] = dy.shape as [number, number, number, number];
  const [inputs, made] = [channels / groups, outputs / groups];
  const [top, left, bottom, right] = pads;
  const pixels = batch * outHeight * outWidth;
  let input = graph.transpose(graph.reshape(lowering.plain(x), [batch * height * width, channels]), [1, 0]);
  input = graph.reshape(input, [channels, batch, height, width]);
  if (top + left + bottom + right > 0)
    input = graph.emit('Pad', [input, graph.indices([0, 0, top, left, 0, 0, bottom, right])]);
  const slopes = graph.reshape(lowering.plain(dy), [pixels, groups, made]);
  const right3 = graph.transpose(slopes, [1, 0, 2]);
  const taps: string[] = [];
  for (let r = 0; r < kernel[0]; r++)
    for (let c = 0; c < kernel[1]; c++) {
      const starts = [r * dilations[0], c * dilations[1]] as const;
      const ends = [starts[0] + (outHeight - 1) * strides[0] + 1, starts[1] + (outWidth - 1) * strides[1] + 1];
      const bounds = [starts, ends, [2, 3], strides].map((list) => graph.indices(list));
      const shifted = graph.reshape(graph.emit('Slice', [input, ...bounds]), [groups, inputs, pixels]);
      taps.push(graph.reshape(graph.emit('MatMul', [shifted, right3]), [1, groups, inputs, made]));
    }
  const all = taps.length === 1 ? taps[0]! : graph.emit('Concat', taps, { axis: 0 });
  lowering.provide(value, 'tfjs', graph.reshape(graph.transpose(all, [0, 2, 1, 3]), value.shape));
}

for (const op of ['GroupedConv2D', 'DepthwiseConv2D'])
  defineLowering(
    op,
    (lowering, value) => lowerGroupedConvolution(lowering, value, { convolution: value, bias: null, relu: false }),
    'applies',
  );
for (const op of ['GroupedInputGradient', 'DepthwiseInputGradient']) defineLowering(op, lowerInputGradient, 'applies');
for (const op of ['GroupedFilterGradient', 'DepthwiseFilterGradient'])
  defineLowering(op, lowerFilterGradient, 'differentiates');
