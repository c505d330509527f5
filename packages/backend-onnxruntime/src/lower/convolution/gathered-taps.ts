import type { Value } from '../../ir/value.js';
import { windowOf, type Window } from '../../ir/window.js';
import { microsoft } from '../../onnx/builder.js';
import type { Lowering } from '../lowering.js';

/** Most indices of one copy: beyond, the table itself would be felt. */
const indexLimit = 200_000;

/**
 * Copying a number costs about as much as this many multiply-adds; only the order of magnitude
 * matters.
 */
const copyCost = 30;

/** Products that are added up at the end: as many threads can share them. */
const shares = 8;

interface Shape {
  readonly window: Window;
  readonly batch: number;
  readonly image: readonly [number, number];
  readonly out: readonly [number, number];
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The filter gradient as one matrix product of copied pixels: a pixel of a blocked array is a run
 * per block of channels, and ONNX Runtime copies runs by index on all threads, which it does not
 * when it slices. Returns the name of [h, w, in, out], or null where blocks cannot be used or the
 * copies would be larger than `limit` elements an image.
 */
export function gatheredFilterGradient(lowering: Lowering, value: Value, limit: number): string | null {
  const [x, dy] = value.node!.inputs as [Value, Value];
  if (!lowering.canBlock(x) || !lowering.canBlock(dy)) return null;
  const shape: Shape = {
    window: windowOf(value.node!),
    batch: x.shape[0]!,
    image: [x.shape[1]!, x.shape[2]!],
    out: [dy.shape[1]!, dy.shape[2]!],
    inputs: x.shape[3]!,
    outputs: dy.shape[3]!,
  };
  const [kernelHeight, kernelWidth] = shape.window.kernel;
  const taps = kernelHeight * kernelWidth;
  const pixels = shape.out[0] * shape.out[1];
  const framed = (pixels * frameHeight(shape)) / shape.out[0];
  const macs = taps * shape.inputs * shape.outputs;
  const unfolded = pixels * (taps * shape.inputs + shape.outputs);
  const crossed = framed * (kernelWidth * shape.inputs + kernelHeight * shape.outputs);
  const isUnitStride = shape.window.strides.every((stride) => stride === 1);
  const isCrossed = isUnitStride && crossed * copyCost + framed * macs < unfolded * copyCost + pixels * macs;
  const copied = isCrossed ? crossed : unfolded;
  if (copied * shape.batch > limit || copied / lowering.blockSize > indexLimit) return null;
  return isCrossed ? cross(lowering, x, dy, shape) : unfold(lowering, x, dy, shape);
}

/**
 * Rows that the window reaches with its first row, taken over all its rows, when the stride is one.
 */
function frameHeight({ window, out }: Shape): number {
  return out[0] + (window.kernel[0] - 1) * window.dilations[0];
}

/** All taps of the input side by side, against the output gradient. */
function unfold(lowering: Lowering, x: Value, dy: Value, shape: Shape): string {
  const { window, batch, out, inputs, outputs } = shape;
  const { kernel, strides, dilations, pads } = window;
  const [taps, rows] = [kernel[0] * kernel[1], batch * out[0] * out[1]];
  const seen: Pixel[] = [];
  for (let i = 0; i < out[0]; i++)
    for (let j = 0; j < out[1]; j++)
      for (let r = 0; r < kernel[0]; r++)
        for (let c = 0; c < kernel[1]; c++)
          seen.push([i * strides[0] + r * dilations[0] - pads[0], j * strides[1] + c * dilations[1] - pads[1]]);
  const whole: Pixel[] = [];
  for (let i = 0; i < out[0]; i++) for (let j = 0; j < out[1]; j++) whole.push([i, j]);
  const { graph } = lowering;
  const left = graph.reshape(pick(lowering, x, seen), [rows, taps * inputs]);
  const right = graph.reshape(pick(lowering, dy, whole), [rows, outputs]);
  return graph.reshape(graph.emit('Gemm', [left, right], { transA: 1 }), [...kernel, inputs, outputs]);
}

/**
 * The input moved along rows only, against the output gradient moved along columns: every pair of
 * moves is a tap, for a third of the copies, but the rows above and below each image are multiplied
 * too.
 */
function cross(lowering: Lowering, x: Value, dy: Value, shape: Shape): string {
  const { window, batch, out, inputs, outputs } = shape;
  const { kernel, dilations, pads } = window;
  const height = frameHeight(shape);
  const inputPixels: Pixel[] = [];
  const gradientPixels: Pixel[] = [];
  for (let i = 0; i < height; i++)
    for (let j = 0; j < out[1]; j++) {
      for (let c = 0; c < kernel[1]; c++) inputPixels.push([i - pads[0], j + c * dilations[1] - pads[1]]);
      for (let r = 0; r < kernel[0]; r++) gradientPixels.push([i - r * dilations[0], j]);
    }
  const { graph } = lowering;
  const count = sharesOf(batch);
  const rows = (batch / count) * height * out[1];
  const left = graph.reshape(pick(lowering, x, inputPixels), [count, rows, kernel[1] * inputs]);
  const right = graph.reshape(pick(lowering, dy, gradientPixels), [count, rows, kernel[0] * outputs]);
  const parts = graph.emit('FusedMatMul', [left, right], { transA: 1 }, microsoft);
  const sum = graph.emit('ReduceSum', [parts, graph.indices([0])], { keepdims: 0 });
  return graph.transpose(graph.reshape(sum, [kernel[1], inputs, kernel[0], outputs]), [2, 0, 1, 3]);
}

/** The largest divisor of the batch that is at most {@link shares}. */
function sharesOf(batch: number): number {
  let count = Math.min(batch, shares);
  while (batch % count !== 0) count--;
  return count;
}

type Pixel = readonly [row: number, column: number];

/**
 * The given pixels of every image, all channels of one after those of the other; zeros for those
 * outside.
 */
function pick(lowering: Lowering, value: Value, pixels: readonly Pixel[]): string {
  const { graph, blockSize: block } = lowering;
  const [batch, height, width, channels] = value.shape as [number, number, number, number];
  const runs = (channels / block) * height * width;
  const indices: number[] = [];
  let needsZeros = false;
  for (const [row, column] of pixels) {
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    needsZeros ||= !isInside;
    for (let b = 0; b < channels / block; b++) indices.push(isInside ? (b * height + row) * width + column : runs);
  }
  let source = graph.reshape(lowering.form(value, 'blocked'), [batch, runs, block]);
  if (needsZeros) {
    const zeros = graph.emit('Expand', [graph.constant('float32', [], [0]), graph.indices([batch, 1, block])]);
    source = graph.emit('Concat', [source, zeros], { axis: 1 });
  }
  return graph.emit('Gather', [source, graph.constant('int32', [indices.length], indices)], { axis: 1 });
}
