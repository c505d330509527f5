import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { axisOf, define, offTape, onDevice, type Call } from '../run/operators.js';
import { deviceValue, dimsOf, inOrder, sizeOf, type Value } from '../run/value.js';

// Resizing: along each axis a product with a matrix [out, in], exact in every mode and
// differentiable like any product.

interface Rule {
  readonly mode: string;
  readonly transform: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludesOutside: boolean;
  readonly isAntialiased: boolean;
  readonly extrapolation: number;
}

/** Where the centre of an output value lies among the inputs. */
function source(
  at: number,
  rule: Rule,
  scale: number,
  length: number,
  resized: number,
  roi: readonly [number, number],
): number {
  switch (rule.transform) {
    case 'asymmetric':
      return at / scale;
    case 'align_corners':
      // The resized length is not rounded here.
      return resized === 1 ? 0 : (at * (length - 1)) / (scale * length - 1);
    case 'pytorch_half_pixel':
      return resized > 1 ? (at + 0.5) / scale - 0.5 : 0;
    case 'tf_half_pixel_for_nn':
      return (at + 0.5) / scale;
    case 'half_pixel_symmetric': {
      const adjustment = resized / (scale * length);
      const centre = length / 2;
      return centre * (1 - adjustment) + (at + 0.5) / scale - 0.5;
    }
    case 'tf_crop_and_resize':
      return resized > 1
        ? roi[0] * (length - 1) + (at * (roi[1] - roi[0]) * (length - 1)) / (resized - 1)
        : 0.5 * (roi[0] + roi[1]) * (length - 1);
    default:
      return (at + 0.5) / scale - 0.5;
  }
}

function nearestOf(x: number, how: string): number {
  const [low, isHalf] = [Math.floor(x), x - Math.floor(x) === 0.5];
  if (how === 'floor') return low;
  if (how === 'ceil') return Math.ceil(x);
  if (how === 'round_prefer_ceil') return Math.floor(x + 0.5);
  return isHalf ? low : Math.round(x);
}

/** Weight of a neighbour at a distance. */
function weightOf(distance: number, { mode, cubic }: Rule): number {
  const d = Math.abs(distance);
  if (mode === 'linear') return Math.max(1 - d, 0);
  if (d <= 1) return ((cubic + 2) * d - (cubic + 3)) * d * d + 1;
  return d < 2 ? ((cubic * d - 5 * cubic) * d + 8 * cubic) * d - 4 * cubic : 0;
}

/** Rows of weights for every output along one axis. */
function matrixOf(
  rule: Rule,
  scale: number,
  length: number,
  resized: number,
  roi: readonly [number, number],
): Float32Array {
  const matrix = new Float32Array(resized * length);
  for (let out = 0; out < resized; out++) {
    const x = source(out, rule, scale, length, resized, roi);
    const row = out * length;
    if (rule.transform === 'tf_crop_and_resize' && (x < 0 || x > length - 1)) continue;
    if (rule.mode === 'nearest') {
      matrix[row + Math.min(Math.max(nearestOf(x, rule.nearest), 0), length - 1)] = 1;
      continue;
    }
    const stretch = rule.isAntialiased && scale < 1 ? scale : 1;
    const reach = (rule.mode === 'linear' ? 1 : 2) / stretch;
    const weights: [number, number][] = [];
    for (let i = Math.floor(x - reach) + (rule.isAntialiased ? 0 : 1); i <= Math.ceil(x + reach); i++) {
      if (rule.excludesOutside && (i < 0 || i >= length)) continue;
      weights.push([i, weightOf((x - i) * stretch, rule)]);
    }
    const total = rule.isAntialiased || rule.excludesOutside ? weights.reduce((sum, [, weight]) => sum + weight, 0) : 1;
    for (const [i, weight] of weights) matrix[row + Math.min(Math.max(i, 0), length - 1)]! += weight / total;
  }
  return matrix;
}

define(['Resize', 'Upsample'], (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  const isUpsample = call.node.operator === 'Upsample';
  const isOld = isUpsample || call.opset < 11;
  const axes = (call.list('axes') ?? inOrder(dims.length)).map((axis) => axisOf(axis, dims.length));
  const given = isOld ? (call.opset < 9 && isUpsample ? call.list('scales') : call.numbers(1)) : undefined;
  const scales = given ?? (call.has(2) && sizeOf(dimsOf(call.input(2))) > 0 ? call.numbers(2) : undefined);
  const sizes = !isOld && call.has(3) && sizeOf(dimsOf(call.input(3))) > 0 ? call.numbers(3) : undefined;
  const roi = !isOld && call.has(1) && sizeOf(dimsOf(call.input(1))) > 0 ? call.numbers(1) : undefined;
  const mode = call.text('mode', 'nearest').replace('bilinear', 'linear');
  const rule: Rule = {
    mode,
    transform: isOld ? 'asymmetric' : call.text('coordinate_transformation_mode', 'half_pixel'),
    nearest: isOld ? 'simple' : call.text('nearest_mode', 'round_prefer_floor'),
    cubic: call.number('cubic_coeff_a', -0.75),
    excludesOutside: call.number('exclude_outside', 0) === 1,
    isAntialiased: call.number('antialias', 0) === 1 && mode !== 'nearest',
    extrapolation: call.number('extrapolation_value', 0),
  };
  const along = axes.map((axis, i) => {
    const length = dims[axis]!;
    const scale = scales?.[i] ?? (sizes![i] ?? 0) / length;
    return {
      axis,
      scale,
      resized: sizes?.[i] ?? Math.floor(length * scale),
      roi: [roi?.[i] ?? 0, roi?.[i + axes.length] ?? 1] as const,
    };
  });
  const policy = call.text('keep_aspect_ratio_policy', 'stretch');
  if (sizes && policy !== 'stretch') {
    const ratios = along.map(({ axis }, i) => sizes[i]! / dims[axis]!);
    const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
    along.forEach((each) =>
      Object.assign(each, { scale, resized: nearestOf(scale * dims[each.axis]!, 'round_prefer_ceil') }),
    );
  }
  return resized(call, x, rule, along);
});

interface Along {
  readonly axis: number;
  readonly scale: number;
  readonly resized: number;
  readonly roi: readonly [number, number];
}

function resized(call: Call, x: Value, rule: Rule, along: readonly Along[]): Value {
  const dims = dimsOf(x);
  const { tensor: start, order } = onDevice(call, x);
  let tensor = start;
  let isInside: Tensor | undefined;
  for (const { axis, scale, resized: count, roi } of along) {
    const length = dims[axis]!;
    const isCrop = rule.transform === 'tf_crop_and_resize';
    if (count === length && scale === 1 && !isCrop) continue;
    const place = order.indexOf(axis);
    // Old files: upwards the value before, downwards the one behind.
    const own = rule.nearest === 'simple' ? { ...rule, nearest: scale >= 1 ? 'floor' : 'ceil' } : rule;
    const make = (): Tensor => tf.tensor2d(matrixOf(own, scale, length, count, roi), [count, length]);
    tensor = product(
      tensor,
      place,
      call.kept.get(call.node, `${axis} ${length} ${count} ${scale} ${roi.join()}`, make),
    );
    if (isCrop) {
      const inside = Float32Array.from({ length: count }, (_, out) => {
        const at = source(out, rule, scale, length, count, roi);
        return Number(at >= 0 && at <= length - 1);
      });
      const mask = tf.reshape(
        tf.tensor1d(inside),
        order.map((each) => (each === axis ? count : 1)),
      );
      isInside = isInside ? tf.mul(isInside, mask) : mask;
    }
  }
  if (isInside && rule.extrapolation !== 0) tensor = tf.add(tensor, tf.mul(tf.sub(1, isInside), rule.extrapolation));
  return deviceValue(x.type, tensor, order);
}

/** `matrix` times the values along one axis. */
function product(x: Tensor, place: number, matrix: Tensor): Tensor {
  const { shape } = x;
  const count = matrix.shape[0]!;
  const dtype = x.dtype;
  const outer = sizeOf(shape.slice(0, place));
  const rows = tf.reshape(tf.cast(x, 'float32'), [outer, shape[place]!, -1]);
  const wide = tf.broadcastTo(tf.expandDims(matrix, 0), [outer, ...matrix.shape]);
  const found = tf.reshape(
    tf.matMul(wide, rows),
    shape.map((side, i) => (i === place ? count : side)),
  );
  return dtype === 'float32' ? found : tf.cast(found, dtype);
}

define('GridSample', (call) => {
  const x = call.input(0);
  const dims = dimsOf(x);
  if (dims.length !== 4) return call.unsupported('sampling of volumes');
  const [n, channels, height, width] = dims as [number, number, number, number];
  const mode = call.text('mode', 'linear').replace(/^bi/, '');
  const padding = call.text('padding_mode', 'zeros');
  const isAligned = call.number('align_corners', 0) === 1;
  const grid = call.tensor(1);
  const [, outHeight, outWidth] = grid.shape as [number, number, number];
  const count = outHeight * outWidth;
  const picture = tf.reshape(call.tensorOf(x, [0, 2, 3, 1]), [n * height * width, channels]);
  /** A place that lies outside, where the padding has its value. */
  const inside = (at: Tensor, side: number): Tensor => {
    if (padding === 'border') return tf.clipByValue(at, 0, side - 1);
    return padding === 'reflection' ? tf.clipByValue(reflected(at, side, isAligned), 0, side - 1) : at;
  };
  const placeOf = (axis: number, side: number): Tensor => {
    const raw = tf.reshape(tf.slice(grid, [0, 0, 0, axis], [-1, -1, -1, 1]), [n, count]);
    const at = isAligned ? tf.mul(tf.add(raw, 1), (side - 1) / 2) : tf.div(tf.sub(tf.mul(tf.add(raw, 1), side), 1), 2);
    return mode === 'cubic' ? at : inside(at, side);
  };
  const [px, py] = [placeOf(0, width), placeOf(1, height)];
  const rows = tf.reshape(tf.range(0, n, 1, 'float32'), [n, 1]);
  const valueAt = (column: Tensor, row: Tensor): Tensor => {
    const [ix, iy] = [offTape(() => inside(column, width)), offTape(() => inside(row, height))];
    const isIn = tf.logicalAnd(
      tf.logicalAnd(tf.greaterEqual(ix, 0), tf.lessEqual(ix, width - 1)),
      tf.logicalAnd(tf.greaterEqual(iy, 0), tf.lessEqual(iy, height - 1)),
    );
    const at = tf.add(
      tf.mul(tf.add(tf.mul(rows, height), tf.clipByValue(iy, 0, height - 1)), width),
      tf.clipByValue(ix, 0, width - 1),
    );
    const found = tf.gather(picture, tf.cast(tf.reshape(at, [-1]), 'int32'));
    return tf.mul(tf.reshape(found, [n, count, channels]), tf.expandDims(tf.cast(isIn, 'float32'), 2));
  };
  let found: Tensor;
  if (mode === 'nearest')
    found = valueAt(
      offTape(() => tf.round(px)),
      offTape(() => tf.round(py)),
    );
  else {
    const [x0, y0] = [offTape(() => tf.floor(px)), offTape(() => tf.floor(py))];
    const [fx, fy] = [tf.expandDims(tf.sub(px, x0), 2), tf.expandDims(tf.sub(py, y0), 2)];
    const taps = mode === 'cubic' ? [-1, 0, 1, 2] : [0, 1];
    const weights = (part: Tensor): Tensor[] => (mode === 'cubic' ? cubicWeights(part) : [tf.sub(1, part), part]);
    const [across, down] = [weights(fx), weights(fy)];
    const at = (start: Tensor, tap: number): Tensor => offTape(() => tf.add(start, tap));
    const lines = taps.map((dy) => tf.addN(taps.map((dx, i) => tf.mul(valueAt(at(x0, dx), at(y0, dy)), across[i]!))));
    found = tf.addN(lines.map((line, i) => tf.mul(line, down[i]!)));
  }
  return deviceValue(x.type, tf.reshape(found, [n, outHeight, outWidth, channels]), [0, 2, 3, 1]);
});

/** Places mirrored at the sides until they lie inside. */
function reflected(at: Tensor, side: number, isAligned: boolean): Tensor {
  const [low, high] = isAligned ? [0, side - 1] : [-0.5, side - 0.5];
  const span = high - low;
  if (span === 0) return tf.mul(at, 0);
  const beyond = tf.abs(tf.sub(at, low));
  const turns = offTape(() => tf.floor(tf.div(beyond, span)));
  const rest = tf.sub(beyond, tf.mul(turns, span));
  const isOdd = offTape(() => tf.mod(turns, 2));
  return tf.add(low, tf.add(tf.mul(rest, tf.sub(1, isOdd)), tf.mul(tf.sub(span, rest), isOdd)));
}

/** Weights of the four neighbours of a place by the part of it behind the second (Keys 1981, with a = -0.75). */
function cubicWeights(part: Tensor): Tensor[] {
  const a = -0.75;
  const near = (t: Tensor): Tensor => tf.add(tf.mul(tf.square(t), tf.sub(tf.mul(a + 2, t), a + 3)), 1);
  const far = (t: Tensor): Tensor => tf.sub(tf.mul(tf.add(tf.mul(tf.sub(tf.mul(a, t), 5 * a), t), 8 * a), t), 4 * a);
  const other = tf.sub(1, part);
  return [far(tf.add(part, 1)), near(part), near(other), far(tf.add(other, 1))];
}
