import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { gamma, productWithPositive, roundDown, roundUp, sumOfRows, termsOfSum, tiny } from './rounding.js';

/**
 * A set of inputs for each example: a box, or a ball of L2 or L1 cut with it. Its box is rounded
 * outward, so that no point of the set is outside.
 */
export interface InputSet {
  /** Examples. */
  readonly count: number;
  readonly shape: readonly number[];
  /** Lower and upper ends [n, size], in float32. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** A radius for each example, around its center [n, size]. */
  readonly ball?: { readonly norm: 'l2' | 'l1'; readonly epsilon: Float64Array; readonly center: Float32Array };
}

/** The balls of radius `epsilon`, one for all or one for each, around examples [n, size], cut with the bounds. */
export function ballsAround(
  x: Float32Array,
  shape: readonly number[],
  {
    norm,
    epsilon,
    bounds,
  }: { norm: 'linf' | 'l2' | 'l1'; epsilon: number | Float64Array; bounds: readonly [number, number] },
): InputSet {
  const size = shape.reduce((product, side) => product * side, 1);
  const [low, high] = [new Float32Array(x.length), new Float32Array(x.length)];
  const count = x.length / size;
  const radii = typeof epsilon === 'number' ? new Float64Array(count).fill(epsilon) : epsilon;
  for (let i = 0; i < x.length; i++) {
    const radius = radii[Math.floor(i / size)]!;
    low[i] = roundDown(Math.max(bounds[0], x[i]! - radius));
    high[i] = roundUp(Math.min(bounds[1], x[i]! + radius));
  }
  if (norm === 'linf' || radii.includes(Infinity)) return { count, shape, low, high };
  return { count, shape, low, high, ball: { norm, epsilon: radii, center: x } };
}

/** Some of the examples of a set. */
export function examplesOf(set: InputSet, from: number, to: number): InputSet {
  const size = set.low.length / set.count;
  const part = (values: Float32Array): Float32Array => values.subarray(from * size, to * size);
  return {
    count: to - from,
    shape: set.shape,
    low: part(set.low),
    high: part(set.high),
    ...(set.ball && {
      ball: { ...set.ball, center: part(set.ball.center), epsilon: set.ball.epsilon.subarray(from, to) },
    }),
  };
}

/** What {@link lowestOnDevice} needs of a set: tensors [n, size]. */
export interface InputTensors {
  readonly low: Tensor;
  readonly high: Tensor;
  readonly middle: Tensor;
  /** So large that [middle - radius, middle + radius] holds the box. */
  readonly radius: Tensor;
  readonly largest: Tensor;
  /** Of balls: their centers, and radii [n, 1] rounded upward. */
  readonly center?: Tensor;
  readonly epsilon?: Tensor;
}

export function inputTensors({ count, low, high, ball }: InputSet): InputTensors {
  const size = low.length / count;
  const [middle, radius, largest] = [0, 1, 2].map(() => new Float32Array(low.length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < low.length; i++) {
    middle[i] = (low[i]! + high[i]!) / 2;
    radius[i] = roundUp(Math.max(high[i]! - middle[i]!, middle[i]! - low[i]!));
    largest[i] = Math.max(Math.abs(low[i]!), Math.abs(high[i]!));
  }
  const tensor = (values: Float32Array): Tensor => tf.tensor2d(values, [count, size]);
  return {
    low: tensor(low),
    high: tensor(high),
    middle: tensor(middle),
    radius: tensor(radius),
    largest: tensor(largest),
    ...(ball && {
      center: tensor(ball.center),
      epsilon: tf.tensor2d(Float32Array.from(ball.epsilon, roundUp), [count, 1]),
    }),
  };
}

/**
 * Lower bounds [n, rows] of a.x over the set for a [n, rows, size], and what rounding may have taken
 * from them: that of the box, and for balls the larger one of box and ball.
 */
export function lowestOnDevice(a: Tensor, tensors: InputTensors, set: InputSet, isOutward: boolean): Tensor {
  const size = a.shape[2]!;
  const middleOf = (x: Tensor): Tensor => sumOfRows(tf.mul(a, tf.expandDims(x, 1)));
  const absolute = tf.abs(a);
  const lost = (extra: number): Tensor =>
    isOutward
      ? tf.add(
          tf.mul(
            productWithPositive(absolute, tensors.largest),
            gamma(2 * termsOfSum(size) + extra) * (1 + 2 * gamma(size)),
          ),
          tiny,
        )
      : tf.scalar(0);
  const box = tf.sub(
    tf.sub(middleOf(tensors.middle), tf.mul(productWithPositive(absolute, tensors.radius), 1 + 2 * gamma(size))),
    lost(8),
  );
  const { center, epsilon } = tensors;
  if (!set.ball || !center || !epsilon) return box;
  const { norm } = set.ball;
  const length = norm === 'l2' ? tf.sqrt(sumOfRows(tf.square(a))) : tf.max(absolute, 2);
  // Where squares are too small for float32 the length is, too.
  const longer = tf.add(tf.mul(length, 1 + 2 * gamma(termsOfSum(size) + 8)), Math.sqrt(size) * 1e-22);
  const round = tf.sub(tf.sub(middleOf(center), tf.mul(longer, epsilon)), lost(12));
  return tf.maximum(box, round);
}

/**
 * The smallest a.x over one example's set, in float64 and never above the true one: for a box and
 * for L1 exactly, for L2 by the dual max over t >= 0 of
 * sum_i min_{l_i <= d_i <= h_i} (a_i d_i + t d_i^2) - t epsilon^2, of which every t gives a bound.
 *
 * @param at Where the point is written that has (nearly) this value, [size].
 */
export function lowestExactly(
  a: ArrayLike<number>,
  offset: number,
  set: InputSet,
  example: number,
  at?: Float64Array,
): number {
  const size = set.low.length / set.count;
  const first = example * size;
  let [sum, mass] = [0, 0];
  const { ball, low, high } = set;
  if (!ball) {
    for (let i = 0; i < size; i++) {
      const c = a[offset + i]!;
      const z = c >= 0 ? low[first + i]! : high[first + i]!;
      if (at) at[i] = z;
      sum += c * z;
      mass += Math.abs(c * z);
    }
    return sum - mass * size * 2 ** -52;
  }
  for (let i = 0; i < size; i++) {
    const product = a[offset + i]! * ball.center[first + i]!;
    sum += product;
    mass += Math.abs(product);
  }
  const rooms = { low, high, center: ball.center, first, size };
  const gain =
    ball.norm === 'l1'
      ? gainL1(a, offset, rooms, ball.epsilon[example]!, at)
      : gainL2(a, offset, rooms, ball.epsilon[example]!, at);
  return sum + gain - (mass + Math.abs(gain)) * size * 2 ** -50;
}

interface Rooms {
  readonly low: Float32Array;
  readonly high: Float32Array;
  readonly center: Float32Array;
  readonly first: number;
  readonly size: number;
}

function gainL1(a: ArrayLike<number>, offset: number, rooms: Rooms, epsilon: number, at?: Float64Array): number {
  const { low, high, center, first, size } = rooms;
  const order = Array.from({ length: size }, (_, i) => i).sort(
    (i, j) => Math.abs(a[offset + j]!) - Math.abs(a[offset + i]!),
  );
  let [left, gain] = [epsilon, 0];
  if (at) for (let i = 0; i < size; i++) at[i] = center[first + i]!;
  for (const i of order) {
    const c = a[offset + i]!;
    if (left <= 0 || c === 0) break;
    const x = center[first + i]!;
    const step = Math.min(left, Math.max(0, c > 0 ? x - low[first + i]! : high[first + i]! - x));
    gain -= Math.abs(c) * step;
    left -= step;
    if (at) at[i] = x - Math.sign(c) * step;
  }
  return gain;
}

function gainL2(a: ArrayLike<number>, offset: number, rooms: Rooms, epsilon: number, at?: Float64Array): number {
  const { low, high, center, first, size } = rooms;
  let length = 0;
  for (let i = 0; i < size; i++) length += a[offset + i]! ** 2;
  length = Math.sqrt(length);
  let best = -Infinity;
  /** The dual at t, and the length of its minimiser; of t = 0 the box. */
  const dual = (t: number): number => {
    let [value, square] = [0, 0];
    for (let i = 0; i < size; i++) {
      const [c, x] = [a[offset + i]!, center[first + i]!];
      const [l, h] = [low[first + i]! - x, high[first + i]! - x];
      const wanted = t === 0 ? (c > 0 ? -Infinity : c < 0 ? Infinity : 0) : -c / (2 * t);
      const d = Math.min(h, Math.max(l, wanted));
      value += c * d + t * d * d;
      square += d * d;
      if (at) at[i] = x + d;
    }
    best = Math.max(best, value - t * epsilon * epsilon);
    return Math.sqrt(square);
  };
  if (dual(0) <= epsilon || length === 0) return best;
  let [near, far] = [0, length / (2 * epsilon)];
  for (let i = 0; i < 40; i++) {
    const t = (near + far) / 2;
    if (dual(t) > epsilon) near = t;
    else far = t;
  }
  dual(far);
  return best;
}
