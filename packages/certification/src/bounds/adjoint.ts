import { windowShares, type LayerNode, type Pads, type Window } from '@advrob/models/layer-graph';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

/** Nodes that are linear, but for a constant. */
export type LinearNode = Exclude<LayerNode, { readonly op: 'input' | 'activation' | 'maxPool' }>;

/**
 * Coefficients of the inputs of a linear node, [rows, ...shape] each, from those of its value: rows
 * times the matrix of the layer. Call it inside of `tf.tidy`.
 */
export function adjoint(
  node: LinearNode,
  a: Tensor,
  shapes: readonly (readonly number[])[],
  isOutward: boolean,
): Tensor[] {
  const rows = a.shape[0]!;
  const [shape] = shapes as [readonly number[]];
  switch (node.op) {
    case 'dense':
      return [
        inBlocks(a, node.kernel, isOutward, (part, kernel) =>
          tf.matMul(part as Tensor2D, kernel as Tensor2D, false, true),
        ),
      ];
    case 'conv2d':
      return [
        inBlocks(a, node.filter, isOutward, (part, filter) =>
          scattered(part, filter as Tensor4D, node.strides, node.pads, shape),
        ),
      ];
    case 'affine':
      return [node.scale ? tf.mul(a, node.scale) : a];
    case 'avgPool':
      return [spread(tf.mul(a, windowShares(node, shape)), node, shape)];
    case 'add':
      return node.signs.map((sign) => (sign === 1 ? a : tf.neg(a)));
    case 'concat': {
      let at = 0;
      return shapes.map((part) => {
        const begin = part.map((_, axis) => (axis === node.axis ? at : 0));
        at += part[node.axis]!;
        return tf.slice(a, [0, ...begin], [rows, ...part]);
      });
    }
    case 'reshape':
      return [tf.reshape(a, [rows, ...shape])];
    case 'transpose': {
      const back = node.perm.map((_, axis) => node.perm.indexOf(axis) + 1);
      return [tf.transpose(a, [0, ...back])];
    }
    case 'pad':
      return [tf.slice(a, [0, ...node.paddings.map(([before]) => before)], [rows, ...shape])];
    case 'slice': {
      const around = node.begin.map((begin, axis): [number, number] => [
        begin,
        shape[axis]! - begin - node.shape[axis]!,
      ]);
      return [tf.pad(a, [[0, 0], ...around])];
    }
    case 'sum': {
      const kept = shape.map((side, axis) => (node.axes.includes(axis) ? 1 : side));
      const scaled = node.factor === 1 ? a : tf.mul(a, node.factor);
      const times = shape.map((side, axis) => (node.axes.includes(axis) ? side : 1));
      return [tf.tile(tf.reshape(scaled, [rows, ...kept]), [1, ...times])];
    }
  }
}

/** Channels of a sum that run together, so that its rounding is that of short sums. */
function blockOf(channels: number): number {
  return Math.max(8, Math.ceil(Math.sqrt(channels)));
}

/**
 * A product with the last axis of `weights`, which is that of `a`, in blocks that are added: what
 * rounding may take is then far less, which is worth the time where it is covered.
 */
export function inBlocks(
  a: Tensor,
  weights: Tensor,
  isOutward: boolean,
  product: (a: Tensor, weights: Tensor) => Tensor,
): Tensor {
  const channels = weights.shape.at(-1)!;
  const block = blockOf(channels);
  if (!isOutward || channels <= block) return product(a, weights);
  let sum: Tensor | undefined;
  for (let from = 0; from < channels; from += block) {
    const count = Math.min(block, channels - from);
    const [part, some] = [a, weights].map((x) => {
      const sides = x.shape.slice(0, -1);
      return tf.slice(x, [...sides.map(() => 0), from], [...sides, count]);
    }) as [Tensor, Tensor];
    const next = product(part, some);
    sum = sum ? tf.add(sum, next) : next;
  }
  return sum!;
}

/** Additions for one coefficient of {@link adjoint}, in blocks. */
export function fanOut(node: LinearNode): number {
  const inBlock = (channels: number): number => Math.min(channels, blockOf(channels));
  const blocks = (channels: number): number => Math.ceil(channels / blockOf(channels));
  if (node.op === 'dense') return inBlock(node.kernel.shape[1]) + blocks(node.kernel.shape[1]);
  if (node.op === 'conv2d') {
    const [h, w, , channels] = node.filter.shape;
    return h * w * inBlock(channels) + blocks(channels);
  }
  return node.op === 'avgPool' ? node.size[0] * node.size[1] : 1;
}

/** The transposed convolution, to an image of the shape [h, w, c]. */
function scattered(
  a: Tensor,
  filter: Tensor4D,
  strides: readonly [number, number],
  [top, bottom, left, right]: Pads,
  [h, w, c]: readonly number[],
): Tensor {
  const rows = a.shape[0]!;
  const full: [number, number, number, number] = [rows, h! + top + bottom, w! + left + right, c!];
  const found = tf.conv2dTranspose(a as Tensor4D, filter, full, [...strides], 'valid');
  if (top + bottom + left + right === 0) return found;
  return tf.slice(found, [0, top, left, 0], [rows, h!, w!, c!]);
}

/** The transpose of a sum over windows. */
function spread(a: Tensor, window: Window, [h, w, c]: readonly number[]): Tensor {
  const [rows, oh, ow] = a.shape as [number, number, number];
  const single = tf.reshape(tf.transpose(a, [0, 3, 1, 2]), [rows * c!, oh, ow, 1]);
  const ones = tf.ones([...window.size, 1, 1]) as Tensor4D;
  const found = scattered(single, ones, window.strides, window.pads, [h!, w!, 1]);
  return tf.transpose(tf.reshape(found, [rows, c!, h!, w!]), [0, 2, 3, 1]);
}

/**
 * What a linear node adds to a.z beside its inputs, as values [...shape] to multiply coefficients
 * with; undefined for nothing.
 */
export function constantOf(node: LinearNode): Tensor | undefined {
  if (node.op === 'dense' || node.op === 'conv2d') return node.bias;
  if (node.op === 'affine') return node.shift;
  if (node.op !== 'pad' || node.value === 0) return undefined;
  const inner = node.shape.map((side, axis) => side - node.paddings[axis]![0] - node.paddings[axis]![1]);
  const around = node.paddings.map(([before, after]): [number, number] => [before, after]);
  return tf.mul(tf.sub(1, tf.pad(tf.ones(inner), around)), node.value);
}
