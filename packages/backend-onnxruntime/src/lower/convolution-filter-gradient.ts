import type { Value } from '../ir/value.js';
import { windowOf, type Window } from '../ir/window.js';
import type { Lowering } from './lowering.js';
import { defineLowering } from './registry.js';

/** Largest unfolded input held at once, in elements (64 MB); larger batches are summed in parts. */
const unfoldedLimit = 16 * 1024 * 1024;

/**
 * The gradient of a convolution with respect to its filter: one matrix product of the unfolded input, channels first and
 * batch second, with the output gradient. That order makes long rows, which MLAS multiplies fastest, and gives [h, w, in, out].
 */
defineLowering('Conv2DFilterGradient', (lowering, value, node) => {
  const [x, dy] = node.inputs as [Value, Value];
  const { graph } = lowering;
  const window = windowOf(node);
  const [, , inputs, outputs] = value.shape as [number, number, number, number];
  const [batch, outHeight, outWidth] = dy.shape as [number, number, number];
  const taps = window.kernel[0] * window.kernel[1];
  const perImage = taps * inputs * outHeight * outWidth;
  const part = Math.max(1, Math.min(batch, Math.floor(unfoldedLimit / perImage)));
  const input = padded(lowering, channelsThenBatch(lowering, x), window);
  const gradient = channelsThenBatch(lowering, dy);
  let sum: string | undefined;
  for (let start = 0; start < batch; start += part) {
    const end = Math.min(batch, start + part);
    const pixels = (end - start) * outHeight * outWidth;
    const columns = unfold(lowering, images(lowering, input, start, end, batch), window, outHeight, outWidth);
    const left = graph.reshape(columns, [taps * inputs, pixels]);
    const right = graph.reshape(images(lowering, gradient, start, end, batch), [outputs, pixels]);
    const inputsOfGemm = sum === undefined ? [left, right] : [left, right, sum];
    sum = graph.emit('Gemm', inputsOfGemm, { transB: 1 });
  }
  lowering.provide(value, 'tfjs', graph.reshape(sum!, value.shape));
});

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

/** Every tap of the window as rows: [taps * channels, batch, outHeight, outWidth]. */
function unfold(lowering: Lowering, name: string, window: Window, outHeight: number, outWidth: number): string {
  const { graph } = lowering;
  const { kernel, strides, dilations } = window;
  const rows: string[] = [];
  for (let r = 0; r < kernel[0]; r++)
    for (let c = 0; c < kernel[1]; c++) {
      const starts = [r * dilations[0], c * dilations[1]] as const;
      const ends = [starts[0] + (outHeight - 1) * strides[0] + 1, starts[1] + (outWidth - 1) * strides[1] + 1];
      rows.push(
        graph.emit('Slice', [
          name,
          graph.indices(starts),
          graph.indices(ends),
          graph.indices([2, 3]),
          graph.indices(strides),
        ]),
      );
    }
  return rows.length === 1 ? rows[0]! : graph.emit('Concat', rows, { axis: 0 });
}
