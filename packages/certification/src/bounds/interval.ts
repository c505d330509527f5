import { activate, padded, runNode, sumPool, windowShares, type LayerNode } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { gamma, tiny } from './rounding.js';

/** Bounds [n, ...shape] of a node's value. */
export interface Interval {
  readonly low: Tensor;
  readonly high: Tensor;
  /**
   * At least the largest |value|, and of a sum the largest sum of its absolute summands; only with
   * outward rounding.
   */
  readonly size?: Tensor;
}

/** Largest radius of a ball in each direction of a node's value, as long as that is the input, scaled. */
export interface Reach {
  readonly norm: 'l2' | 'l1';
  /** Radii [n, 1]. */
  readonly epsilon: Tensor;
  /** |d value / d input|, [...shape] with sides of 1 where it repeats. */
  readonly scale: Tensor;
  /** The value of the ball's center. */
  readonly center: Tensor;
}

/**
 * The interval of a node from those of its inputs (Gowal et al. 2018,
 * https://arxiv.org/abs/1810.12715). With `isOutward` it holds what the layer computes in real
 * arithmetic: sums are widened by the largest error of float32. Call it inside of `tf.tidy`.
 *
 * @param reach Of the input of a dense layer or convolution: where a ball is better than its box.
 */
export function intervalOf(node: LayerNode, inputs: readonly Interval[], isOutward: boolean, reach?: Reach): Interval {
  const [x] = inputs as [Interval];
  switch (node.op) {
    case 'input':
      return x;
    case 'dense':
    case 'conv2d':
      return linear(node, x, isOutward, reach);
    case 'affine': {
      const { scale, shift } = node;
      const [a, b] = [x.low, x.high].map((each) => (scale ? tf.mul(each, scale) : each)) as [Tensor, Tensor];
      const ends = scale ? [tf.minimum(a, b), tf.maximum(a, b)] : [a, b];
      const [low, high] = ends.map((each) => (shift ? tf.add(each, shift) : each)) as [Tensor, Tensor];
      if (!isOutward) return { low, high };
      const scaled = scale ? tf.mul(sizeOf(x), tf.abs(scale)) : sizeOf(x);
      return widened(low, high, shift ? tf.add(scaled, tf.abs(shift)) : scaled, 12);
    }
    case 'activation': {
      const { activation } = node;
      if (activation.kind === 'abs') {
        const high = tf.maximum(tf.neg(x.low), x.high);
        return sized(tf.relu(tf.maximum(x.low, tf.neg(x.high))), high, isOutward);
      }
      const [low, high] = [activate(activation, x.low), activate(activation, x.high)];
      if (!isOutward || ['relu', 'clip'].includes(activation.kind)) return sized(low, high, isOutward);
      if (activation.kind === 'leakyRelu') return widened(low, high, largest(low, high), 4);
      // How well a backend computes exponentials is not written down: sixteen units, also of 1.
      return widened(low, high, tf.add(largest(low, high), 1), 16);
    }
    case 'avgPool': {
      const shares = windowShares(node, x.low.shape.slice(1));
      const [low, high] = [x.low, x.high].map((each) => tf.mul(sumPool(each, node), shares)) as [Tensor, Tensor];
      if (!isOutward) return { low, high };
      return widened(low, high, tf.mul(sumPool(sizeOf(x), node), shares), node.size[0] * node.size[1] + 12);
    }
    case 'add': {
      const ends = inputs.map((each, i) =>
        node.signs[i] === 1 ? each : { low: tf.neg(each.high), high: tf.neg(each.low) },
      );
      const total = (all: readonly Tensor[]): Tensor => all.reduce((sum, each) => tf.add(sum, each));
      const [low, high] = [total(ends.map((each) => each.low)), total(ends.map((each) => each.high))];
      return isOutward ? widened(low, high, total(inputs.map(sizeOf)), inputs.length + 4) : { low, high };
    }
    case 'sum': {
      const [low, high] = [x.low, x.high].map((each) => runNode(node, [each])) as [Tensor, Tensor];
      if (!isOutward) return { low, high };
      const terms = node.axes.reduce((product, axis) => product * x.low.shape[axis + 1]!, 1);
      return widened(low, high, runNode(node, [sizeOf(x)]), terms + 8);
    }
    default: {
      const [low, high] = (['low', 'high'] as const).map((end) =>
        runNode(
          node,
          inputs.map((each) => each[end]),
        ),
      ) as [Tensor, Tensor];
      return sized(low, high, isOutward);
    }
  }
}

/** Additions for one value of a layer. */
export function fanIn(node: LayerNode & { readonly op: 'dense' | 'conv2d' }): number {
  if (node.op === 'dense') return node.kernel.shape[0];
  const [h, w, c] = node.filter.shape;
  return h * w * c;
}

function linear(
  node: LayerNode & { readonly op: 'dense' | 'conv2d' },
  { low, high, size }: Interval,
  isOutward: boolean,
  reach: Reach | undefined,
): Interval {
  const n = low.shape[0]!;
  const middle = tf.mul(tf.add(low, high), 0.5);
  const center = runNode(node, [middle]);
  const weights = absolute(node);
  const halves = tf.mul(tf.sub(high, low), 0.5);
  if (!isOutward) {
    const radius = product(node, weights, halves);
    return withReach(node, { low: tf.sub(center, radius), high: tf.add(center, radius) }, reach, 0);
  }
  const both = product(node, weights, tf.concat([halves, size ?? largest(low, high)]));
  const rest = both.shape.slice(1);
  const radius = tf.slice(both, 0, [n, ...rest]);
  const sum = tf.slice(both, [n, ...rest.map(() => 0)], [n, ...rest]);
  const total = node.bias ? tf.add(sum, tf.abs(node.bias)) : sum;
  const terms = fanIn(node) + 24;
  const found = widened(tf.sub(center, radius), tf.add(center, radius), total, terms);
  return withReach(node, found, reach, terms);
}

/** Cuts a layer's interval with that of the ball: |W d| <= epsilon times the dual norm of a row. */
function withReach(
  node: LayerNode & { readonly op: 'dense' | 'conv2d' },
  found: Interval,
  reach: Reach | undefined,
  terms: number,
): Interval {
  if (!reach) return found;
  const { norm, epsilon, scale, center } = reach;
  const shape = center.shape.slice(1);
  const weights = absolute(node);
  const wide = tf.mul(tf.ones([1, ...shape]), scale);
  const length =
    norm === 'l2'
      ? tf.sqrt(product(node, tf.square(weights), tf.square(wide)))
      : // At most the largest weight times the largest scale.
        tf.mul(
          tf.max(
            weights,
            weights.shape.slice(0, -1).map((_, axis) => axis),
          ),
          tf.max(wide),
        );
  const value = runNode(node, [center]);
  const radii = tf.reshape(epsilon, [-1, ...value.shape.slice(1).map(() => 1)]);
  const longer = tf.add(tf.mul(length, 1 + 2 * gamma(terms + 8)), Math.sqrt(shape.reduce((a, b) => a * b, 1)) * 1e-22);
  const room = tf.mul(longer, radii);
  const lost = found.size ? tf.add(tf.mul(found.size, gamma(terms)), tiny) : 0;
  return {
    ...found,
    low: tf.maximum(found.low, tf.sub(tf.sub(value, room), lost)),
    high: tf.minimum(found.high, tf.add(tf.add(value, room), lost)),
  };
}

function absolute(node: LayerNode & { readonly op: 'dense' | 'conv2d' }): Tensor {
  return tf.abs(node.op === 'dense' ? node.kernel : node.filter);
}

/** A layer with other weights, and no bias. */
function product(node: LayerNode & { readonly op: 'dense' | 'conv2d' }, weights: Tensor, x: Tensor): Tensor {
  if (node.op === 'dense') return tf.matMul(x as Tensor2D, weights as Tensor2D);
  return tf.conv2d(padded(x, node.pads), weights as Tensor4D, [...node.strides], 'valid');
}

export function largest(low: Tensor, high: Tensor): Tensor {
  return tf.maximum(tf.neg(low), high);
}

function sizeOf({ low, high, size }: Interval): Tensor {
  return size ?? largest(low, high);
}

function sized(low: Tensor, high: Tensor, isOutward: boolean): Interval {
  return isOutward ? { low, high, size: largest(low, high) } : { low, high };
}

function widened(low: Tensor, high: Tensor, size: Tensor, terms: number): Interval {
  const margin = tf.add(tf.mul(size, gamma(terms) * (1 + 2 * gamma(terms))), tiny);
  return {
    low: tf.sub(low, margin),
    high: tf.add(high, margin),
    size: tf.add(tf.mul(size, 1 + 4 * gamma(terms)), tiny),
  };
}
