import type { LayerNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { inBlocks } from './adjoint.js';
import type { ActivationLines, Context, LineValues, NonLinear } from './context.js';
import type { PoolLines } from './max-pool.js';
import type { Slopes } from './activations.js';

/** A part of an image [height, width, channels]: all channels of some pixels. */
export interface Crop {
  readonly y: number;
  readonly x: number;
  readonly h: number;
  readonly w: number;
}

/** Whether coefficients of a part of a node's value are followed as such. */
export function keepsCrop({ op, shape }: LayerNode): boolean {
  return shape.length === 3 && ['conv2d', 'affine', 'activation', 'maxPool', 'avgPool', 'add'].includes(op);
}

/** The values of some pixels, of one example. */
export function cropped(values: Float32Array, [, width, c]: readonly number[], { y, x, h, w }: Crop): Float32Array {
  const found = new Float32Array(h * w * c!);
  for (let row = 0; row < h; row++) {
    const from = ((y + row) * width! + x) * c!;
    found.set(values.subarray(from, from + w * c!), row * w * c!);
  }
  return found;
}

/** Lines of some pixels, for one example. */
export function croppedLines(context: Context, node: NonLinear, slopes: Slopes, crop: Crop): ActivationLines {
  const { values } = context.linesOf(node, slopes) as ActivationLines;
  const part = (name: keyof LineValues): Tensor | undefined => {
    const all = values[name];
    return all && tf.tensor2d(cropped(all, node.shape, crop), [1, crop.h * crop.w * node.shape[2]!]);
  };
  return {
    values,
    lowSlope: part('lowSlope')!,
    highSlope: part('highSlope')!,
    lowShift: part('lowShift'),
    highShift: part('highShift'),
    free: undefined,
  };
}

/** The pixels that windows over a crop read, in an image of the shape [h, w]. */
export function readBy(
  {
    size,
    strides,
    pads,
  }: { size: readonly [number, number]; strides: readonly [number, number]; pads: readonly number[] },
  crop: Crop,
  [height, width]: readonly number[],
): {
  readonly crop: Crop;
  readonly cut: readonly [top: number, left: number];
  readonly full: readonly [number, number];
} {
  const full = [(crop.h - 1) * strides[0] + size[0], (crop.w - 1) * strides[1] + size[1]] as const;
  const [y0, x0] = [crop.y * strides[0] - pads[0]!, crop.x * strides[1] - pads[2]!];
  const [y, x] = [Math.max(0, y0), Math.max(0, x0)];
  const [h, w] = [Math.min(height!, y0 + full[0]) - y, Math.min(width!, x0 + full[1]) - x];
  return { crop: { y, x, h, w }, cut: [y - y0, x - x0], full };
}

/** Coefficients [n, rows, ...] of a crop as those of a larger one, or of the whole image. */
export function widenedTo(a: Tensor, from: Crop, to: Crop, channels: number): Tensor {
  const [n, rows] = a.shape as [number, number];
  if (from.h === to.h && from.w === to.w && from.y === to.y && from.x === to.x) return a;
  const [top, left] = [from.y - to.y, from.x - to.x];
  const image = tf.reshape(a, [n * rows, from.h, from.w, channels]) as Tensor4D;
  const around = tf.pad(image, [
    [0, 0],
    [top, to.h - from.h - top],
    [left, to.w - from.w - left],
    [0, 0],
  ]);
  return tf.reshape(around, [n, rows, to.h * to.w * channels]);
}

export function union(a: Crop, b: Crop): Crop {
  const [y, x] = [Math.min(a.y, b.y), Math.min(a.x, b.x)];
  return { y, x, h: Math.max(a.y + a.h, b.y + b.h) - y, w: Math.max(a.x + a.w, b.x + b.w) - x };
}

/** The transposed convolution of coefficients [rows, ...crop, channels] to the pixels that the crop reads. */
export function scatteredCrop(
  node: LayerNode & { readonly op: 'conv2d' },
  a: Tensor,
  crop: Crop,
  shape: readonly number[],
  isOutward: boolean,
): { readonly a: Tensor; readonly crop: Crop } {
  const [kh, kw, cin, cout] = node.filter.shape;
  const read = readBy({ size: [kh, kw], strides: node.strides, pads: node.pads }, crop, shape);
  const [n, rows] = a.shape as [number, number];
  const image = tf.reshape(a, [n * rows, crop.h, crop.w, cout]) as Tensor4D;
  const full = inBlocks(image, node.filter, isOutward, (part, filter) =>
    tf.conv2dTranspose(part as Tensor4D, filter as Tensor4D, [n * rows, ...read.full, cin], [...node.strides], 'valid'),
  ) as Tensor4D;
  const { h, w } = read.crop;
  const part =
    read.full[0] === h && read.full[1] === w ? full : tf.slice(full, [0, ...read.cut, 0], [n * rows, h, w, cin]);
  return { a: tf.reshape(part, [n, rows, h * w * cin]), crop: read.crop };
}

/** Lines of a pooling for some of its pixels, over the pixels that they read, for one example. */
export function croppedPool(
  node: NonLinear & { readonly op: 'maxPool' },
  { values }: PoolLines,
  crop: Crop,
  shape: readonly number[],
): { readonly lines: PoolLines; readonly crop: Crop; readonly node: NonLinear & { readonly op: 'maxPool' } } {
  const read = readBy(node, crop, shape).crop;
  const [, ow] = node.shape as [number, number];
  const [, width, c] = shape as [number, number, number];
  const pixels = read.h * read.w;
  const takes = values.takes.map(({ window, below, above }) => {
    const own = new Int32Array(pixels);
    const [low, high] = [cropped(below, shape, read), cropped(above, shape, read)];
    for (let pixel = 0; pixel < pixels; pixel++) {
      const at = window[(read.y + Math.floor(pixel / read.w)) * width + read.x + (pixel % read.w)]!;
      const [y, x] = [Math.floor(at / ow) - crop.y, (at % ow) - crop.x];
      if (y >= 0 && y < crop.h && x >= 0 && x < crop.w) own[pixel] = y * crop.w + x;
      else {
        low.fill(0, pixel * c, (pixel + 1) * c);
        high.fill(0, pixel * c, (pixel + 1) * c);
      }
    }
    return {
      window: tf.tensor1d(own, 'int32'),
      below: tf.tensor2d(low, [1, pixels * c]),
      above: tf.tensor2d(high, [1, pixels * c]),
    };
  });
  const most = tf.tensor2d(cropped(values.most, node.shape, crop), [1, crop.h * crop.w * c]);
  return { lines: { values, takes, most }, crop: read, node: { ...node, shape: [crop.h, crop.w, c] } };
}
