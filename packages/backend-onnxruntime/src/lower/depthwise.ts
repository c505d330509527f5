import type { Value } from '../ir/value.js';
import { onnxWindow, windowOf } from '../ir/window.js';
import { blockedDomain } from '../onnx/builder.js';
import { defineLowering } from './define.js';
import type { Lowering } from './lowering.js';

type FilterShape = readonly [height: number, width: number, channels: number, multiplier: number];

/** A filter [h, w, channels, multiplier] as ONNX' grouped one: [channels * multiplier, 1, h, w]. */
function groupedFilter(lowering: Lowering, filter: Value): string {
  const [h, w, c, m] = filter.shape as unknown as FilterShape;
  return lowering.graph.reshape(lowering.graph.transpose(lowering.plain(filter), [2, 3, 0, 1]), [c * m, 1, h, w]);
}

/** The same with the channels in blocks; one filter per channel only. */
function blockedGroupedFilter(lowering: Lowering, filter: Value): string {
  const { graph, blockSize: block } = lowering;
  const [h, w, c] = filter.shape as unknown as FilterShape;
  const split = graph.reshape(lowering.plain(filter), [h * w, c / block, block]);
  return graph.reshape(graph.transpose(split, [1, 0, 2]), [c, 1, h, w]);
}

defineLowering(
  'DepthwiseConv2D',
  (lowering, value, node) => {
    const [x, filter] = node.inputs as [Value, Value];
    const { graph } = lowering;
    const [, , channels, multiplier] = filter.shape as unknown as FilterShape;
    const attributes = { ...onnxWindow(windowOf(node)), group: channels };
    if (multiplier === 1 && lowering.canBlock(x)) {
      const operands = [lowering.form(x, 'blocked'), blockedGroupedFilter(lowering, filter)];
      lowering.provide(value, 'blocked', graph.emit('Conv', operands, attributes, blockedDomain));
      return;
    }
    const operands = [lowering.form(x, 'channelsFirst'), groupedFilter(lowering, filter)];
    lowering.provide(value, 'channelsFirst', graph.emit('Conv', operands, attributes));
  },
  'applies',
);

defineLowering(
  'DepthwiseInputGradient',
  (lowering, value, node) => {
    const [dy, filter] = node.inputs as [Value, Value];
    const { kernel, strides, dilations, pads } = windowOf(node);
    const [, inHeight, inWidth] = value.shape as [number, number, number];
    const [, outHeight, outWidth] = dy.shape as [number, number, number];
    const covered = (axis: 0 | 1, count: number): number =>
      (count - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - pads[axis] - pads[axis + 2]!;
    const { graph } = lowering;
    const [height, width, channels, multiplier] = filter.shape as unknown as FilterShape;
    const transposed = (gradient: string, turned: string): string =>
      graph.emit('ConvTranspose', [gradient, turned], {
        kernel_shape: kernel,
        strides,
        dilations,
        pads,
        output_padding: [inHeight - covered(0, outHeight), inWidth - covered(1, outWidth)],
        group: channels,
      });
    const operands = [lowering.form(dy, 'channelsFirst'), groupedFilter(lowering, filter)] as const;
    if (!lowering.onDevice || multiplier === 1) {
      lowering.provide(value, 'channelsFirst', transposed(...operands));
      return;
    }
    // ONNX Runtime 1.30 is wrong on a GPU for several filters per channel: one at a time.
    const parts = Array.from({ length: multiplier }, (_, which) => {
      const every = (name: string, axis: 0 | 1, shape: readonly number[]): string => {
        const places = Array.from({ length: channels }, (_, channel) => channel * multiplier + which);
        return graph.reshape(graph.emit('Gather', [name, graph.indices(places)], { axis }), shape);
      };
      return transposed(
        every(operands[0], 1, [dy.shape[0]!, channels, outHeight, outWidth]),
        every(operands[1], 0, [channels, 1, height, width]),
      );
    });
    lowering.provide(
      value,
      'channelsFirst',
      parts.reduce((total, part) => graph.emit('Add', [total, part])),
    );
  },
  'applies',
);

/**
 * Every tap of the window is a sum over all pixels of the shifted input times the output gradient.
 */
defineLowering(
  'DepthwiseFilterGradient',
  (lowering, value, node) => {
    const [x, dy] = node.inputs as [Value, Value];
    const { graph } = lowering;
    const { kernel, strides, dilations, pads } = windowOf(node);
    const [, , channels, multiplier] = value.shape as unknown as FilterShape;
    const [n, outHeight, outWidth] = dy.shape as [number, number, number];
    const [top, left, bottom, right] = pads;
    let input = lowering.plain(x);
    if (top + left + bottom + right > 0)
      input = graph.emit('Pad', [input, graph.indices([0, top, left, 0, 0, bottom, right, 0])]);
    const pixels = n * outHeight * outWidth;
    const gradient = graph.reshape(lowering.plain(dy), [pixels, channels, multiplier]);
    const taps: string[] = [];
    for (let r = 0; r < kernel[0]; r++)
      for (let c = 0; c < kernel[1]; c++) {
        const starts = [r * dilations[0], c * dilations[1]] as const;
        const ends = [starts[0] + (outHeight - 1) * strides[0] + 1, starts[1] + (outWidth - 1) * strides[1] + 1];
        const bounds = [starts, ends, [1, 2], strides].map((list) => graph.indices(list));
        const shifted = graph.reshape(graph.emit('Slice', [input, ...bounds]), [pixels, channels, 1]);
        const products = graph.reshape(graph.emit('Mul', [shifted, gradient]), [pixels, channels * multiplier]);
        taps.push(graph.emit('ReduceSum', [products, graph.indices([0])], { keepdims: 1 }));
      }
    const all = taps.length === 1 ? taps[0]! : graph.emit('Concat', taps, { axis: 0 });
    lowering.provide(value, 'tfjs', graph.reshape(all, value.shape));
  },
  'differentiates',
);
