import type { Value } from '../../ir/value.js';
import { windowOf, type Window } from '../../ir/window.js';
import { defineLowering } from '../define.js';
import type { Lowering } from '../lowering.js';
import { gatheredFilterGradient } from './gathered-taps.js';

/** Largest shifted input held at once, in elements (64 MB); larger batches are summed in parts. */
const shiftedLimit = 16 * 1024 * 1024;

/**
 * Rows of a matrix product from which on one product per tap costs less than copying all taps into
 * one matrix.
 */
const enoughRows = 16;

/**
 * The gradient of a convolution with respect to its filter. Where blocks can be used, see
 * gathered-taps.ts. Else, for every tap of the window, the matrix product of the shifted input,
 * channels first and batch second, with the output gradient. That order makes long rows, which MLAS
 * multiplies fastest, and gives [h, w, in, out]. Inputs of few channels are unfolded, all taps in
 * one product.
 */
defineLowering(
  'Conv2DFilterGradient',
  (lowering, value, node) => {
    const [x, dy] = node.inputs as [Value, Value];
    const { graph } = lowering;
    const gathered = gatheredFilterGradient(lowering, value, 2 * shiftedLimit) ?? unfoldedImages(lowering, value);
    if (gathered !== null) {
      lowering.provide(value, 'tfjs', gathered);
      return;
    }
    const window = windowOf(node);
    const [, , inputs, outputs] = value.shape as [number, number, number, number];
    const [batch, outHeight, outWidth] = dy.shape as [number, number, number];
    const taps = window.kernel[0] * window.kernel[1];
    const tapsAtOnce = inputs < enoughRows ? taps : 1;
    const perImage = tapsAtOnce * inputs * outHeight * outWidth;
    const part = Math.max(1, Math.min(batch, Math.floor(shiftedLimit / perImage)));
    const input = padded(lowering, channelsThenBatch(lowering, x), window);
    const gradient = channelsThenBatch(lowering, dy);
    const sums = new Map<number, string>();
    for (let start = 0; start < batch; start += part) {
      const end = Math.min(batch, start + part);
      const pixels = (end - start) * outHeight * outWidth;
      const right = graph.reshape(images(lowering, gradient, start, end, batch), [outputs, pixels]);
      const shifted = shifts(lowering, images(lowering, input, start, end, batch), window, outHeight, outWidth);
      for (let tap = 0; tap < taps; tap += tapsAtOnce) {
        const left = joined(lowering, shifted.slice(tap, tap + tapsAtOnce));
        const before = sums.get(tap);
        const factors = [graph.reshape(left, [tapsAtOnce * inputs, pixels]), right];
        sums.set(tap, graph.emit('Gemm', before === undefined ? factors : [...factors, before], { transB: 1 }));
      }
    }
    lowering.provide(value, 'tfjs', graph.reshape(joined(lowering, [...sums.values()]), value.shape));
  },
  'differentiates',
);

/**
 * With few input channels all taps of an image are few rows: their product with every image's
 * output gradient, which stays blocked, summed over the images.
 */
function unfoldedImages(lowering: Lowering, value: Value): string | null {
  const [x, dy] = value.node!.inputs as [Value, Value];
  const window = windowOf(value.node!);
  const [kernelHeight, kernelWidth, inputs, outputs] = value.shape as [number, number, number, number];
  const [batch, height, width] = dy.shape as [number, number, number];
  const taps = kernelHeight * kernelWidth;
  const block = lowering.blockSize;
  if (!lowering.canBlock(dy) || inputs >= enoughRows || batch * taps * inputs * height * width > shiftedLimit)
    return null;
  const { graph } = lowering;
  const shifted = shifts(lowering, padded(lowering, lowering.form(x, 'channelsFirst'), window), window, height, width);
  const rows = shifted.length === 1 ? shifted[0]! : graph.emit('Concat', shifted, { axis: 1 });
  const left = graph.reshape(rows, [batch, 1, taps * inputs, height * width]);
  const right = graph.reshape(lowering.form(dy, 'blocked'), [batch, outputs / block, height * width, block]);
  const products = graph.emit('MatMul', [left, right]);
  const sum = graph.emit('ReduceSum', [products, graph.indices([0])], { keepdims: 0 });
  return graph.reshape(graph.transpose(sum, [1, 0, 2]), value.shape);
}

function channelsThenBatch(lowering: Lowering, value: Value): string {
  const { graph } = lowering;
  const [n, h, w, c] = value.shape as [number, number, number, number];
  if (lowering.has(value, 'blocked') && h * w > 1)
    return graph.transpose(lowering.form(value, 'channelsFirst'), [1, 0, 2, 3]);
  if (lowering.has(value, 'channelsFirst')) {
    const name = lowering.form(value, 'channelsFirst');
    return c === 1 || n === 1 ? graph.reshape(name, [c, n, h, w]) : graph.transpose(name, [1, 0, 2, 3]);
  }
  return graph.transpose(lowering.plain(value), [3, 0, 1, 2]);
}

function padded(lowering: Lowering, name: string, window: Window): string {
  const [top, left, bottom, right] = window.pads;
  if (top + left + bottom + right === 0) return name;
  return lowering.graph.emit('Pad', [name, lowering.graph.indices([0, 0, top, left, 0, 0, bottom, right])]);
}

function images(lowering: Lowering, name: string, start: number, end: number, batch: number): string {
  if (end - start === batch) return name;
  const { graph } = lowering;
  return graph.emit('Slice', [name, graph.indices([start]), graph.indices([end]), graph.indices([1])]);
}

/** The input as every tap of the window sees it: [channels, batch, outHeight, outWidth] each. */
function shifts(lowering: Lowering, name: string, window: Window, outHeight: number, outWidth: number): string[] {
  const { graph } = lowering;
  const { kernel, strides, dilations } = window;
  const taps: string[] = [];
  for (let r = 0; r < kernel[0]; r++)
    for (let c = 0; c < kernel[1]; c++) {
      const starts = [r * dilations[0], c * dilations[1]] as const;
      const ends = [starts[0] + (outHeight - 1) * strides[0] + 1, starts[1] + (outWidth - 1) * strides[1] + 1];
      taps.push(
        graph.emit('Slice', [
          name,
          graph.indices(starts),
          graph.indices(ends),
          graph.indices([2, 3]),
          graph.indices(strides),
        ]),
      );
    }
  return taps;
}

function joined(lowering: Lowering, names: readonly string[]): string {
  return names.length === 1 ? names[0]! : lowering.graph.emit('Concat', names, { axis: 0 });
}
