import * as tf from '@tensorflow/tfjs-core';
import type { GradConfig, GradFunc, Tensor } from '@tensorflow/tfjs-core';

/** An op of one input, of which the gradient needs that input. */
function unary(kernelName: string, gradient: (dy: Tensor, x: Tensor) => Tensor): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    gradFunc: ((dy: Tensor, [x]: [Tensor]) => ({
      x: () => gradient(dy, tf.cast(x, 'float32')),
    })) as unknown as GradFunc,
  };
}

/** What no small change of an input changes. */
function constant(kernelName: string, inputs: readonly string[]): GradConfig {
  return {
    kernelName,
    inputsToSave: [...inputs],
    gradFunc: ((_dy: Tensor, saved: Tensor[]) =>
      Object.fromEntries(
        inputs.map((name, i) => [name, () => tf.zeros(saved[i]!.shape, 'float32')]),
      )) as unknown as GradFunc,
  };
}

/**
 * `dy` where the condition holds, 0 elsewhere: also where `dy` is infinite. A condition of one axis
 * chooses rows.
 */
function where(condition: Tensor, dy: Tensor): Tensor {
  return tf.engine().runKernel('Select', { condition, t: dy, e: tf.zerosLike(dy) });
}

/**
 * The gradient of a maximum or minimum goes to the values that reach it, in equal shares: tfjs gives
 * each of them all of it.
 */
function extreme(kernelName: string, axes: 'reductionIndices' | 'axis'): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: ((dy: Tensor, [x, y]: [Tensor, Tensor], attributes: Record<string, number | number[]>) => {
      const reduced = tf.util.parseAxisParam(attributes[axes]!, x.shape);
      const shape = x.shape.map((extent, axis) => (reduced.includes(axis) ? 1 : extent));
      return {
        x: () => {
          const reaches = tf.cast(tf.equal(x, tf.reshape(y, shape)), 'float32');
          return tf.mul(tf.div(tf.reshape(dy, shape), tf.sum(reaches, reduced, true)), reaches);
        },
      };
    }) as unknown as GradFunc,
  };
}

/** Products of all but one of each row [m, k]. */
function productsOfOthers(rows: Tensor): Tensor {
  const [count, size] = rows.shape as [number, number];
  const isSelf = tf.expandDims(tf.cast(tf.eye(size), 'bool'), 0);
  return tf.prod(tf.where(isSelf, tf.ones([count, size, size]), tf.expandDims(rows, 1)), 2);
}

/** The gradient of a product: tfjs' own calls methods that tensors need not have. */
const product: GradConfig = {
  kernelName: 'Prod',
  inputsToSave: ['x'],
  gradFunc: ((dy: Tensor, [x]: [Tensor], { axis }: { axis?: number | number[] | null }) => ({
    x: () => {
      const reduced = tf.util.parseAxisParam(axis as number, x.shape);
      const kept = x.shape.flatMap((_, i) => (reduced.includes(i) ? [] : [i]));
      const order = [...kept, ...reduced];
      const shape = order.map((i) => x.shape[i]!);
      const rows = tf.reshape(tf.transpose(tf.cast(x, 'float32'), order), [dy.size, x.size / dy.size]);
      const gradient = tf.mul(productsOfOthers(rows), tf.reshape(dy, [dy.size, 1]));
      return tf.transpose(tf.reshape(gradient, shape), tf.backend_util.getUndoAxesPermutation(order));
    },
  })) as unknown as GradFunc,
};

/** Quotients whose divisor tfjs squares, and choices that tfjs makes by multiplying with 0 or 1. */
export const elementwiseGradients: readonly GradConfig[] = [
  unary('Reciprocal', (dy, x) => tf.neg(tf.div(tf.div(dy, x), x))),
  unary('Rsqrt', (dy, x) => tf.mul(tf.div(tf.mul(dy, tf.rsqrt(x)), x), -0.5)),
  {
    kernelName: 'Select',
    inputsToSave: ['condition'],
    gradFunc: ((dy: Tensor, [condition]: [Tensor]) => ({
      condition: () => tf.zeros(condition.shape, 'float32'),
      t: () => where(condition, dy),
      e: () => where(tf.logicalNot(condition), dy),
    })) as unknown as GradFunc,
  },
  extreme('Max', 'reductionIndices'),
  extreme('Min', 'axis'),
  product,
  ...['Equal', 'NotEqual', 'Greater', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr', 'LogicalXor'].map((name) =>
    constant(name, ['a', 'b']),
  ),
  ...['LogicalNot', 'All', 'Any'].map((name) => constant(name, ['x'])),
];
