import { backend_util } from '@tensorflow/tfjs-core';
import { pending, splat } from '../ir/create.js';
import type { Attributes, Shape, Value } from '../ir/value.js';
import type { Window } from '../ir/window.js';
import { pad, slice } from './shape.js';

export type Four = [number, number, number, number];

/**
 * A window over NHWC and the sizes tfjs gives its result. tfjs computes some of them oddly (both
 * from the filter's height with a numeric pad, or rounded up), so that windows end before the last
 * pixel or reach beyond the padding: `after` is then what the result's size asks for, and `reached`
 * how much of the input any window sees.
 */
export interface Geometry {
  readonly window: Window;
  readonly outShape: Four;
  /** Height and width of the part of the input that is used. */
  readonly reached: readonly [number, number];
}

/** What tfjs says about a convolution or pool; the shapes are NHWC. */
type ConvolutionInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

/**
 * Null where there is no such window: less than no pixels in the result, or padding by parts of a
 * pixel.
 */
export function geometryOf(info: ConvolutionInfo): Geometry | null {
  const { top, left, bottom, right } = info.padInfo;
  const kernel = [info.filterHeight, info.filterWidth] as const;
  const strides = [info.strideHeight, info.strideWidth] as const;
  const dilations = [info.dilationHeight, info.dilationWidth] as const;
  const outShape = info.outShape as Four;
  const before = [top, left] as const;
  const fitted = [0, 1].map((axis) => {
    const reach = (kernel[axis]! - 1) * dilations[axis]! + 1;
    const extent = axis === 0 ? info.inHeight : info.inWidth;
    return fit(extent, before[axis]!, axis === 0 ? bottom : right, reach, strides[axis]!, outShape[axis + 1]!);
  });
  const [rows, columns] = fitted;
  if (!rows || !columns) return null;
  return {
    window: { kernel, strides, dilations, pads: [top, left, rows.after, columns.after] },
    outShape,
    reached: [rows.reached, columns.reached],
  };
}

/**
 * Padding after `extent` elements, and how many of them are used, so that exactly `count` windows
 * fit.
 */
function fit(
  extent: number,
  before: number,
  after: number,
  reach: number,
  stride: number,
  count: number,
): { after: number; reached: number } | null {
  if (count < 0 || before < 0 || after < 0 || !Number.isInteger(before) || !Number.isInteger(after)) return null;
  if (count === 0) return { after, reached: extent };
  if (Math.floor((extent + before + after - reach) / stride) + 1 === count) return { after, reached: extent };
  const needed = (count - 1) * stride + reach - before;
  if (needed < 1) return null;
  return { after: Math.max(0, needed - extent), reached: Math.min(extent, needed) };
}

/** The part of `x` that the windows see. */
export function reachedPart(x: Value, { reached }: Geometry): Value {
  return slice(x, [0, 0, 0, 0], [x.shape[0]!, ...reached, x.shape[3]!]);
}

/** The shape of {@link reachedPart} of an array of shape `shape`. */
export function reachedShape(shape: Shape, { reached }: Geometry): Four {
  return [shape[0]!, ...reached, shape[3]!];
}

/**
 * Records `op`, the gradient of a convolution of whatever kind for its input, of shape `shape`; null
 * where `dy` is too small. Zeros where no window came.
 */
export function inputGradient(
  op: string,
  dy: Value,
  filter: Value,
  shape: Four,
  found: Geometry,
  attributes: Attributes,
): Value | null {
  return gradientFrom(dy, found, shape, (used) =>
    withUnreached(pending(op, [used, filter], reachedShape(shape, found), 'float32', attributes), shape),
  );
}

/** The same for its filter. */
export function filterGradient(
  op: string,
  x: Value,
  dy: Value,
  shape: Four,
  found: Geometry,
  attributes: Attributes,
): Value | null {
  return gradientFrom(dy, found, shape, (used) =>
    pending(op, [reachedPart(x, found), used], shape, 'float32', attributes),
  );
}

/**
 * A gradient of shape `shape`, built from the part of the output gradient that belongs to the found
 * sizes; null when there is too little of it. tfjs does not tell the gradients how sizes were
 * rounded: they take them down and leave out what is beyond.
 */
export function gradientFrom(
  dy: Value,
  { outShape }: Geometry,
  shape: Shape,
  build: (used: Value) => Value,
): Value | null {
  if (outShape.some((extent, axis) => extent > dy.shape[axis]!)) return null;
  if (outShape.includes(0)) return splat(0, shape, 'float32');
  return build(slice(dy, [0, 0, 0, 0], outShape));
}

/** The opposite of {@link reachedPart} for a gradient: zeros where no window came. */
export function withUnreached(gradient: Value, shape: Shape): Value {
  const rest = shape.map((extent, axis) => [0, extent - gradient.shape[axis]!] as const);
  return pad(gradient, rest, 0);
}
