import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { Activation, LayerGraph, LayerNode, Pads, Window } from './nodes.js';

/** Values [n, ...shape] of every node for a batch x [n, ...inputShape]. Call it inside of `tf.tidy`. */
export function runLayerGraph({ nodes }: Pick<LayerGraph, 'nodes'>, x: Tensor): Tensor[] {
  const values: Tensor[] = [];
  for (const node of nodes)
    values.push(
      node.op === 'input'
        ? x
        : runNode(
            node,
            node.inputs.map((id) => values[id]!),
          ),
    );
  return values;
}

/** The value [n, ...shape] of a node from those of its inputs. */
export function runNode(node: LayerNode, inputs: readonly Tensor[]): Tensor {
  const x = inputs[0]!;
  const n = x.shape[0]!;
  switch (node.op) {
    case 'input':
      return x;
    case 'dense': {
      const product = tf.matMul(x as tf.Tensor2D, node.kernel);
      return node.bias ? tf.add(product, node.bias) : product;
    }
    case 'conv2d': {
      const product = tf.conv2d(padded(x, node.pads), node.filter, [...node.strides], 'valid');
      return node.bias ? tf.add(product, node.bias) : product;
    }
    case 'affine': {
      const scaled = node.scale ? tf.mul(x, node.scale) : x;
      return node.shift ? tf.add(scaled, node.shift) : scaled;
    }
    case 'activation':
      return activate(node.activation, x);
    case 'maxPool':
      return tf.maxPool(padded(x, node.pads, lowest), [...node.size], [...node.strides], 'valid');
    case 'avgPool':
      return tf.mul(sumPool(x, node), windowShares(node, x.shape.slice(1)));
    case 'add':
      return inputs
        .map((each, i) => (node.signs[i] === 1 ? each : tf.neg(each)))
        .reduce((sum, each) => tf.add(sum, each));
    case 'concat':
      return tf.concat([...inputs], node.axis + 1);
    case 'reshape':
      return tf.reshape(x, [n, ...node.shape]);
    case 'transpose':
      return tf.transpose(x, [0, ...node.perm.map((axis) => axis + 1)]);
    case 'pad':
      return tf.pad(x, [[0, 0], ...node.paddings.map(([a, b]): [number, number] => [a, b])], node.value);
    case 'slice':
      return tf.slice(x, [0, ...node.begin], [n, ...node.shape]);
    case 'sum': {
      const sum = tf.sum(
        x,
        node.axes.map((axis) => axis + 1),
      );
      return node.factor === 1 ? sum : tf.mul(sum, node.factor);
    }
  }
}

/** Below every value of a network, and far from an overflow. */
const lowest = -1e30;

/** An image with rows and columns around. */
export function padded(x: Tensor, [top, bottom, left, right]: Pads, value = 0): Tensor4D {
  if (top + bottom + left + right === 0) return x as Tensor4D;
  return tf.pad(
    x as Tensor4D,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    value,
  );
}

/** Sums over windows, pads being 0: a convolution of every channel by itself. */
export function sumPool(x: Tensor, { size, strides, pads }: Window): Tensor4D {
  const [n, , , c] = x.shape as [number, number, number, number];
  const image = padded(x, pads);
  const [, h, w] = image.shape;
  const single = tf.reshape(tf.transpose(image, [0, 3, 1, 2]), [n * c, h, w, 1]) as Tensor4D;
  const sums = tf.conv2d(single, tf.ones([size[0], size[1], 1, 1]), [...strides], 'valid');
  const [, oh, ow] = sums.shape;
  return tf.transpose(tf.reshape(sums, [n, c, oh, ow]), [0, 2, 3, 1]) as Tensor4D;
}

/** One over the number of values in each window [1, h, w, 1], pads left out. */
export function windowShares(window: Window, [h, w]: readonly number[]): Tensor4D {
  return tf.div(1, sumPool(tf.ones([1, h!, w!, 1]), window));
}

export function activate(activation: Activation, x: Tensor): Tensor {
  switch (activation.kind) {
    case 'relu':
      return tf.relu(x);
    case 'abs':
      return tf.abs(x);
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'tanh':
      return tf.tanh(x);
    case 'elu':
      return tf.elu(x);
    case 'softplus':
      return tf.softplus(x);
    case 'leakyRelu':
      return tf.leakyRelu(x, activation.slope);
    case 'clip': {
      const { min, max } = activation;
      const low = min === -Infinity ? x : tf.maximum(x, min);
      return max === Infinity ? low : tf.minimum(low, max);
    }
  }
}
